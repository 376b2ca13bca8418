package cli_test

import (
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"otpravka/internal/freeport"
)

// doctor examines the place. Port 1 is nobody's.
func (p place) doctor(more ...string) result {
	p.Helper()
	return run(p, append([]string{"doctor", "--listen", "127.0.0.1:1"}, p.flags(more...)...)...)
}

// finds expects the line that begins with the grade and the subject to hold
// the words.
func (r result) finds(t testing.TB, gradeAndSubject string, words ...string) {
	t.Helper()
	grade, subject, _ := strings.Cut(gradeAndSubject, " ")
	form := regexp.MustCompile(`(?m)^` + grade + ` +` + subject + ` +(.*)$`)
	m := form.FindStringSubmatch(r.out)
	if m == nil {
		t.Errorf("nothing says %q:\n%s", gradeAndSubject, r.out)
		return
	}
	for _, word := range words {
		if !strings.Contains(m[1], word) {
			t.Errorf("%s: %q does not say %q", gradeAndSubject, m[1], word)
		}
	}
	if want := strings.Contains(r.out, "FAIL"); (r.status == 1) != want {
		t.Errorf("status is %d:\n%s", r.status, r.out)
	}
}

func TestDoctorBeforeTheFirstStart(t *testing.T) {
	p := newPlace(t)
	free := freeport.For(t)
	r := p.doctor("--metrics-listen", free)
	r.finds(t, "ok settings")
	r.finds(t, "ok database", "first start", p.database())
	r.finds(t, "ok master key", "first start", p.key())
	r.finds(t, "ok server", "otpravka serve")
	r.finds(t, "ok metrics", "http://"+free+"/metrics", "the port is free")
	r.finds(t, "warn public URL", "OTPRAVKA_PUBLIC_URL")
	r.finds(t, "warn sms", "docs/sms.md")
	if left, err := os.ReadDir(p.dir); err != nil || len(left) != 0 {
		t.Errorf("the doctor left %v (%v)", left, err)
	}
}

const reportingProvider = `sms_providers:
  - id: example
    number_format: digits
    request: {method: POST, url: "https://sms.example.com/send", body: {type: json, fields: {to: "{{to}}", text: "{{text}}"}}}
    success: {http: [200]}
    message_id: "$.id"
    dlr: {accept: [POST], parse: json, id: "$.id", status: "$.status", map: {delivered: [delivered], failed: [failed]}, reply: {status: 200}}
`

func TestDoctorChecksProvidersBeforeThereIsAKey(t *testing.T) {
	p := newPlace(t)
	good, bad := filepath.Join(p.dir, "good.yaml"), filepath.Join(p.dir, "bad.yaml")
	write(t, good, reportingProvider)
	write(t, bad, reportingProvider+"    secrets: {token: env:OTPRAVKA_TEST_NO_SUCH_SECRET}\n")
	p.doctor("--config", good).finds(t, "ok sms", "example is declared", "once there is one")
	p.doctor("--config", bad).finds(t, "FAIL sms", "OTPRAVKA_TEST_NO_SUCH_SECRET")
}

func TestDoctorBesideTheServerAndWithout(t *testing.T) {
	p := newPlace(t)
	yaml := filepath.Join(p.dir, "otpravka.yaml")
	write(t, yaml, reportingProvider)
	metrics := []string{"--metrics-listen", freeport.For(t)}
	server := p.start(p.serve(metrics...)...)
	base := urlForm.FindStringSubmatch(server.log.String())[1]
	flags := append(metrics, "--config", yaml, "--public-url", "https://codes.example.com")
	r := p.doctor(append(flags, "--listen", strings.TrimPrefix(base, "http://"))...)
	r.finds(t, "ok settings", yaml)
	r.finds(t, "ok database", p.database())
	r.finds(t, "ok master key", p.key(), "is the database's")
	r.finds(t, "ok clock")
	r.finds(t, "ok server", "is ready")
	r.finds(t, "ok metrics", "read from http://"+metrics[1])
	p.doctor("--metrics-listen", strings.TrimPrefix(base, "http://")).finds(t, "warn metrics", "OTPRAVKA_METRICS_LISTEN")
	p.doctor("--metrics-listen", "127.0.0.1:1").finds(t, "warn metrics", "OTPRAVKA_METRICS_LISTEN")
	r.finds(t, "ok public URL", "https://codes.example.com")
	r.finds(t, "warn proxies", "trusted_proxies")
	r.finds(t, "warn bots", "POST /v1/bots")
	r.finds(t, "ok sms", "example", "https://codes.example.com/callbacks/sms/")
	p.doctor().finds(t, "FAIL server", "OTPRAVKA_LISTEN")
	if status := server.stop(); status != 0 {
		t.Fatalf("serve ended with %d", status)
	}
	p.doctor(flags...).finds(t, "ok server", "none runs")
	if left, err := filepath.Glob(p.database() + "-*"); err != nil || len(left) != 0 {
		t.Errorf("the doctor left %v beside the database (%v)", left, err)
	}
}

