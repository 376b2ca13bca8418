package app_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"otpravka/otpcore"
)

// files returns every file of the installation, under the name of its path.
func (w *world) files() map[string][]byte {
	w.Helper()
	files := map[string][]byte{}
	w.must(filepath.WalkDir(w.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		raw, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a file that the database needed for a moment
		}
		files[path] = raw
		return err
	}))
	return files
}

// public and secret are the parts of a key's text: the one names it, the other
// opens.
func public(key string) string { return key[len("otp_live_") : len("otp_live_")+8] }
func secret(key string) string { return key[len("otp_live_")+9:] }

func TestT38DumpHoldsNoKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	shop.moreKeys(3)
	keys := append(shop.keys, shop.trial, w.business("Neighbour").keys[0])
	for _, key := range keys {
		shop.askWith(key, "POST", "/v1/verifications", fields{"phone": goodPhone}, "Idempotency-Key", "one")
		shop.askWith(key+"x", "GET", "/v1/settings", nil)
		shop.askWith(key, "GET", "/v1/keys", nil)
	}
	look := func(when string) {
		seen := map[string]bool{}
		surfaces := w.files()
		surfaces["the log"] = []byte(w.logs.String())
		for name, raw := range surfaces {
			for _, key := range keys {
				if bytes.Contains(raw, []byte(key)) || bytes.Contains(raw, []byte(secret(key)[:32])) {
					t.Errorf("%s: %s holds a key", when, name)
				}
				seen[key] = seen[key] || bytes.Contains(raw, []byte(public(key)))
			}
		}
		for _, key := range keys {
			if !seen[key] {
				t.Errorf("%s: the search does not even find the public part of a key", when)
			}
		}
	}
	look("running")
	w.stop()
	look("stopped")
}

func TestT38KeysAreLimitedByScopeAndShowTheirUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	type shown struct {
		ID         string `json:"id"`
		Key        string `json:"key"`
		LastUsedAt string `json:"last_used_at"`
		ExpiresAt  string `json:"expires_at"`
		RevokedAt  string `json:"revoked_at"`
	}
	listed := func(id string) shown {
		var page struct{ Items []shown }
		shop.ask("GET", "/v1/keys", nil).into(shop, http.StatusOK, &page)
		for _, k := range page.Items {
			if k.ID == id {
				return k
			}
		}
		t.Fatalf("the key is not listed: %+v", page)
		return shown{}
	}
	var till shown
	ends := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	shop.ask("POST", "/v1/keys", fields{"name": "till", "scopes": []string{"check"}, "expires_at": ends}).into(shop, http.StatusCreated, &till)
	if k := listed(till.ID); k.Key != "" || k.LastUsedAt != "" || k.ExpiresAt == "" || k.RevokedAt != "" {
		t.Errorf("a new key is listed as %+v", k)
	}
	if a := shop.askWith(till.Key, "POST", "/v1/verifications", fields{"phone": goodPhone}); a.status != 403 || a.code != "missing_scope" {
		t.Errorf("a start with a key for checks: %d %s", a.status, a.body)
	}
	if k := listed(till.ID); !strings.HasPrefix(k.LastUsedAt, time.Now().UTC().Format("2006-01-")) {
		t.Errorf("a used key is listed as %+v", k)
	}
	if a := shop.ask("DELETE", "/v1/keys/"+till.ID, nil); a.status != http.StatusNoContent {
		t.Fatalf("revoke: %d %s", a.status, a.body)
	}
	if a := shop.askWith(till.Key, "GET", "/v1/verifications/vrf_01kpx3q8e5f1ttgq0g7m9y2c4d", nil); a.status != 401 {
		t.Errorf("a revoked key is answered %d %s", a.status, a.body)
	}
	if k := listed(till.ID); k.RevokedAt == "" {
		t.Errorf("a revoked key is listed as %+v", k)
	}
}

