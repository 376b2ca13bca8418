package api_test

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"

	"otpravka/otpcore"
	"otpravka/webhook/api"
)

func TestUnusableKeysGetOneAnswer(t *testing.T) {
	h := open(t)
	good := h.ring.add(otpcore.Live, otpcore.ScopeAdmin)
	strange := h.ring.add(otpcore.Live, otpcore.ScopeAdmin)
	h.ring.mu.Lock()
	clear(h.ring.keys)
	h.ring.mu.Unlock()
	flipped := good[:len(good)-1] + string("01"[b2i(good[len(good)-1] == '0')])
	want := h.ask(t, "GET", "/v1/verifications/"+known, "", "")
	if want.StatusCode != 401 || want.Header.Get("Www-Authenticate") != "Bearer" {
		t.Fatalf("no key: %d %v", want.StatusCode, want.Header)
	}
	unasked := map[string]string{
		"bad checksum":   "Bearer " + flipped,
		"another scheme": "Basic " + good,
		"no scheme":      good,
		"two spaces":     "Bearer  " + good,
		"longer":         "Bearer " + good + "x",
		"long":           "Bearer " + strings.Repeat("x", 10<<10),
		"other mode":     "Bearer otp_test" + good[len("otp_live"):],
		"upper case":     "Bearer " + strings.ToUpper(good),
	}
	for name, header := range unasked {
		got := h.ask(t, "GET", "/v1/verifications/"+known, "", "", "Authorization", header)
		if got.StatusCode != 401 || got.body != want.body {
			t.Errorf("%s: %d %s, want %s", name, got.StatusCode, got.body, want.body)
		}
	}
	if got := h.ask(t, "GET", "/v1/verifications/"+known, good, "", "Authorization", "Bearer "+strange); got.StatusCode != 401 {
		t.Errorf("two keys: %d", got.StatusCode)
	}
	if h.ring.asked != 0 {
		t.Errorf("%d malformed keys were looked up", h.ring.asked)
	}
	if got := h.ask(t, "GET", "/v1/verifications/"+known, good, ""); got.StatusCode != 401 || got.body != want.body {
		t.Errorf("revoked: %d %s, want %s", got.StatusCode, got.body, want.body)
	}
	h.stop()
	if strings.Contains(h.log.String(), good[9:17]) {
		t.Error("the log holds a part of a key")
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestStorageTroubleIsNotARefusal(t *testing.T) {
	h := open(t)
	key := h.ring.add(otpcore.Live, otpcore.ScopeAdmin)
	h.ring.mu.Lock()
	h.ring.trouble = otpcore.Unavailable(errors.New("disk full"))
	h.ring.mu.Unlock()
	if got := h.ask(t, "GET", "/v1/verifications/"+known, key, ""); got.StatusCode != 503 || got.Header.Get("Retry-After") != "1" {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
}

func TestScopesAndModes(t *testing.T) {
	h := open(t)
	checker := h.ring.add(otpcore.Live, otpcore.ScopeCheck)
	trial := h.ring.add(otpcore.Test, otpcore.ScopeAdmin)
	bot := `{"kind":"telegram","token":"110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0"}`
	for name, tt := range map[string]struct {
		method, path, key, body string
		status                  int
		code                    string
	}{
		"check may read":        {"GET", "/v1/verifications/" + known, checker, "", 200, ""},
		"check may not start":   {"POST", "/v1/verifications", checker, `{"phone":"+77015550123"}`, 403, "missing_scope"},
		"check may not list":    {"GET", "/v1/bots", checker, "", 403, "missing_scope"},
		"trials may start":      {"POST", "/v1/verifications", trial, `{"phone":"+77015550123"}`, 201, ""},
		"trials touch no bot":   {"POST", "/v1/bots", trial, bot, 403, "wrong_mode"},
		"scope before the body": {"POST", "/v1/verifications", checker, `{`, 403, "missing_scope"},
		"trials remove no bot":  {"DELETE", "/v1/bots/bot_01kpx3q8e5f1ttgq0g7m9y2c4d", trial, "", 403, "wrong_mode"},
		"trials set nothing":    {"PATCH", "/v1/settings", trial, `{"countries":["KZ"]}`, 403, "wrong_mode"},
		"the domain refuses":    {"POST", "/v1/verifications/" + known + "/check", checker, `{"code":"1"}`, 429, "phone_locked"},
		"strangers parse none":  {"POST", "/v1/verifications", "", `{`, 401, "unauthorized"},
		"nobody lists all":      {"GET", "/v1/verifications", trial, "", 405, "method_not_allowed"},
	} {
		got := h.ask(t, tt.method, tt.path, tt.key, tt.body)
		if got.StatusCode != tt.status || got.problem.Code != tt.code {
			t.Errorf("%s: %d %s, want %d %s", name, got.StatusCode, got.body, tt.status, tt.code)
		}
	}
}

func TestParametersKeepTheContract(t *testing.T) {
	h := open(t)
	key := h.ring.add(otpcore.Live, otpcore.ScopeAdmin)
	for query, want := range map[string]string{
		"limit=2": "", "limit=100": "", "limit=1&cursor=abc_-9": "",
		"limit=0": "bad_parameter", "limit=-1": "bad_parameter", "limit=1000000000": "bad_parameter",
		"limit=99999999999999999999": "bad_parameter", "limit=x": "bad_parameter", "limit=": "bad_parameter",
		"limit=1&limit=2": "bad_parameter", "limit=1&cursor=%27%3B--": "bad_parameter", "limit=1&cursor=": "bad_parameter",
		"a[]=": "bad_query", "limit=1&sort=id": "bad_query", "Limit=1": "bad_query",
	} {
		got := h.ask(t, "GET", "/v1/bots?"+query, key, "")
		if got.problem.Code != want || (want != "" && got.StatusCode != 400) {
			t.Errorf("%s: %d %s, want %q", query, got.StatusCode, got.body, want)
		}
	}
	for query, want := range map[string]string{
		"wait=99": "query/wait: Send a whole number from 0 to 30.", "wait=-1": "query/wait: Send a whole number from 0 to 30.",
		"after=":                       "query/after: Send one value: the id of an event, evt_ and 26 characters, or beginning, or latest.",
		"after=latest&after=beginning": "query/after: Send it once.",
		"limit=0":                      "query/limit: Send a whole number from 1 to 100.",
	} {
		if got := h.ask(t, "GET", "/v1/events?"+query, key, ""); got.StatusCode != 400 || got.problem.Detail != want {
			t.Errorf("%s: %d %q, want %q", query, got.StatusCode, got.problem.Detail, want)
		}
	}
	for name, headers := range map[string][]string{
		"empty": {""}, "long": {strings.Repeat("x", 256)}, "space": {"a b"}, "not ASCII": {"ключ"}, "two": {"a", "b"},
	} {
		var pairs []string
		for _, v := range headers {
			pairs = append(pairs, "Idempotency-Key", v)
		}
		got := h.ask(t, "POST", "/v1/verifications", key, `{"phone":"+77015550123"}`, pairs...)
		if got.StatusCode != 400 || got.problem.Code != "bad_parameter" {
			t.Errorf("Idempotency-Key %s: %d %s", name, got.StatusCode, got.body)
		}
	}
}

func TestBodiesAreReadStrictly(t *testing.T) {
	h := open(t)
	key := h.ring.add(otpcore.Live, otpcore.ScopeAdmin)
	const phone = `{"phone":"+77015550123"}`
	for name, tt := range map[string]struct {
		body, contentType string
		status            int
		code              string
	}{
		"JSON":            {phone, "application/json", 201, ""},
		"with charset":    {phone, "application/json; charset=UTF-8", 201, ""},
		"other charset":   {phone, "application/json; charset=utf-16", 415, "unsupported_media_type"},
		"form":            {"phone=1", "application/x-www-form-urlencoded", 415, "unsupported_media_type"},
		"plain text":      {phone, "text/plain", 415, "unsupported_media_type"},
		"no type":         {phone, "", 415, "unsupported_media_type"},
		"lookalike":       {phone, "application/jsonp", 415, "unsupported_media_type"},
		"no body":         {"", "application/json", 400, "empty_body"},
		"unknown field":   {`{"phone":"1","cod":"2"}`, "application/json", 400, "unknown_field"},
		"wrong type":      {`{"phone":["1"]}`, "application/json", 422, "wrong_type"},
		"a MiB of digits": {`{"phone":"` + strings.Repeat("1", 1<<20) + `"}`, "application/json", 413, "body_too_large"},
		"nothing in it":   {`{}`, "application/json", 422, "missing_field"},
	} {
		got := h.ask(t, "POST", "/v1/verifications", key, tt.body, "Content-Type", tt.contentType)
		if got.StatusCode != tt.status || got.problem.Code != tt.code {
			t.Errorf("%s: %d %s, want %d %s", name, got.StatusCode, got.body, tt.status, tt.code)
		}
	}
	for body, channel := range map[string]string{"": "", "{}": "", `{"channel":"sms"}`: "sms"} {
		got := h.ask(t, "POST", "/v1/verifications/"+known+"/resend", key, body)
		var v api.Verification
		if err := json.Unmarshal([]byte(got.body), &v); err != nil || got.StatusCode != 200 {
			t.Fatalf("resend %q: %d %s", body, got.StatusCode, got.body)
		}
		if (v.Channel == nil) != (channel == "") {
			t.Errorf("resend %q: channel %v", body, v.Channel)
		}
	}
}

func TestUnknownIDsAreAlike(t *testing.T) {
	h := open(t)
	key := h.ring.add(otpcore.Live, otpcore.ScopeAdmin)
	want := h.ask(t, "GET", "/v1/verifications/"+unknown, key, "")
	if want.StatusCode != 404 || want.problem.Code != "not_found" {
		t.Fatalf("%d %s", want.StatusCode, want.body)
	}
	for _, id := range []string{
		foreign, strings.ToUpper(known), known + "=", known + "x", known[:20], "search", "dlv" + known[3:], strings.Repeat("v", 10<<10),
	} {
		if got := h.ask(t, "GET", "/v1/verifications/"+id, key, ""); got.StatusCode != 404 || got.body != want.body {
			t.Errorf("%.40s: %d %s, want %s", id, got.StatusCode, got.body, want.body)
		}
	}
}

func TestMissesAreBounded(t *testing.T) {
	h := open(t)
	key := h.ring.add(otpcore.Live, otpcore.ScopeAdmin)
	misses := 0
	for ; misses < 100; misses++ {
		if got := h.ask(t, "GET", "/v1/verifications/"+unknown, key, ""); got.StatusCode != 404 {
			if got.problem.Code != "rate_limited" || got.Header.Get("Retry-After") == "" {
				t.Errorf("%d %s %v", got.StatusCode, got.body, got.Header)
			}
			break
		}
	}
	if misses < 60 || misses > 62 {
		t.Errorf("%d unknown ids were answered, want 60 and what refills meanwhile", misses)
	}
	if got := h.ask(t, "GET", "/v1/verifications/"+known, key, ""); got.StatusCode != 429 {
		t.Errorf("a known id gets %d, which tells it from unknown ones", got.StatusCode)
	}
	if got := h.ask(t, "POST", "/v1/verifications", key, `{"phone":"+77015550123"}`); got.StatusCode != 201 {
		t.Errorf("a start, which guesses no id, gets %d", got.StatusCode)
	}
}

func TestCallsAreBoundedForEachKey(t *testing.T) {
	h := open(t)
	key, other := h.ring.add(otpcore.Live, otpcore.ScopeAdmin), h.ring.add(otpcore.Live, otpcore.ScopeAdmin)
	first := h.ask(t, "GET", "/v1/verifications/"+known, key, "")
	if p, l := first.Header.Get("RateLimit-Policy"), first.Header.Get("RateLimit"); p != `"key";q=100;w=2` || l != `"key";r=99;t=1` {
		t.Errorf("RateLimit-Policy %s, RateLimit %s", p, l)
	}
	var wg sync.WaitGroup
	statuses := make(chan answer, 400)
	for range 8 {
		wg.Go(func() {
			for range 50 {
				statuses <- h.ask(t, "GET", "/v1/verifications/"+known, key, "")
			}
		})
	}
	wg.Wait()
	close(statuses)
	limited := 0
	for a := range statuses {
		if a.StatusCode != 429 {
			continue
		}
		limited++
		if a.problem.Code != "rate_limited" || a.problem.RetryAfter != 1 || a.Header.Get("RateLimit") == "" {
			t.Errorf("%s %v", a.body, a.Header)
		}
	}
	if limited == 0 {
		t.Error("400 calls at once were all admitted")
	}
	if got := h.ask(t, "GET", "/v1/verifications/"+known, other, ""); got.StatusCode != 200 {
		t.Errorf("another key gets %d", got.StatusCode)
	}
}

func TestContractIsServed(t *testing.T) {
	h := open(t)
	got := h.ask(t, "GET", "/openapi.yaml", "", "")
	if got.StatusCode != 200 || got.body != string(api.Contract) || got.Header.Get("Content-Type") != "application/yaml" {
		t.Errorf("%d %s, %d bytes", got.StatusCode, got.Header.Get("Content-Type"), len(got.body))
	}
	if head := h.ask(t, "HEAD", "/openapi.yaml", "", ""); head.StatusCode != 200 || head.body != "" {
		t.Errorf("HEAD: %d, %d bytes", head.StatusCode, len(head.body))
	}
}
