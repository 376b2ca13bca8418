package app_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"otpravka/internal/app"
)

// nobody is an address that the operator has opened and that leads nowhere.
const nobody = "shop.invalid:3000"

// urls makes rows for an address.
func urls(row int, code string, all ...string) []refusal {
	var rows []refusal
	for _, u := range all {
		rows = append(rows, refusal{row: row, body: fields{"url": u}, status: 422, code: code})
	}
	return rows
}

// T27: group G of the bad inputs, as far as an address is judged when it is
// saved. Rows 74 to 76 are about sending (webhook/events).
func TestT27BadWebhooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(cfg *app.Config) { cfg.WebhooksAllow = []string{nobody} })
	shop := w.business("Shop")
	shop.moreKeys(2)
	var rows []refusal
	for _, more := range [][]refusal{
		urls(70, "webhook_url_invalid", "http://shop.example/", "ftp://shop.example/", "file:///etc/passwd", "gopher://shop.example/", "javascript:alert(1)", "//x", "x", "https:x", "https://"),
		urls(71, "webhook_url_forbidden", "https://10.0.0.1", "https://172.16.0.1", "https://172.31.255.255", "https://192.168.0.1", "https://100.64.0.1",
			"https://169.254.169.254/latest/meta-data/", "https://192.0.0.192", "https://198.18.0.1", "https://224.0.0.1", "https://240.0.0.1", "https://168.63.129.16", "https://127.0.0.1", "https://0.0.0.0"),
		urls(72, "webhook_url_forbidden", "https://[::1]", "https://[::]", "https://[::ffff:127.0.0.1]", "https://[64:ff9b::7f00:1]", "https://[2002:7f00:1::]", "https://[fd00:ec2::254]", "https://[fe80::1]"),
		urls(72, "webhook_url_invalid", "https://[fe80::1%25eth0]", "https://127.1", "https://2130706433", "https://0x7f.1"),
		urls(73, "webhook_url_invalid", "https://user:pass@shop.example", "https://good.example@evil.example", "https://shop.example#x", `https://shop.example\x`, "https://shоp.example"),
		urls(73, "invalid_value", "https://shop.example/"+strings.Repeat("a", 3<<10), ""),
		urls(73, "webhook_url_invalid", "https://shop.example/\n"),
		urls(73, "control_character", "https://shop.example/\u0000"),
		urls(74, "webhook_url_forbidden", "https://localhost/", "https://nobody.invalid/"),
		urls(0, "webhook_url_invalid", "https://shop.example:8443/", "http://shop.invalid/", "http://shop.invalid:3001/"),
		{
			{body: fields{}, status: 422, code: "missing_field"},
			{body: fields{"url": nil}, status: 422, code: "null_value"},
			{body: fields{"url": []string{"https://shop.example"}}, status: 422, code: "wrong_type"},
			{body: fields{"url": "http://" + nobody, "types": []string{"verification.opened"}}, status: 422, code: "invalid_value"},
			{body: fields{"url": "http://" + nobody, "types": []string{"webhook.test"}}, status: 422, code: "invalid_value"},
			{body: fields{"url": "http://" + nobody, "types": []string{"link.created", "link.created"}}, status: 422, code: "invalid_value"},
			{body: fields{"url": "http://" + nobody, "description": strings.Repeat("x", 201)}, status: 422, code: "invalid_value"},
			{body: fields{"url": "http://" + nobody, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, status: 400, code: "unknown_field"},
			{body: `{"url":"http://` + nobody + `","url":"http://` + nobody + `"}`, status: 400, code: "duplicate_key"},
		},
	} {
		rows = append(rows, more...)
	}
	shop.refuses("/v1/webhooks", rows)
	if a := shop.ask("GET", "/v1/webhooks", nil); strings.Contains(string(a.body), "whk_") {
		t.Errorf("a refused endpoint is there: %s", a.body)
	}
	// An address that is changed is judged like a new one.
	var e endpoint
	shop.ask("POST", "/v1/webhooks", fields{"url": "http://" + nobody}).into(shop, http.StatusCreated, &e)
	for _, r := range rows {
		f, ok := r.body.(fields)
		if !ok || f["url"] == nil || len(f) > 1 {
			continue
		}
		if a := shop.ask("PATCH", "/v1/webhooks/"+e.ID, r.body); a.status != r.status || a.code != r.code {
			t.Errorf("row %d, a change to %.80q: %d %s, want %d %s", r.row, f["url"], a.status, a.body, r.status, r.code)
		}
	}
	for _, body := range []fields{{}, {"status": "gone"}, {"types": []string{"x"}}, {"mode": "test"}, {"secret": "x"}, {"position": 0}} {
		if a := shop.ask("PATCH", "/v1/webhooks/"+e.ID, body); a.status != 422 && a.status != 400 {
			t.Errorf("%v: %d %s", body, a.status, a.body)
		}
	}
	if got := shop.endpoint(e.ID); got.URL != "http://"+nobody || got.Status != "active" {
		t.Errorf("the endpoint became %+v", got)
	}
}

