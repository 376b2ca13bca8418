package cli_test

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"otpravka/internal/cli"
)

// refused expects status 1 and one sentence that holds the words, whatever
// they are to do with; secret may not be in it.
func (r result) refused(t testing.TB, secret string, words ...string) {
	t.Helper()
	if r.status != 1 || r.out != "" {
		t.Errorf("status is %d, standard output %q", r.status, r.out)
	}
	if !strings.HasPrefix(r.err, "otpravka: ") || strings.Count(r.err, "\n") != 1 {
		t.Errorf("this is not one sentence: %q", r.err)
	}
	for _, word := range words {
		if !strings.Contains(r.err, word) {
			t.Errorf("%q does not say %q", r.err, word)
		}
	}
	if secret != "" && strings.Contains(r.err, secret) {
		t.Errorf("%q repeats a secret", r.err)
	}
}

func (p place) untouched() {
	p.Helper()
	for _, path := range []string{p.database(), p.key()} {
		if exists(path) {
			p.Errorf("%s was made", path)
		}
	}
}

const keyA, keyB = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "HxECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

func TestServeRefusesBadSettings(t *testing.T) {
	p := newPlace(t)
	file := filepath.Join(p.dir, "a-file")
	write(t, file, "")
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	yaml := func(name, text string) string {
		path := filepath.Join(p.dir, name)
		write(t, path, text)
		return path
	}
	for name, tt := range map[string]struct {
		flags []string
		words []string
	}{
		"database of another kind": {[]string{"--database-url", "mysql://root@localhost/otp"}, []string{"mysql", "sqlite://", "postgres://"}},
		"no database":              {[]string{"--database-url", "sqlite://"}, []string{"sqlite:///path/file.db"}},
		"master key too short":     {[]string{"--master-key", "c2VjcmV0LXdvcmQ="}, []string{"OTPRAVKA_MASTER_KEY", "openssl"}},
		"master key no base64":     {[]string{"--master-key", "c2VjcmV0LXdvcmQ!"}, []string{"OTPRAVKA_MASTER_KEY", "openssl"}},
		"port is taken":            {[]string{"--listen", taken.Addr().String()}, []string{"--listen", taken.Addr().String()}},
		"no address":               {[]string{"--listen", "nonsense"}, []string{"--listen"}},
		"Telegram without scheme":  {[]string{"--telegram-api", "api.telegram.org"}, []string{"OTPRAVKA_TELEGRAM_API"}},
		"Telegram with a query":    {[]string{"--telegram-api", "https://api.telegram.org?x=1"}, []string{"OTPRAVKA_TELEGRAM_API"}},
		"public URL without host":  {[]string{"--public-url", "https://"}, []string{"OTPRAVKA_PUBLIC_URL"}},
		"no such file":             {[]string{"--config", filepath.Join(p.dir, "none.yaml")}, []string{"none.yaml"}},
		"broken YAML":              {[]string{"--config", yaml("broken.yaml", "sms_providers:\n  - id: one\n   bad: [\n")}, []string{"broken.yaml", "line 3"}},
		"misspelt setting":         {[]string{"--config", yaml("misspelt.yaml", "\nsms_provider: []\n")}, []string{"misspelt.yaml: line 2: unknown field", `"sms_provider"`, "known here are sms_providers, shared_bots"}},
		"tab in YAML":              {[]string{"--config", yaml("tab.yaml", "sms_providers:\n\t- id: one\n")}, []string{"tab.yaml: line 2: indent with spaces"}},
		"misspelt in a provider":   {[]string{"--config", yaml("nested.yaml", "sms_providers:\n  - id: one\n    prise: 1\n")}, []string{"nested.yaml", "line 3", "prise", "known here are", "price"}},
		"unwritable directory":     {[]string{"--database-url", filepath.Join(file, "data", "x.db")}, []string{"cannot write", file}},
		"database is a directory":  {[]string{"--database-url", p.dir}, []string{"directory"}},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, p.serve(tt.flags...)...).refused(t, "c2VjcmV0", tt.words...)
			place{t, p.dir}.untouched()
		})
	}
}

// never is a standard error that nobody reads.
type never struct{ end chan struct{} }

