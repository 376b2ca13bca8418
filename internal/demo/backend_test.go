package demo

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// backend is the demo's backend without a browser.
type backend struct {
	testing.TB
	*stage
	url string
}

func newBackend(t testing.TB) *backend {
	t.Helper()
	s, err := newStage(t.Context(), Options{Business: "Book House", FallbackAfter: soon, Out: io.Discard, Log: t.Output()})
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.handler())
	t.Cleanup(server.Close)
	return &backend{t, s, server.URL}
}

// ask sends one request and returns the answer with its body.
func (b *backend) ask(method, path, body string, header ...string) (*http.Response, string) {
	b.Helper()
	req, err := http.NewRequest(method, b.url+path, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		b.Fatal(err)
	}
	return res, string(raw)
}

// events reads server-sent events until the part holds the text.
func (b *backend) events(part, text string) string {
	b.Helper()
	ctx, done := context.WithTimeout(b.Context(), sight)
	defer done()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url+"/events", nil)
	if err != nil {
		b.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	lines, all, name := bufio.NewScanner(res.Body), "", ""
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		all += lines.Text() + "\n"
		if after, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			name = after
		}
		if name == part && strings.Contains(lines.Text(), text) {
			return all
		}
	}
	b.Fatalf("no event %s with %q: %v", part, text, lines.Err())
	return ""
}

func TestThePageKeepsToItself(t *testing.T) {
	b := newBackend(t)
	res, page := b.ask("GET", "/", "")
	if got := res.Header.Get("Content-Security-Policy"); got != policy {
		t.Errorf("policy %q", got)
	}
	// A block of data is no script: it does not run, and the policy lets it be.
	markup := regexp.MustCompile(`<script type="application/json"[^>]*>[^<]*</script>`).ReplaceAllString(page, "")
	for what, bad := range map[string]string{
		"an inline script":  `<script[^>]*>[^<]`,
		"an inline handler": `\son[a-z]+=`,
		"an inline style":   `<style|\sstyle=`,
		"another host":      `(src|href|action)="(https?:)?//`,
	} {
		if hit := regexp.MustCompile(bad).FindString(markup); hit != "" {
			t.Errorf("the page holds %s: %s", what, hit)
		}
	}
	for _, link := range regexp.MustCompile(`(?:src|href)="(/[^"]+)"`).FindAllStringSubmatch(page, -1) {
		if res, _ := b.ask("GET", link[1], ""); res.StatusCode != http.StatusOK || res.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s answers %d", link[1], res.StatusCode)
		}
	}
	if !strings.Contains(page, "after 10 s instead of 45 s") || !strings.Contains(page, `lang="en"`) {
		t.Error("the page does not say what it shortens, or in which language")
	}
}

func TestTheKeyStaysInTheBackend(t *testing.T) {
	b := newBackend(t)
	seen := ""
	for _, path := range []string{"/", "/files/app.js", "/files/shop.js"} {
		_, body := b.ask("GET", path, "")
		seen += body
	}
	_, started := b.ask("POST", "/shop/start", `{"phone":"`+annasPhone+`"}`)
	_, refused := b.ask("POST", "/shop/start", `{"phone":"12"}`)
	seen += started + refused + b.events("phone-anna", "is your Book House login code")
	if key := b.counter.shop.key; !strings.HasPrefix(key, "otp_live_") || strings.Contains(seen, key) || strings.Contains(seen, botToken) {
		t.Error("a browser gets to see the key or the token")
	}
}

