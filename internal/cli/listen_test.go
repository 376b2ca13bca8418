package cli_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"otpravka/internal/freeport"
	"otpravka/otpcore"
)

const listenSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// merchant is a developer's app that believes no event without a good
// signature.
type merchant struct {
	testing.TB
	url  string
	sick atomic.Bool // it answers 503
	got  chan eventLine
}

// eventLine is an event as the app or the screen has it.
type eventLine struct {
	ID   string            `json:"id"`
	Type string            `json:"type"`
	Mode string            `json:"mode"`
	Data map[string]string `json:"data"`
	raw  string
}

func newMerchant(t testing.TB) *merchant {
	m := &merchant{TB: t, got: make(chan eventLine, 1000)}
	webhook, err := standardwebhooks.NewWebhook(listenSecret)
	if err != nil {
		t.Fatal(err)
	}
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = webhook.Verify(body, r.Header)
		}
		if err != nil || r.Method != http.MethodPost || r.URL.Path != "/hooks" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s, signed %q: %v", r.Method, r.URL.Path, r.Header.Get("webhook-signature"), err)
		}
		if m.sick.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		e := eventLine{raw: string(body)}
		if err := json.Unmarshal(body, &e); err != nil || e.ID != r.Header.Get("webhook-id") {
			t.Errorf("%s has the webhook-id %s: %v", body, r.Header.Get("webhook-id"), err)
		}
		m.got <- e
	}))
	t.Cleanup(app.Close)
	m.url = app.URL + "/hooks"
	return m
}

// until returns what the app got up to the event of the type.
func (m *merchant) until(verification string, kind otpcore.EventType) (got []eventLine) {
	m.Helper()
	over := time.After(patience)
	for {
		select {
		case e := <-m.got:
			got = append(got, e)
			if e.Type == string(kind) && e.Data["verification_id"] == verification {
				return got
			}
		case <-over:
			m.Fatalf("no %s of %s within %s", kind, verification, patience)
		}
	}
}

// shopApp asks for codes with a test key.
type shopApp struct {
	testing.TB
	url, key string
	codes    []string
}

func (s *shopApp) call(method, path, body string, into any) {
	s.Helper()
	req, err := http.NewRequestWithContext(s.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.key)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode > 299 {
		s.Fatalf("%s %s answered %s", method, path, res.Status)
	}
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		s.Fatal(err)
	}
}

// approve starts a verification and types its code.
func (s *shopApp) approve() (id string) {
	s.Helper()
	var v struct {
		ID   string
		Code string `json:"test_code"`
	}
	s.call("POST", "/v1/verifications", `{"phone":"+15005550001"}`, &v)
	s.codes = append(s.codes, v.Code)
	var result struct{ Valid bool }
	s.call("POST", "/v1/verifications/"+v.ID+"/check", `{"code":"`+v.Code+`"}`, &result)
	if !result.Valid {
		s.Error("the right code is wrong")
	}
	return v.ID
}

func (s *shopApp) events() []eventLine {
	s.Helper()
	var page struct{ Items []json.RawMessage }
	s.call("GET", "/v1/events?limit=100", "", &page)
	return linesOf(s, page.Items...)
}

func linesOf(t testing.TB, raw ...json.RawMessage) (all []eventLine) {
	t.Helper()
	for _, text := range raw {
		e := eventLine{raw: string(text)}
		if err := json.Unmarshal(text, &e); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		all = append(all, e)
	}
	return all
}

func idsOf(all []eventLine) (ids []string) {
	for _, e := range all {
		ids = append(ids, e.ID)
	}
	return ids
}

func (p place) listen(shop *shopApp, args ...string) (*process, *bytes.Buffer) {
	p.Helper()
	cmd := p.command(append([]string{"listen"}, args...)...)
	cmd.Env = append(cmd.Env, "OTPRAVKA_URL="+shop.url, "OTPRAVKA_KEY="+shop.key)
	out := &bytes.Buffer{} // read once the process has ended
	cmd.Stdout = out
	l := begin(p, cmd)
	l.waitFor(p, "listening to "+shop.url)
	return l, out
}

