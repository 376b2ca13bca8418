package smssim_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"otpravka/internal/sim/smssim"
)

const phone = "+77011234567"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// provider is a running simulator with a client.
type provider struct {
	*smssim.Server
	tb     testing.TB
	base   string
	client *http.Client
}

func newProvider(tb testing.TB, opts smssim.Options) *provider {
	tb.Helper()
	p := &provider{Server: smssim.New(opts), tb: tb, client: &http.Client{Transport: &http.Transport{}}}
	base, err := p.Listen()
	if err != nil {
		tb.Fatal(err)
	}
	p.base = base
	tb.Cleanup(func() {
		p.Close()
		p.client.CloseIdleConnections()
	})
	return p
}

func (p *provider) request(path, contentType, body string) *http.Request {
	p.tb.Helper()
	r, err := http.NewRequest(http.MethodPost, p.base+path, strings.NewReader(body))
	if err != nil {
		p.tb.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	return r
}

func (p *provider) do(r *http.Request) (int, string, error) {
	resp, err := p.client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

// send posts a message with a text of its own as JSON.
func (p *provider) send(text, ref, callback string) (int, string, error) {
	p.tb.Helper()
	body, err := json.Marshal(map[string]string{"to": phone, "text": text, "ref": ref, "callback": callback})
	if err != nil {
		p.tb.Fatal(err)
	}
	return p.do(p.request("/send", "application/json", string(body)))
}

// must sends a message that has to be accepted.
func (p *provider) must(text, ref, callback string) {
	p.tb.Helper()
	if status, body, err := p.send(text, ref, callback); status != 200 || err != nil {
		p.tb.Fatalf("send: %d %s, %v", status, body, err)
	}
}

func soon(tb testing.TB) context.Context {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 10*time.Second)
	tb.Cleanup(cancel)
	return ctx
}

func TestEveryEncoding(t *testing.T) {
	p := newProvider(t, smssim.Options{})
	values := url.Values{"to": {phone}, "text": {"Код 1234 & co"}, "from": {"Shop"}, "ref": {"dlv_1"}}
	asJSON := `{"to":"+77011234567","text":"Код 1234 & co","from":"Shop","ref":"dlv_1"}`
	get, err := http.NewRequest(http.MethodGet, p.base+"/send?"+values.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]*http.Request{
		"json":        p.request("/send", "application/json", asJSON),
		"form":        p.request("/send", "application/x-www-form-urlencoded", values.Encode()),
		"query":       get,
		"query, POST": p.request("/send?"+values.Encode(), "text/plain", ""),
	} {
		status, body, err := p.do(r)
		if status != 200 || err != nil {
			t.Errorf("%s: %d %s, %v", name, status, body, err)
		}
	}
	inbox := p.Inbox("77011234567")
	if len(inbox) != 4 {
		t.Fatalf("%d messages", len(inbox))
	}
	for i, m := range inbox {
		if m.To != phone || m.Text != "Код 1234 & co" || m.From != "Shop" || m.Ref != "dlv_1" || m.Code() != "1234" {
			t.Errorf("message %d: %+v", i, m)
		}
	}
	if inbox[0].ID != "sms-1" || inbox[3].ID != "sms-4" {
		t.Errorf("ids %s, %s", inbox[0].ID, inbox[3].ID)
	}
}

func TestOwnNamesAndAnswers(t *testing.T) {
	p := newProvider(t, smssim.Options{
		Path:     "/api/v1/sms",
		Fields:   smssim.Fields{To: "mobile_phone", Text: "message", From: "sender", Ref: "user_sms_id", Callback: "callback_url"},
		Accepted: smssim.Answer{Status: 202, Body: `{"data":{"id":"{id}","ref":"{ref}","to":"{to}"}}`},
	})
	status, body, err := p.do(p.request("/api/v1/sms", "application/json", `{"mobile_phone":"77011234567","message":"x","user_sms_id":"a\"b"}`))
	if status != 202 || body != `{"data":{"id":"sms-1","ref":"a\"b","to":"77011234567"}}` || err != nil {
		t.Errorf("%d %s, %v", status, body, err)
	}
	if status, _, _ := p.do(p.request("/send", "application/json", `{}`)); status != 404 {
		t.Errorf("default path: %d", status)
	}
}

func TestRefusedSends(t *testing.T) {
	p := newProvider(t, smssim.Options{})
	for body, want := range map[string]string{
		`{"text":"x"}`:             `{"status":"error","error":"missing field to"}`,
		`{"to":"77010000001"}`:     `{"status":"error","error":"missing field text"}`,
		`{"to":`:                   `{"status":"error","error":"can't parse JSON object"}`,
		`{"to":"abc","text":"hi"}`: `{"status":"error","error":"missing field to"}`,
	} {
		status, got, err := p.do(p.request("/send", "application/json", body))
		if status != 400 || got != want || err != nil {
			t.Errorf("%s: %d %s, %v", body, status, got, err)
		}
	}
	if n := p.CallCount(); n != 4 {
		t.Errorf("%d calls", n)
	}
}

func TestAuth(t *testing.T) {
	basic := func(r *http.Request) { r.SetBasicAuth("shop", "secret") }
	bearer := func(r *http.Request) { r.Header.Set("Authorization", "Bearer key") }
	none := func(*http.Request) {}
	for _, tt := range []struct {
		name   string
		auth   smssim.Auth
		login  func(*http.Request)
		status int
	}{
		{"basic", smssim.Auth{User: "shop", Password: "secret"}, basic, 200},
		{"basic missing", smssim.Auth{User: "shop", Password: "secret"}, none, 401},
		{"basic wrong", smssim.Auth{User: "shop", Password: "other"}, basic, 401},
		{"bearer", smssim.Auth{Bearer: "key"}, bearer, 200},
		{"bearer wrong", smssim.Auth{Bearer: "other"}, bearer, 401},
		{"open", smssim.Auth{}, none, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newProvider(t, smssim.Options{Auth: tt.auth})
			r := p.request("/send", "application/json", `{"to":"77011234567","text":"x"}`)
			tt.login(r)
			status, _, err := p.do(r)
			if status != tt.status || err != nil || len(p.Inbox(phone)) != map[int]int{200: 1, 401: 0}[status] {
				t.Errorf("%d, %v, %d messages", status, err, len(p.Inbox(phone)))
			}
		})
	}
}

