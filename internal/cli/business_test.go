package cli_test

import (
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"otpravka/internal/pgtest"
)

var (
	liveKeyForm = regexp.MustCompile(`otp_live_[0-9a-z]{8}_[0-9A-Za-z]{38}`)
	testKeyForm = regexp.MustCompile(`otp_test_[0-9a-z]{8}_[0-9A-Za-z]{38}`)
	urlForm     = regexp.MustCompile(`"url":"(http://[^"]+)"`)
)

func (p place) create(name string, more ...string) result {
	p.Helper()
	return run(p, append([]string{"business", "create", "--name", name}, p.flags(more...)...)...)
}

// writtenAlone is what business create says where no server runs.
func (p place) writtenAlone() string {
	return "The business is in " + p.database() + ", on which no server runs.\n"
}

// In another directory than the server's, an empty database would look like the loss of
// all businesses.
func TestOperateMakesNoDatabase(t *testing.T) {
	p := newPlace(t)
	config := filepath.Join(p.dir, "otpravka.yaml")
	write(t, config, "shared_bots: []\n")
	for _, command := range []string{"business list", "key create --business biz_01kpx3q8e5f1ttgq0g7m9y2c4d", "shared --config " + config} {
		run(t, append(strings.Fields(command), p.flags()...)...).refused(t, "", "there is no database at "+p.database(), "OTPRAVKA_DATABASE_URL")
		p.untouched()
		if exists(filepath.Dir(p.database())) || exists(filepath.Dir(p.key())) {
			t.Errorf("%s made a directory", command)
		}
	}
}

func TestOperateMakesNoDatabaseOnPostgres(t *testing.T) {
	p, database := newPlace(t), pgtest.URL(t)
	on := []string{"--database-url", database}
	list := func() result { return run(t, append([]string{"business", "list"}, p.flags(on...)...)...) }
	list().refused(t, "", "there is no database at postgres://", "OTPRAVKA_DATABASE_URL")
	p.untouched()
	list().refused(t, "", "there is no database at postgres://") // the first one made no table
	if made := p.create("Shop", append(on, "--country", "KZ")...); made.status != 0 || !strings.Contains(made.err, "The business is in postgres://") {
		t.Errorf("business create: %+v", made)
	}
	if r := list(); r.status != 0 || !strings.Contains(r.out, "Shop") {
		t.Errorf("business list: %+v", r)
	}
}

func TestBusinessCreateBesideTheServerAndWithout(t *testing.T) {
	p := newPlace(t)
	alone := p.create("Alone", "--country", "KZ")
	server := p.start(p.serve()...)
	beside := p.create("Beside", "--country", "uz", "--country", "KZ")
	base := urlForm.FindStringSubmatch(server.log.String())[1]
	for name, made := range map[string]result{"Alone": alone, "Beside": beside} {
		// The first command on an empty place makes database and master key, and says so.
		told := strings.Count(made.err, `"msg":"master key made: keep a copy`) == 1 && strings.Contains(made.err, p.key()) &&
			strings.HasSuffix(made.err, p.writtenAlone())
		if made.status != 0 || told != (name == "Alone") || !told && made.err != "" {
			t.Errorf("%s: %+v", name, made)
		}
		for _, key := range []string{liveKeyForm.FindString(made.out), testKeyForm.FindString(made.out)} {
			if status := ask(t, base+"/v1/settings", key); status != http.StatusOK {
				t.Errorf("%s: a key that was printed is answered %d", name, status)
			}
		}
		if strings.Contains(server.log.String(), liveKeyForm.FindString(made.out)) {
			t.Errorf("%s: the key is in the server's log", name)
		}
	}
	list := run(t, append([]string{"business", "list"}, p.flags()...)...)
	if list.status != 0 || !strings.Contains(list.out, "Alone") || !strings.Contains(list.out, "UZ KZ") {
		t.Errorf("list: %+v", list)
	}
	if status := server.stop(); status != 0 {
		t.Errorf("the server ended with %d", status)
	}
	if after := run(t, append([]string{"business", "list"}, p.flags()...)...); after != list {
		t.Errorf("the list without the server is %+v, beside it %+v", after, list)
	}
}

func ask(t testing.TB, url, key string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode
}

func TestBusinessCreateRefusals(t *testing.T) {
	p := newPlace(t)
	p.create("Shop", "--country", "Kazakhstan").refused(t, "", "--country KZ")
	p.create("Shop", "--country", "ZZ").refused(t, "", "ZZ")
	p.untouched()
	p.start(p.serve()...).stop() // makes the key, of which it warns
	p.create(strings.Repeat("x", 65), "--country", "KZ").refused(t, "", "64")
	p.create("Shop", "--country", "KZ", "--time-zone", "Asia/Nowhere").refused(t, "", "Asia/Almaty")
	if list := run(t, append([]string{"business", "list"}, p.flags()...)...); list.out != "" {
		t.Errorf("a refused business was made: %s", list.out)
	}
}

func TestBusinessCreateSaysWhatPeopleWillRead(t *testing.T) {
	p := newPlace(t)
	p.start(p.serve()...) // which makes the key, and warns of it
	for _, c := range []struct {
		flags []string
		note  string
	}{
		{[]string{"--country", "KZ"}, ""},
		{[]string{"--country", "KZ", "--locale", "ru-KZ"}, ""},
		{[]string{"--country", "KZ", "--locale", "de"}, "There are no texts in de"},
	} {
		made := p.create("Shop", c.flags...)
		if made.status != 0 || liveKeyForm.FindString(made.out) == "" || (c.note == "") != (made.err == "") || !strings.Contains(made.err, c.note) {
			t.Errorf("%v: %+v, want the note %q", c.flags, made, c.note)
		}
	}
}

func TestUnreadableCommandLines(t *testing.T) {
	for _, line := range []string{"", "sing", "serve --loud", "business create --name Shop", "business create --country KZ", "serve --log-format xml"} {
		if r := run(t, strings.Fields(line)...); r.status != 2 || r.err == "" {
			t.Errorf("%q: %+v", line, r)
		}
	}
	for line, help := range map[string]string{
		"sing": "`otpravka --help`", "serve --loud": "`otpravka serve --help`", "business": "`otpravka business --help`",
		"business create --name Shop": "`otpravka business create --help`",
	} {
		if r := run(t, strings.Fields(line)...); !strings.Contains(r.err, help) {
			t.Errorf("%q names no help: %s", line, r.err)
		}
	}
	for line, says := range map[string]string{
		"business create --name": "otpravka: --name needs a value (see", "business create --name --country KZ": "otpravka: --name needs a value; one that begins with a dash is written --name=VALUE (see",
		"listen --types": "otpravka: --types needs a value (see", "orders import --batch": "otpravka: --batch needs a value (see",
		"business create --nam=Shop": `did you mean "--name"?`, "backup": `expected "<file>"`,
	} {
		if r := run(t, strings.Fields(line)...); r.status != 2 || !strings.Contains(r.err, says) {
			t.Errorf("%q: %+v, want %q", line, r, says)
		}
	}
	if bare, help := run(t), run(t, "--help"); bare.status != 2 || bare.err != help.out || bare.out != "" {
		t.Errorf("the bare name: %+v", bare)
	}
	for _, line := range []string{"--help", "serve --help", "version"} {
		if r := run(t, strings.Fields(line)...); r.status != 0 || r.out == "" {
			t.Errorf("%q: %+v", line, r)
		}
	}
}