func TestOtherSitesPressNoButtons(t *testing.T) {
	b := newBackend(t)
	for name, header := range map[string][]string{
		"by fetch metadata": {"Sec-Fetch-Site", "cross-site"},
		"by origin":         {"Origin", "http://shop.example"},
	} {
		if res, _ := b.ask("POST", "/phone/open", `{"who":"anna"}`, header...); res.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
	if b.people[0].user.Chat(b.bot).Started {
		t.Error("the chat was started all the same")
	}
}

func TestRefusalsSayWhatToDo(t *testing.T) {
	b := newBackend(t)
	for _, tt := range []struct {
		path, body string
		status     int
		want       string
	}{
		{"/shop/start", `{"phone":"abc"}`, 422, "phone_"},
		{"/shop/start", `{"phone":"+77011234567","payment":true,"amount":"much","payee":"Shop"}`, 422, "in figures"},
		{"/shop/start", `{"phone":"+77011234567","payment":true,"amount":"0,00","payee":"Shop"}`, 422, "in figures"},
		{"/shop/start", `{"phone":"+77011234567","payment":true,"amount":"4990,00","payee":" "}`, 422, "who gets the money"},
		{"/shop/start", `{"phone":"abc","payment":true,"amount":"4990,00","payee":"Shop"}`, 422, "phone_"},
		{"/shop/start", `{`, 400, "bad_json"},
		{"/shop/start", `{"phone":"` + strings.Repeat("7", maxBody) + `"}`, 400, "bad_json"},
		{"/shop/check", `{"code":"123456"}`, 409, "Ask for a code first."},
		{"/shop/resend", `{}`, 409, "Ask for a code first."},
		{"/phone/open", `{"who":"nobody"}`, 404, "nobody of this name"},
		{"/phone/open", `{"who":"anna","link":"https://example.com/"}`, 409, "not on the screen"},
		{"/phone/keyboard", `{"who":"anna","text":"Share my number"}`, 409, "not on the screen"},
		{"/phone/press", `{"who":"anna","message":1,"button":"x"}`, 409, "not on the screen"},
	} {
		if res, body := b.ask("POST", tt.path, tt.body); res.StatusCode != tt.status || !strings.Contains(body, tt.want) {
			t.Errorf("%s %s: %d %s", tt.path, tt.body, res.StatusCode, body)
		}
	}
	if res, _ := b.ask("GET", "/shop/start", ""); res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", res.StatusCode)
	}
}

// TestLeavingCancels also asks whether two shops in one demo disturb each other:
// a new code takes the place of the one before.
func TestLeavingCancels(t *testing.T) {
	b := newBackend(t)
	for range 4 { // more than may be live at one time
		if res, body := b.ask("POST", "/shop/start", `{"phone":"`+annasPhone+`"}`); res.StatusCode != http.StatusOK {
			t.Fatalf("%d %s", res.StatusCode, body)
		}
	}
	if res, body := b.ask("POST", "/shop/leave", `{}`); res.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", res.StatusCode, body)
	}
	b.events("shop", `"sale":null`)
	v, err := b.counter.shop.get(t.Context(), b.counter.current().id)
	if err != nil || v.Status != "canceled" || v.EndReason != "canceled_by_business" {
		t.Errorf("%s %s, %v", v.Status, v.EndReason, err)
	}
}

func TestSwitchesAreLifted(t *testing.T) {
	b := newBackend(t)
	for _, trouble := range troubles {
		b.ask("POST", "/fault", `{"id":"`+trouble.ID+`","on":true}`)
		b.events("faults", `"`+trouble.ID+`":true`)
		b.ask("POST", "/fault", `{"id":"`+trouble.ID+`","on":false}`)
		b.events("faults", `"`+trouble.ID+`":false`)
	}
	b.ask("POST", "/fault", `{"id":"unknown","on":true}`)
	b.ask("POST", "/shop/start", `{"phone":"`+annasPhone+`"}`)
	b.events("phone-anna", "is your Book House login code")
}

func TestAStreamEndsWithTheDemo(t *testing.T) {
	url := servePage(t, "en", soon) // fails if the end takes longer than goodbye
	res, err := http.Get(url + "/events")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	if got := res.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("content type %q", got)
	}
}

func TestATakenPortIsLeftAlone(t *testing.T) {
	taken, err := net.Listen("tcp", DefaultListen)
	if err == nil {
		t.Cleanup(func() { _ = taken.Close() })
	}
	ln, err := listen("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	if ln.Addr().String() == DefaultListen || !ln.Addr().(*net.TCPAddr).IP.IsLoopback() {
		t.Errorf("listens on %s", ln.Addr())
	}
	if _, err := listen(ln.Addr().String()); err == nil {
		t.Error("a named port that is taken was not refused")
	}
}

func TestBoardSendsWhatChanged(t *testing.T) {
	var b board
	set := func(part string, v any) {
		if err := b.set(part, v); err != nil {
			t.Fatal(err)
		}
	}
	set("a", 1)
	set("b", 1)
	events, version := b.since(0)
	if want := "event: a\ndata: 1\n\nevent: b\ndata: 1\n\n"; string(events) != want {
		t.Errorf("first %q", events)
	}
	set("a", 1)
	if again, _ := b.since(version); len(again) != 0 {
		t.Errorf("nothing has changed, but %q", again)
	}
	set("b", 2)
	set("b", 3)
	if events, _ := b.since(version); !bytes.Equal(events, []byte("event: b\ndata: 3\n\n")) {
		t.Errorf("then %q", events)
	}
}