func TestWaitAndSubscribe(t *testing.T) {
	p := newProvider(t, smssim.Options{})
	feed := p.Subscribe(t.Context())
	got := make(chan smssim.SMS, 1)
	go func() {
		m, err := p.WaitSMS(t.Context(), phone, smssim.HasCode())
		if err != nil {
			t.Error(err)
		}
		got <- m
	}()
	p.must("hello", "", "")
	p.must("your code: 482913", "", "")
	if m := <-got; m.Code() != "482913" {
		t.Errorf("message %+v", m)
	}
	if err := p.WaitCalls(soon(t), 2); err != nil {
		t.Error(err)
	}
	p.Close()
	var texts []string
	for m := range feed {
		texts = append(texts, m.Text)
	}
	if len(texts) != 2 || texts[0] != "hello" {
		t.Errorf("feed %q", texts)
	}
}

func TestQuietInbox(t *testing.T) {
	p := newProvider(t, smssim.Options{Quiet: true})
	for range 150 {
		p.must("x", "", "")
	}
	p.must("newest", "", "")
	inbox := p.Inbox(phone)
	if n := len(inbox); n < 50 || n > 100 || inbox[n-1].Text != "newest" {
		t.Errorf("%d messages kept", n)
	}
	if p.Calls() != nil || p.CallCount() != 151 {
		t.Errorf("%d calls", p.CallCount())
	}
}