func TestT39KeyInTheURL(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	key := shop.keys[0]
	bare := strings.TrimPrefix(w.url, "http://")
	for name, tt := range map[string]struct {
		url    string
		header []string
		status int
		code   string
	}{
		"api_key":            {"/v1/settings?api_key=" + key, nil, 400, "key_in_url"},
		"api_key, misspelt":  {"/v1/settings?api_key=abc", nil, 400, "key_in_url"},
		"key":                {"/v1/settings?key=" + key, nil, 400, "key_in_url"},
		"token":              {"/v1/settings?token=" + key, nil, 400, "key_in_url"},
		"access_token":       {"/v1/settings?Access_Token=x", nil, 400, "key_in_url"},
		"an unknown name":    {"/v1/settings?x=1&y=a" + key, nil, 400, "key_in_url"},
		"as a name":          {"/v1/settings?" + key, nil, 400, "key_in_url"},
		"escaped":            {"/v1/settings?x=%6Ftp%5Flive_" + key[9:], nil, 400, "key_in_url"},
		"the test key":       {"/v1/settings?x=" + shop.trial, nil, 400, "key_in_url"},
		"in a path":          {"/v1/verifications/" + key, nil, 400, "key_in_url"},
		"in a callback":      {"/callbacks/sms/" + key, nil, 400, "key_in_url"},
		"no route":           {"/" + key, nil, 400, "key_in_url"},
		"beside a good one":  {"/v1/settings?api_key=" + key, []string{"Authorization", "Bearer " + key}, 400, "key_in_url"},
		"user of the URL":    {"//" + key + "@" + bare + "/v1/settings", nil, 401, "unauthorized"},
		"password":           {"//shop:" + key + "@" + bare + "/v1/settings", nil, 401, "unauthorized"},
		"Basic":              {"/v1/settings", []string{"Authorization", "Basic " + key}, 401, "unauthorized"},
		"cookie":             {"/v1/settings", []string{"Cookie", "api_key=" + key}, 401, "unauthorized"},
		"header of its own":  {"/v1/settings", []string{"X-Api-Key", key}, 401, "unauthorized"},
		"without its scheme": {"/v1/settings", []string{"Authorization", key}, 401, "unauthorized"},
	} {
		url := w.url + tt.url
		if strings.HasPrefix(tt.url, "//") {
			url = "http:" + tt.url
		}
		req, err := http.NewRequestWithContext(w.ctx(), http.MethodGet, url, nil)
		w.must(err)
		req.Header.Set("User-Agent", "agent of "+key)
		req.Header.Set("Referer", "https://shop.example/?"+key)
		if len(tt.header) == 0 && req.URL.User == nil || len(tt.header) > 0 && tt.header[0] != "Authorization" {
			req.Header["Authorization"] = nil // keeps the shop from adding its key
		}
		for i := 0; i < len(tt.header); i += 2 {
			req.Header.Set(tt.header[i], tt.header[i+1])
		}
		if user := req.URL.User; user != nil {
			password, _ := user.Password()
			req.SetBasicAuth(user.Username(), password) // as the client does itself
		}
		a, err := shop.do(req, key)
		w.must(err)
		if a.status != tt.status || a.code != tt.code {
			t.Errorf("%s: %d %s, want %d %s", name, a.status, a.body, tt.status, tt.code)
		}
		if strings.Contains(string(a.body), secret(key)) {
			t.Errorf("%s: the answer repeats the key", name)
		}
	}
	// Requests that net/http refuses before any handler are written about too.
	for _, wire := range []string{
		"GET http://" + key + "@" + bare + "/v1/settings HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"GET /" + key + "\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
		key + " / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"GET /v1/settings HTTP/1.1\r\nHost: " + key + "\r\nAuthorization: " + key + "\r\n\t" + key + "\r\nConnection: close\r\n\r\n",
		"GET /v1/settings HTTP/1.1\r\nHost: x\r\n" + key + "\r\n\r\n",
	} {
		if said := w.wire(wire); strings.Contains(said, secret(key)) || strings.HasPrefix(said, "HTTP/1.1 2") {
			t.Errorf("%.60q is answered %.200q", wire, said)
		}
	}
	w.stop()
	for _, key := range []string{key, shop.trial} {
		if log := w.logs.String(); strings.Contains(log, secret(key)) || strings.Contains(log, public(key)) {
			t.Error("a key is in the log")
		}
	}
	if !strings.Contains(w.logs.String(), "key_in_url") {
		t.Error("the log does not hold what it should")
	}
}

// wire sends bytes as they are and returns all that comes back until the
// connection ends.
func (w *world) wire(request string) string {
	w.Helper()
	conn := w.dial()
	go func() { _, _ = fmt.Fprint(conn, request) }()
	var said bytes.Buffer
	_, _ = said.ReadFrom(conn) // a reset is an end as well
	return said.String()
}

func TestT38UnknownKeysAreBoundedPerAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	shop.ask("GET", "/v1/settings", nil)
	looked, refused := 0, 0
	for range 100 {
		// Well-formed, with a checksum that is right: only the database knows.
		_, stranger := otpcore.NewKey(&otpcore.Business{}, otpcore.Live, "", nil, time.Now())
		switch a := shop.askWith(stranger.Reveal(), "GET", "/v1/settings", nil); a.status {
		case http.StatusUnauthorized:
			looked++
		case http.StatusTooManyRequests:
			refused++
		default:
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	// One a second comes back while the loop runs.
	if looked < 60 || looked > 70 {
		t.Errorf("%d unknown keys were looked up, %d refused, want 60 in a minute", looked, refused)
	}
	if a := shop.ask("GET", "/v1/settings", nil); a.status != http.StatusOK {
		t.Errorf("a key in use from the same address: %d %s", a.status, a.body)
	}
}
