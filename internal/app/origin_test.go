package app_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"otpravka/internal/app"
	"otpravka/internal/sim/smssim"
	"otpravka/otpcore"
	"otpravka/webhook/origin"
)

// behind lets the server trust whoever connects from this machine.
func behind(t testing.TB) func(*app.Config) {
	t.Helper()
	proxies, err := origin.Parse([]string{"127.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	return func(cfg *app.Config) { cfg.Proxies = proxies }
}

// strange sends a key that opens nothing, well formed, from the address that a
// proxy would write, and returns the status.
func (s *shop) strange(from string) int {
	s.Helper()
	_, key := otpcore.NewKey(&otpcore.Business{}, otpcore.Live, "", nil, time.Now())
	return s.askWith(key.Reveal(), "GET", "/v1/settings", nil, "X-Forwarded-For", from).status
}

func TestT18SpoofedHeaderIsIgnored(t *testing.T) {
	t.Parallel()
	by := newWorld(t).business("Shop")
	refused := 0
	for n := range 200 {
		if by.strange(fmt.Sprintf("203.0.113.%d", n)) == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused < 120 {
		t.Errorf("%d of 200 unknown keys were refused: each forged address has a limit of its own", refused)
	}
}

func TestT18CallersBehindAProxyAreToldApart(t *testing.T) {
	t.Parallel()
	by := newWorld(t, behind(t)).business("Shop")
	for n := range 200 {
		if status := by.strange(fmt.Sprintf("203.0.113.%d", n)); status != http.StatusUnauthorized {
			t.Fatalf("the caller %d was answered %d", n, status)
		}
	}
	refused := 0
	for n := range 200 { // one network, and what the caller wrote before does not count
		if by.strange(fmt.Sprintf("198.51.100.%d, 2001:db8:1:2::%x", n, n)) == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused < 120 {
		t.Errorf("%d of 200 unknown keys of one /64 were refused", refused)
	}
}

// TestT18ReportsAreAdmittedByTheTrueAddress declares a provider whose reports
// come from one network only.
func TestT18ReportsAreAdmittedByTheTrueAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, behind(t))
	shop := w.business("Shop")
	w.stop()
	only := func(yaml string) string {
		return strings.Replace(yaml, "{type: url_secret}", "{type: ip_allow, ips: [203.0.113.0/24]}", 1)
	}
	w.cfg.SMS = w.providers(only(smssim.Declaration(w.sms.URL())))
	w.start()
	v, sent := shop.unreported(goodPhone)
	for _, c := range []struct {
		from, trail string
		status      int
	}{
		{"198.51.100.9", "sms:sent", http.StatusForbidden},
		{"203.0.113.9, 198.51.100.9", "sms:sent", http.StatusForbidden},
		{"198.51.100.9, 203.0.113.9", "sms:delivered", http.StatusOK},
	} {
		req, err := http.NewRequestWithContext(w.ctx(), http.MethodPost, sent.Callback,
			strings.NewReader(fmt.Sprintf(`{"id":%q,"ref":%q,"status":"delivered"}`, sent.ID, sent.Ref)))
		w.must(err)
		req.Header.Set("X-Forwarded-For", c.from)
		res, err := w.http.Do(req)
		w.must(err)
		w.must(res.Body.Close())
		if got := shop.get(v.ID).trail(); res.StatusCode != c.status || got != c.trail {
			t.Errorf("a report by way of %s: %d, %s", c.from, res.StatusCode, got)
		}
	}
}

func TestTrustedProxiesInTheFile(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{
		"trusted_proxies: [10.0.0.0/8, 192.0.2.7]\n": "",
		"trusted_proxies: [0.0.0.0/0]\n":             "everybody",
		"trusted_proxies: [caddy]\n":                 "10.0.0.0/8",
		"trusted_proxy: [10.0.0.0/8]\n":              "trusted_proxy",
		"sms_providers: []\ntrusted_proxies: []\n":   "",
	} {
		name := filepath.Join(dir, "otpravka.yaml")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := app.ReadFile(name)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, %v", text, file.TrustedProxies, err)
		}
	}
}
