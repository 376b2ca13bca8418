package cli_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

var businessForm = regexp.MustCompile(`biz_[0-9a-z]{26}`)

func (p place) createKey(more ...string) result {
	p.Helper()
	return run(p, append([]string{"key", "create"}, p.flags(more...)...)...)
}

func TestKeyCreateBesideTheServerAndWithout(t *testing.T) {
	p := newPlace(t)
	business := businessForm.FindString(p.create("Shop", "--country", "KZ").out)
	alone := p.createKey("--business", business)
	server := p.start(p.serve()...)
	beside := p.createKey("--business", business, "--mode", "test", "--scopes", "start,check", "--name", "Login")
	base := urlForm.FindStringSubmatch(server.log.String())[1]
	live, test := liveKeyForm.FindString(alone.out), testKeyForm.FindString(beside.out)
	for name, made := range map[string]result{live: alone, test: beside} {
		if made.status != 0 || made.err != "" || name == "" || strings.Count(made.out, name) != 1 {
			t.Errorf("%+v", made)
		}
	}
	if status := ask(t, base+"/v1/keys", live); status != http.StatusOK {
		t.Errorf("the live key, which may do all, is answered %d", status)
	}
	if status := ask(t, base+"/v1/keys", test); status != http.StatusForbidden {
		t.Errorf("the test key, which may only start and check, is answered %d", status)
	}
	if strings.Contains(server.log.String(), test) {
		t.Error("the key is in the server's log")
	}
}

func TestKeyCreateRefusals(t *testing.T) {
	p := newPlace(t)
	p.createKey("--business", "Shop").refused(t, "", "business list")
	p.untouched()
	p.create("Shop", "--country", "KZ")
	const nobody = "biz_01kpx3q8e5f1ttgq0g7m9y2c4d"
	p.createKey("--business", nobody).refused(t, "", nobody, "business list")
	server := p.start(p.serve()...)
	p.createKey("--business", nobody).refused(t, "", nobody, "business list")
	if status := server.stop(); status != 0 {
		t.Errorf("the server ended with %d", status)
	}
	for _, flag := range []string{"--mode=all", "--scopes=start,everything"} {
		if r := p.createKey("--business", nobody, flag); r.status != 2 || r.out != "" {
			t.Errorf("%s: %+v", flag, r)
		}
	}
}