func (n never) Write([]byte) (int, error) { <-n.end; return 0, io.ErrClosedPipe }

func TestF39NobodyHearsTheLastWord(t *testing.T) {
	p := newPlace(t)
	deaf := never{make(chan struct{})}
	defer close(deaf.end)
	ended := make(chan int, 1)
	go func() {
		ended <- cli.Run(cli.Env{Context: t.Context(), Out: io.Discard, Err: deaf}, p.serve("--listen", "nonsense"))
	}()
	select {
	case status := <-ended:
		if status != 1 {
			t.Errorf("status %d", status)
		}
	case <-time.After(20 * time.Second):
		t.Error("it waits for somebody to read why it ends")
	}
}

func TestFirstStartTellsOfTheMasterKey(t *testing.T) {
	p := newPlace(t)
	for _, want := range []int{1, 0} { // the second start finds it
		server := p.start(p.serve()...)
		server.stop()
		if log := server.log.String(); strings.Count(log, `"level":"WARN","msg":"master key made: keep a copy`) != want || want == 1 && !strings.Contains(log, p.key()) {
			t.Errorf("the log is %s", log)
		}
	}
	text := newPlace(t)
	if r := text.create("Shop", "--country", "KZ", "--log-format", "text"); r.status != 0 ||
		!strings.Contains(r.err, "level=WARN") || !strings.Contains(r.err, "master key made") || !strings.Contains(r.err, text.key()) {
		t.Errorf("in text: %+v", r)
	}
	given := newPlace(t).start(newPlace(t).serve("--master-key", keyA)...)
	given.stop()
	if strings.Contains(given.log.String(), "master key made") {
		t.Errorf("a key was given: %s", given.log)
	}
}

func TestServeRefusesAKeyThatOpensNothing(t *testing.T) {
	p := newPlace(t)
	if status := p.start(p.serve("--master-key", keyA)...).stop(); status != 0 {
		t.Fatalf("the first run ended with %d", status)
	}
	run(t, p.serve("--master-key", keyB)...).refused(t, keyB, "sealed with key")
	run(t, p.serve()...).refused(t, "") // the key file, which is not there
	if exists(p.key()) {
		t.Error("a new key was made for a database that has one")
	}
	run(t, append([]string{"business", "list"}, p.flags("--master-key", keyB)...)...).refused(t, keyB, "sealed with key")
	if status := p.start(p.serve("--master-key", keyA)...).stop(); status != 0 {
		t.Errorf("the right key after all that: %d", status)
	}
}

func TestServeRefusesAnOpenKeyFile(t *testing.T) {
	p := newPlace(t)
	write(t, p.key(), keyA+"\n")
	if err := os.Chmod(p.key(), 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, p.serve()...).refused(t, keyA, "chmod 600")
	if exists(p.database()) {
		t.Error("a database was made for a key that is not read")
	}
}

func TestKeyNeedsAPlaceToBeMade(t *testing.T) {
	p := newPlace(t)
	file := filepath.Join(p.dir, "a-file")
	write(t, file, "")
	run(t, p.serve("--master-key-file", filepath.Join(file, "master.key"))...).refused(t, "", file)
	p.untouched()
}

func TestSecondServerIsRefused(t *testing.T) {
	p := newPlace(t)
	first := p.start(p.serve()...)
	run(t, p.serve()...).refused(t, "", "another otpravka process", p.database())
	if made := run(t, append([]string{"business", "create", "--name", "Shop", "--country", "KZ"}, p.flags()...)...); made.status != 0 {
		t.Errorf("the first server after that: %+v", made)
	}
	if status := first.stop(); status != 0 {
		t.Errorf("the first server ended with %d: %s", status, first.log)
	}
}

func TestForeignFileIsLeftAlone(t *testing.T) {
	p := newPlace(t)
	text := strings.Repeat("This is a letter and no database. ", 200)
	write(t, p.database(), text)
	run(t, p.serve()...).refused(t, "", "not a SQLite database")
	if now, err := os.ReadFile(p.database()); err != nil || string(now) != text {
		t.Errorf("the file was changed: %v", err)
	}
}