func TestDoctorTriesThePortOfMetrics(t *testing.T) {
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	newPlace(t).doctor("--metrics-listen", other.Addr().String()).finds(t, "warn metrics", other.Addr().String(), "OTPRAVKA_METRICS_LISTEN")
}

func TestDoctorFindsWhatIsWrong(t *testing.T) {
	p := newPlace(t)
	if status := p.start(p.serve()...).stop(); status != 0 {
		t.Fatalf("serve ended with %d", status)
	}
	file := func(name, text string) string {
		path := filepath.Join(p.dir, name)
		write(t, path, text)
		return path
	}
	beside := filepath.Join(filepath.Dir(p.database()), "master.key")
	key, err := os.ReadFile(p.key())
	if err != nil {
		t.Fatal(err)
	}
	write(t, beside, string(key))
	open := file("open.key", string(key))
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		flags []string
		says  string
		words []string
	}{
		"no such file":        {[]string{"--config", filepath.Join(p.dir, "none.yaml")}, "FAIL settings", []string{"none.yaml"}},
		"misspelt setting":    {[]string{"--config", file("misspelt.yaml", "sms_provider: []\n")}, "FAIL settings", []string{"misspelt.yaml", "line 1"}},
		"secret is not there": {[]string{"--config", file("secret.yaml", reportingProvider+"    secrets: {token: env:OTPRAVKA_TEST_NO_SUCH_SECRET}\n")}, "FAIL sms", []string{"OTPRAVKA_TEST_NO_SUCH_SECRET"}},
		"no public host":      {[]string{"--public-url", "https://"}, "FAIL settings", []string{"OTPRAVKA_PUBLIC_URL"}},
		"no address":          {[]string{"--listen", "nonsense"}, "FAIL settings", []string{"OTPRAVKA_LISTEN"}},
		"metrics at no port":  {[]string{"--metrics-listen", "nonsense"}, "FAIL settings", []string{"OTPRAVKA_METRICS_LISTEN", "off"}},
		"metrics for all":     {[]string{"--metrics-listen", ":0"}, "warn metrics", []string{"Prometheus"}},
		"no metrics":          {[]string{"--metrics-listen", "off"}, "ok metrics", []string{"OTPRAVKA_METRICS_LISTEN"}},
		"clear HTTP":          {[]string{"--public-url", "http://codes.example.com"}, "warn public URL", []string{"https"}},
		"trusted proxy":       {[]string{"--config", file("proxies.yaml", "trusted_proxies: [192.0.2.7]\n")}, "ok proxies", []string{"192.0.2.7"}},
		"no proxy":            {[]string{"--public-url", "http://localhost:8080"}, "ok proxies", []string{"none is trusted"}},
		"trusted everybody":   {[]string{"--config", file("everybody.yaml", "trusted_proxies: [0.0.0.0/0]\n")}, "FAIL settings", []string{"everybody", "trusted_proxies"}},
		"other kind":          {[]string{"--database-url", "mysql://localhost/otp"}, "FAIL database", []string{"sqlite://"}},
		"no database":         {[]string{"--database-url", file("letter.db", strings.Repeat("This is a letter. ", 100))}, "FAIL database", []string{"not a SQLite database"}},
		"key is gone":         {[]string{"--master-key-file", filepath.Join(p.dir, "none.key")}, "FAIL master key", []string{"put " + filepath.Join(p.dir, "none.key")}},
		"another key":         {[]string{"--master-key", keyA}, "FAIL master key", []string{"sealed with key"}},
		"open to others":      {[]string{"--master-key-file", open}, "FAIL master key", []string{"chmod 600"}},
		"beside the database": {[]string{"--master-key-file", beside}, "warn master key", []string{"OTPRAVKA_MASTER_KEY_FILE"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := p.doctor(tt.flags...)
			r.finds(t, tt.says, tt.words...)
			if strings.Contains(r.out, strings.TrimSpace(string(key))) || strings.Contains(r.out, keyA) {
				t.Errorf("the doctor tells the key:\n%s", r.out)
			}
		})
	}
}