// T30: what reaches a receiver, and what it is asked with, names no whole
// phone and no code.
func TestT30PostedEventsAreThin(t *testing.T) {
	t.Parallel()
	w, receivers := newReceivers(t, 1, wide)
	at := receivers[0]
	shop := w.business("Shop")
	shop.addEndpoint(at, nil)
	shop.addBot(75)
	anna := shop.link(goodPhone)
	right := shop.begin(fields{"phone": goodPhone, "metadata": fields{"who": "planted-in-metadata"}, "order_id": "planted-in-order"})
	code := shop.inChat(anna).Code()
	shop.check(right.ID, fields{"code": other(code)})
	shop.check(right.ID, fields{"code": code})
	anna.Block(shop.bot)
	late := shop.begin(fields{"phone": goodPhone})
	second := w.waitSMS(goodPhone).Code()
	shop.cancel(late.ID)
	w.event(at, "link.created")
	w.event(at, "verification.approved")
	w.event(at, "verification.canceled")
	for _, e := range at.Events() {
		text := fmt.Sprintf("%s %v", e.Body, e.Header)
		for _, secret := range []string{goodPhone[1:], goodPhone[5:], code, second, "planted", shop.keys[0]} {
			if strings.Contains(withoutSignature(text), secret) {
				t.Errorf("%q is in %s", secret, text)
			}
		}
		if phone := e164.FindString(withoutIDs(string(e.Body))); phone != "" {
			t.Errorf("%s is in %s", phone, e.Body)
		}
	}
}

// withoutSignature leaves out what may hold any run of digits by chance.
func withoutSignature(text string) string {
	body, _, _ := strings.Cut(text, "map[")
	return withoutIDs(body)
}

// T27: what the operator has opened when an endpoint was saved may be closed
// when an event is to be sent.
func TestT27ClosedAgain(t *testing.T) {
	t.Parallel()
	w, receivers := newReceivers(t, 1)
	at := receivers[0]
	shop := w.business("Shop")
	e := shop.addEndpoint(at, nil)
	w.stop()
	w.cfg.WebhooksAllow = nil
	w.start()
	shop.begin(fields{"phone": goodPhone, "channels": []string{"sms"}})
	w.until("the refusal is in the log", func() bool {
		all := shop.posted(e.ID)
		return len(all) > 0 && all[0].Error["kind"] == "address" && all[0].Status == "waiting"
	})
	if n := at.CallCount(); n != 0 {
		t.Errorf("the receiver was called %d times", n)
	}
}

func replaying(body fields) func(*shop, string) answer {
	return func(s *shop, _ string) answer {
		return s.ask("POST", "/v1/webhooks/"+s.addNobody()+"/replay", body)
	}
}

// addNobody registers an endpoint that takes nothing.
func (s *shop) addNobody() string {
	s.Helper()
	var e endpoint
	s.ask("POST", "/v1/webhooks", fields{"url": "http://" + nobody}).into(s, http.StatusCreated, &e)
	return e.ID
}

func provokeTooManyWebhooks(s *shop, _ string) answer {
	for range 10 {
		s.addNobody()
	}
	return s.ask("POST", "/v1/webhooks", fields{"url": "http://" + nobody})
}

func provokeWebhookDisabled(s *shop, _ string) answer {
	id := s.addNobody()
	s.ask("PATCH", "/v1/webhooks/"+id, fields{"status": "disabled"})
	return s.ask("POST", "/v1/webhooks/"+id+"/replay", fields{"from": "2026-01-01T00:00:00Z"})
}

// A replay is under way for as long as its postings are too many to wait at
// once, which they are at an endpoint that takes none.
func provokeReplayRunning(s *shop, _ string) answer {
	from := time.Now().UTC().Format(time.RFC3339Nano)
	for n := range 120 {
		s.begin(fields{"phone": fmt.Sprintf("+7701865%04d", n), "channels": []string{"sms"}})
	}
	id := s.addNobody()
	if a := s.ask("POST", "/v1/webhooks/"+id+"/replay", fields{"from": from}); a.status != http.StatusAccepted {
		return a
	}
	return s.ask("POST", "/v1/webhooks/"+id+"/replay", fields{"from": from})
}

// TestSecretsOfEndpoints: a signing secret is shown when it is drawn, and rests
// nowhere in clear.
func TestSecretsOfEndpoints(t *testing.T) {
	t.Parallel()
	w, receivers := newReceivers(t, 1)
	shop := w.business("Shop")
	body := fields{"url": receivers[0].URL()}
	var e, again, rotated endpoint
	shop.ask("POST", "/v1/webhooks", body, "Idempotency-Key", "one").into(shop, http.StatusCreated, &e)
	shop.ask("POST", "/v1/webhooks", body, "Idempotency-Key", "one").into(shop, http.StatusCreated, &again)
	if again.ID != e.ID || again.Secret != "" || !strings.HasPrefix(e.Secret, "whsec_") {
		t.Errorf("a repeat gives %+v, the first answer was %+v", again, e)
	}
	shop.ask("POST", "/v1/webhooks/"+e.ID+"/rotate", nil).into(shop, http.StatusOK, &rotated)
	receivers[0].Trust(e.Secret)
	shop.begin(fields{"phone": goodPhone, "channels": []string{"sms"}})
	w.event(receivers[0], "verification.started")
	lists := string(shop.ask("GET", "/v1/webhooks", nil).body) + string(shop.ask("GET", "/v1/webhooks/"+e.ID+"/deliveries", nil).body)
	w.stop()
	files := string(bytes.Join(slices.Collect(maps.Values(w.files())), nil))
	for _, secret := range []string{e.Secret, rotated.Secret} {
		for what, text := range map[string]string{"the lists": lists, "the log": w.logs.String(), "the files": files} {
			if strings.Contains(text, strings.TrimPrefix(secret, "whsec_")) {
				t.Errorf("%s hold a secret", what)
			}
		}
	}
	if !strings.Contains(files, e.ID) {
		t.Error("the search does not see the endpoint in the files")
	}
}