// The listener is there from before the first code; its app fails for a while,
// and the server is killed. Every event arrives, in order, each once.
func TestListenLosesNothing(t *testing.T) {
	t.Parallel()
	p, addr, app := newPlace(t), freeport.For(t), newMerchant(t)
	server := p.launch(addr)
	made, err := p.command("business", "create", "--name", "Shop", "--country", "KZ").Output()
	if err != nil {
		t.Fatalf("business create: %v", err)
	}
	shop := &shopApp{TB: t, url: "http://" + addr, key: testKeyForm.FindString(string(made))}
	before := len(shop.events())
	shop.approve()
	for before < 3 { // started, sent, approved: what a listener for the latest leaves out
		before = len(shop.events())
	}
	listener, out := p.listen(shop, "--forward", app.url, "--secret", listenSecret)

	got := app.until(shop.approve(), otpcore.EventVerificationApproved)
	app.sick.Store(true)
	late := shop.approve()
	listener.waitFor(t, "it answered 503")
	app.sick.Store(false)
	listener.waitFor(t, app.url+" is back")
	got = append(got, app.until(late, otpcore.EventVerificationApproved)...)

	if err := server.end(t, syscall.SIGKILL); err == nil {
		t.Error("a killed server ended in order")
	}
	listener.waitFor(t, shop.url+" failed")
	p.launch(addr)
	listener.waitFor(t, shop.url+" is back")
	got = append(got, app.until(shop.approve(), otpcore.EventVerificationApproved)...)
	if err := listener.end(t, syscall.SIGINT); err != nil {
		t.Errorf("Ctrl-C: %v", err)
	}

	all := shop.events()[before:]
	if !slices.Equal(idsOf(got), idsOf(all[:min(len(all), len(got))])) {
		t.Errorf("the app got %v, the list is %v", idsOf(got), idsOf(all))
	}
	if lines := strings.Count(out.String(), "\n"); lines < len(got) || lines > len(all) {
		t.Errorf("%d lines for %d events:\n%s", lines, len(got), out)
	}
	if !regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d\.\d{3}  delivery\.sent {2,}evt_\w{26}  \+1500•••0001 {2,}telegram trial$`).MatchString(out.String()) {
		t.Errorf("no line of a send in\n%s", out)
	}
	shop.nowhere(out.String())
	for _, e := range got {
		if e.Mode != "test" || e.Data["phone"] != "+1500•••0001" {
			t.Errorf("an event is %s", e.raw)
		}
		shop.nowhere(e.raw)
	}
}

// nowhere expects neither a code nor the key nor a whole phone in the text.
func (s *shopApp) nowhere(text string) {
	s.Helper()
	for _, secret := range append(s.codes, s.key, "+15005550001", "15005550001") {
		if strings.Contains(text, secret) {
			s.Errorf("%q is in %s", secret, text)
		}
	}
}

func TestListenPrintsJSONOfTheTypesAsked(t *testing.T) {
	t.Parallel()
	p, addr := newPlace(t), freeport.For(t)
	p.launch(addr)
	made, err := p.command("business", "create", "--name", "Shop", "--country", "KZ").Output()
	if err != nil {
		t.Fatalf("business create: %v", err)
	}
	shop := &shopApp{TB: t, url: "http://" + addr, key: testKeyForm.FindString(string(made))}
	one, two := shop.approve(), shop.approve()
	cmd := p.command("listen", "--json", "--since", "beginning", "--types", "verification.approved,delivery.failed")
	cmd.Env = append(cmd.Env, "OTPRAVKA_URL="+shop.url, "OTPRAVKA_KEY="+shop.key)
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	listener := begin(t, cmd)
	var lines []json.RawMessage
	for decoder := json.NewDecoder(pipe); len(lines) < 2; {
		var line json.RawMessage
		if err := decoder.Decode(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	if err := listener.end(t, syscall.SIGTERM); err != nil {
		t.Errorf("SIGTERM: %v", err)
	}
	for i, e := range linesOf(t, lines...) {
		if want := []string{one, two}[i]; e.Type != "verification.approved" || e.Data["verification_id"] != want {
			t.Errorf("line %d is %s", i, e.raw)
		}
	}
}

func TestListenRefusals(t *testing.T) {
	p, addr := newPlace(t), freeport.For(t)
	p.start(p.serve("--listen", addr)...)
	url := "http://" + addr
	key := testKeyForm.FindString(p.create("Shop", "--country", "KZ").out)
	_, foreign := otpcore.NewKey(&otpcore.Business{}, otpcore.Live, "", nil, time.Now())
	page := httptest.NewServer(http.NotFoundHandler())
	defer page.Close()
	for name, tt := range map[string]struct {
		url, key string
		flags    []string
		words    []string
	}{
		"no key":                 {url, "", nil, []string{"OTPRAVKA_KEY"}},
		"half a key":             {url, key[:30], nil, []string{"--key or OTPRAVKA_KEY is no API key"}},
		"half a key in the flag": {url, key, []string{"--key", key[:30]}, []string{"--key or OTPRAVKA_KEY is no API key"}},
		"unknown key":            {url, foreign.Reveal(), nil, []string{"does not know this key", "--key or OTPRAVKA_KEY"}},
		"no address":             {"localhost", key, nil, []string{"--url or OTPRAVKA_URL"}},
		"another server":         {page.URL, key, nil, []string{"404", "address of Otpravka"}},
		"forward nowhere":        {url, key, []string{"--forward", "localhost:3000"}, []string{"--forward must be"}},
		"bad secret":             {url, key, []string{"--forward", page.URL, "--secret", "hunter2"}, []string{"--secret", "whsec_"}},
		"secret of nothing":      {url, key, []string{"--secret", listenSecret}, []string{"--forward"}},
		"unknown type":           {url, key, []string{"--types", "delivery.sent,verification.aproved"}, []string{"400", "The type verification.aproved does not exist. Its name may be verification.approved."}},
		"unknown place":          {url, key, []string{"--since", "evt_01kpx3q8e5f1ttgq0g7m9y2c4d"}, []string{"400", "next_after"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("OTPRAVKA_URL", tt.url)
			t.Setenv("OTPRAVKA_KEY", tt.key)
			run(t, append([]string{"listen"}, tt.flags...)...).refused(t, "hunter2", tt.words...)
		})
	}
}

func TestListenEndsWhileNoServerIsThere(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	shop := &shopApp{TB: t, url: "http://" + freeport.For(t)}
	_, key := otpcore.NewKey(&otpcore.Business{}, otpcore.Test, "", nil, time.Now())
	cmd := p.command("listen", "--forward", "http://127.0.0.1:1")
	cmd.Env = append(cmd.Env, "OTPRAVKA_URL="+shop.url, "OTPRAVKA_KEY="+key.Reveal())
	listener := begin(t, cmd)
	listener.waitFor(t, "signing secret whsec_")
	listener.waitFor(t, shop.url+" failed: ")
	if err := listener.end(t, syscall.SIGINT); err != nil {
		t.Errorf("Ctrl-C: %v", err)
	}
}
