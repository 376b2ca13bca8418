package app_test

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"otpravka/internal/app"
	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/whatsappcloudsim"
)

const cloudSecret = "0123456789abcdef0123456789abcdef"

var cloudAccount = whatsappcloudsim.Account{
	Token: "EAAGm0PX4ZCpsBAKZCexampleexampleexampleexample", AppSecret: cloudSecret, PhoneNumberID: "106540352242922",
	AccountID: "102290129340398", Display: "+7 777 000 00 01", Name: "Book House",
}

type cloudBot struct {
	ID          string `json:"id"`
	State       string `json:"state"`
	Detail      string `json:"state_detail"`
	URL         string `json:"url"`
	CallbackURL string `json:"callback_url"`
	VerifyToken string `json:"verify_token"`
}

// cloud is a shop with a number at a simulated Cloud API.
type cloud struct {
	*shop
	graph  *whatsappcloudsim.Server
	number cloudBot
}

func withCloud(t *testing.T, on func(*app.Config), opts whatsappcloudsim.Options) *cloud {
	t.Helper()
	graph := whatsappcloudsim.New(opts)
	base, err := graph.Listen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(graph.Close)
	graph.AddAccount(cloudAccount)
	w := newWorld(t, on, func(cfg *app.Config) {
		cfg.WhatsAppCloudAPI = base
		cfg.WhatsAppPrices = app.WhatsAppPrices{Currency: "USD", ByCategory: map[string]map[string]string{
			"authentication": {"KZ": "0.0189", "*": "0.05"}, "utility": {"*": "0.0081"},
		}}
	})
	c := &cloud{shop: w.business("Book House"), graph: graph}
	c.ask("POST", "/v1/bots", cloudRequest()).into(c.shop, http.StatusCreated, &c.number)
	return c
}

func cloudRequest() fields {
	return fields{"kind": "whatsapp_cloud", "token": cloudAccount.Token, "whatsapp": fields{
		"phone_number_id": cloudAccount.PhoneNumberID, "business_account_id": cloudAccount.AccountID, "app_secret": cloudSecret,
	}}
}

// entered is a cloud whose owner has entered our address at Meta.
func entered(t *testing.T, on func(*app.Config), opts whatsappcloudsim.Options) *cloud {
	t.Helper()
	c := withCloud(t, on, opts)
	c.becomes("connected")
	c.must(c.graph.Enter(c.ctx(), cloudAccount.PhoneNumberID, c.number.CallbackURL, c.number.VerifyToken))
	return c
}

func (c *cloud) becomes(state string) {
	c.Helper()
	c.until("the number is "+state, func() bool {
		c.ask("GET", "/v1/bots/"+c.number.ID, nil).into(c.shop, http.StatusOK, &c.number)
		return c.number.State == state
	})
}

func (c *cloud) gets(phone string) whatsappcloudsim.Message {
	c.Helper()
	m, err := c.graph.WaitMessage(c.ctx(), phone)
	c.must(err)
	return m
}

func (c *cloud) report(m whatsappcloudsim.Message, word string) {
	c.Helper()
	status, err := c.graph.Report(c.ctx(), m.ID, word, 131026)
	c.must(err)
	if status != http.StatusOK {
		c.Errorf("report %s was answered %d", word, status)
	}
}

func TestWhatsAppCloud(t *testing.T) { eachDatabase(t, whatsAppCloud) }

func whatsAppCloud(t *testing.T, on func(*app.Config)) {
	c := entered(t, on, whatsappcloudsim.Options{})
	c.addBot(1) // nobody has linked to it
	v := c.begin(fields{"phone": goodPhone, "channels": []string{"telegram", "whatsapp", "sms"}, "fallback_on": "undelivered", "when_unlinked": "sms_now"})
	if !strings.HasPrefix(v.Links["whatsapp"], "https://wa.me/77770000001?text=") {
		t.Errorf("links are %v", v.Links)
	}
	m := c.gets(goodPhone)
	c.settled(v.ID, "whatsapp:sent")
	for _, word := range []string{"read", "delivered", "sent", "failed", "read"} { // as they come, and twice
		c.report(m, word)
	}
	if got := c.settled(v.ID, "whatsapp:read"); got.FallbackAt != "" || got.happened("delivery.read") != 1 || got.happened("delivery.failed") != 0 {
		t.Errorf("after the reports: fallback at %q, timeline %+v", got.FallbackAt, got.Timeline)
	}
	var p priced
	c.ask("GET", "/v1/verifications/"+v.ID, nil).into(c.shop, http.StatusOK, &p)
	if d := p.Deliveries[0]; d.Provider != "whatsapp_cloud" || d.Cost["amount"] != "0.0189" || d.Cost["currency"] != "USD" {
		t.Errorf("delivery is %+v", d)
	}
	if r := c.check(v.ID, fields{"code": m.Code}); !r.Valid {
		t.Errorf("the code was refused: %s", r.Reason)
	}
	for _, s := range []string{cloudAccount.Token, cloudSecret, m.Code, c.number.VerifyToken, goodPhone} {
		if strings.Contains(c.logs.String(), s) {
			t.Errorf("%q is in the log", s)
		}
	}
}

// Telegram is not linked, and the number is not on WhatsApp: SMS goes out at once,
// and for a week WhatsApp is not asked again.
func TestCloudLeavesItToSMS(t *testing.T) { eachDatabase(t, cloudToSMS) }

func cloudToSMS(t *testing.T, on func(*app.Config)) {
	c := entered(t, on, whatsappcloudsim.Options{})
	c.addBot(1)
	c.graph.Leave(goodPhone)
	begun := time.Now()
	v := c.begin(fields{"phone": goodPhone})
	m := c.gets(goodPhone)
	if sms := c.waitSMS(goodPhone).Code(); sms != m.Code || time.Since(begun) > 20*time.Second {
		t.Error("another code came by SMS, or the same one late")
	}
	if got := c.settled(v.ID, "whatsapp:failed sms:delivered"); got.Deliveries[0].Error["kind"] != "not_on_channel" {
		t.Errorf("delivery is %+v", got.Deliveries[0])
	}
	c.settled(c.begin(fields{"phone": goodPhone}).ID, "sms:delivered")
	if got := c.graph.Messages(goodPhone); len(got) != 1 {
		t.Errorf("WhatsApp was asked %d times", len(got))
	}
}

// Meta may be faster with a report than with the answer to the send, and leave our
// reference out of it.
func TestCloudReportBeforeTheAnswer(t *testing.T) { eachDatabase(t, cloudEarlyReport) }

func cloudEarlyReport(t *testing.T, on func(*app.Config)) {
	c := entered(t, on, whatsappcloudsim.Options{Silent: true})
	c.graph.Fail(fault.Rule{Method: "messages", AnswerDelay: 500 * time.Millisecond})
	v := c.begin(fields{"phone": goodPhone, "channels": []string{"whatsapp"}})
	m := c.gets(goodPhone)
	for _, word := range []string{"delivered", "sent"} {
		c.report(m, word)
	}
	c.settled(v.ID, "whatsapp:delivered")
	var p priced
	c.ask("GET", "/v1/verifications/"+v.ID, nil).into(c.shop, http.StatusOK, &p)
	if d := p.Deliveries[0]; d.Cost["amount"] != "0.0189" {
		t.Errorf("delivery is %+v", d)
	}
}

// A server that stops in the middle goes on with what it had.
func TestCloudReportAfterARestart(t *testing.T) {
	t.Parallel()
	c := entered(t, func(*app.Config) {}, whatsappcloudsim.Options{})
	v := c.begin(fields{"phone": goodPhone})
	m := c.gets(goodPhone)
	c.settled(v.ID, "whatsapp:sent")
	before := c.number
	c.stop()
	c.start()
	c.becomes("connected")
	if c.number.CallbackURL != before.CallbackURL || c.number.VerifyToken != before.VerifyToken {
		t.Error("the owner would have to enter another address")
	}
	c.report(m, "failed")
	if sms := c.waitSMS(goodPhone).Code(); sms != m.Code {
		t.Error("another code came by SMS")
	}
	c.settled(v.ID, "whatsapp:failed sms:delivered")
}

func TestWhoWritesToTheNumberIsLinked(t *testing.T) { eachDatabase(t, cloudLinks) }

func cloudLinks(t *testing.T, on func(*app.Config)) {
	c := withCloud(t, on, whatsappcloudsim.Options{Review: true})
	c.becomes("waiting_for_template_approval")
	if !strings.Contains(c.number.Detail, "not approved") || !strings.HasPrefix(c.number.URL, "https://wa.me/77770000001?text=") {
		t.Errorf("the number is %+v", c.number)
	}
	c.must(c.graph.Enter(c.ctx(), cloudAccount.PhoneNumberID, c.number.CallbackURL, c.number.VerifyToken))
	v := c.begin(fields{"phone": goodPhone, "channels": []string{"whatsapp"}})
	c.settled(v.ID, "whatsapp:waiting_link")
	text, err := url.PathUnescape(strings.TrimPrefix(v.Links["whatsapp"], "https://wa.me/77770000001?text="))
	c.must(err)
	for range 2 { // Meta posts again what was answered late
		status, err := c.graph.Says(c.ctx(), cloudAccount.PhoneNumberID, goodPhone, text)
		c.must(err)
		if status != http.StatusOK {
			t.Fatalf("answered %d", status)
		}
	}
	m, err := c.graph.WaitFor(c.ctx(), goodPhone, func(m whatsappcloudsim.Message) bool { return len(m.Buttons) == 1 })
	c.must(err)
	for _, id := range m.Buttons {
		press := whatsappcloudsim.Incoming(goodPhone, "interactive")
		press["interactive"] = map[string]any{"type": "button_reply", "button_reply": map[string]string{"id": id}}
		_, err := c.graph.Hear(c.ctx(), cloudAccount.PhoneNumberID, press)
		c.must(err)
	}
	c.until("the code is reported", func() bool { return c.get(v.ID).EndReason == "reported" })
	// With a text that Meta has approved the number reaches everybody.
	_, err = c.graph.Review(c.ctx(), cloudAccount.PhoneNumberID, "otpravka_code", "en", "APPROVED", "")
	c.must(err)
	c.becomes("connected")
	const other = "+77011234599"
	w := c.begin(fields{"phone": other, "channels": []string{"whatsapp"}})
	report := whatsappcloudsim.Incoming(other, "button")
	report["button"] = map[string]string{"payload": "DID_NOT_REQUEST_CODE", "text": "I didn't request a code"}
	report["context"] = map[string]string{"id": c.gets(other).ID}
	c.settled(w.ID, "whatsapp:sent")
	_, err = c.graph.Hear(c.ctx(), cloudAccount.PhoneNumberID, report)
	c.must(err)
	c.until("the code is reported", func() bool { return c.get(w.ID).EndReason == "reported" })
	_, err = c.graph.WaitFor(c.ctx(), other, func(m whatsappcloudsim.Message) bool { return len(m.Buttons) == 2 })
	c.must(err) // whether to pause codes
	// T22: the number may have another owner.
	moved := whatsappcloudsim.Incoming(goodPhone, "system")
	moved["system"] = map[string]string{"type": "customer_identity_changed"}
	_, err = c.graph.Hear(c.ctx(), cloudAccount.PhoneNumberID, moved)
	c.must(err)
	var found struct{ Links []struct{ Status string } }
	c.ask("POST", "/v1/phones/lookup", fields{"phone": goodPhone}).into(c.shop, http.StatusOK, &found)
	if len(found.Links) != 1 || found.Links[0].Status != "revoked" {
		t.Errorf("links are %+v", found.Links)
	}
}

// TestT24CloudPostsOverHTTP posts what proves nothing, and looks whether anything
// was stored.
func TestT24CloudPostsOverHTTP(t *testing.T) {
	t.Parallel()
	c := entered(t, func(*app.Config) {}, whatsappcloudsim.Options{})
	v := c.begin(fields{"phone": goodPhone})
	m := c.gets(goodPhone)
	c.settled(v.ID, "whatsapp:sent")
	body := []byte(`{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"106540352242922"},` +
		`"statuses":[{"id":"` + m.ID + `","status":"read","timestamp":"1749416383"}]}}]}]}`)
	for _, tt := range []struct {
		name    string
		address string
		header  http.Header
		status  int
	}{
		{"unsigned", c.number.CallbackURL, http.Header{}, 401},
		{"signed by another", c.number.CallbackURL, whatsappcloudsim.Sign(strings.Repeat("f", 32), body), 401},
		{"at an address that is not there", c.number.CallbackURL + "x", whatsappcloudsim.Sign(cloudSecret, body), 404},
		{"at Telegram's address", strings.Replace(c.number.CallbackURL, "whatsapp", "telegram", 1), whatsappcloudsim.Sign(cloudSecret, body), 404},
		{"a replay of what is true", c.number.CallbackURL, whatsappcloudsim.Sign(cloudSecret, body), 200},
	} {
		req, err := http.NewRequestWithContext(c.ctx(), "POST", tt.address, bytes.NewReader(body))
		c.must(err)
		req.Header = tt.header
		res, err := c.http.Do(req)
		c.must(err)
		c.must(res.Body.Close())
		if res.StatusCode != tt.status {
			t.Errorf("%s: answered %d, want %d", tt.name, res.StatusCode, tt.status)
		}
		want := "whatsapp:sent"
		if tt.status == 200 {
			want = "whatsapp:read"
		}
		if got := c.get(v.ID).trail(); got != want {
			t.Errorf("%s: %s", tt.name, got)
		}
	}
}

// TestCloudPostsInBatches: Meta puts up to 3 MB into a post, of what waited for us
// for example, and throws it away where it is never taken
// (https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/overview).
func TestCloudPostsInBatches(t *testing.T) {
	t.Parallel()
	c := entered(t, func(*app.Config) {}, whatsappcloudsim.Options{})
	v := c.begin(fields{"phone": goodPhone})
	m := c.gets(goodPhone)
	c.settled(v.ID, "whatsapp:sent")
	for _, tt := range []struct {
		size    int
		address string
		status  int
	}{
		{3 << 20, c.number.CallbackURL, 413},
		{2900 << 10, c.number.CallbackURL + "x", 404},
		{2900 << 10, c.number.CallbackURL, 200},
	} {
		body := []byte(`{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"106540352242922"},` +
			`"statuses":[{"id":"` + m.ID + `","status":"read","timestamp":"1749416383","padding":"` + strings.Repeat("x", tt.size) + `"}]}}]}]}`)
		req, err := http.NewRequestWithContext(c.ctx(), "POST", tt.address, bytes.NewReader(body))
		c.must(err)
		req.Header = whatsappcloudsim.Sign(cloudSecret, body)
		req.Header.Set("Expect", "100-continue") // who is refused need not send it all
		req.Close = true
		res, err := http.DefaultClient.Do(req)
		c.must(err)
		c.must(res.Body.Close())
		if res.StatusCode != tt.status {
			t.Errorf("%d bytes: answered %d, want %d", len(body), res.StatusCode, tt.status)
		}
	}
	c.settled(v.ID, "whatsapp:read")
}

// TestT25HandshakeOverHTTP asks for challenges that must not come back.
func TestT25HandshakeOverHTTP(t *testing.T) {
	t.Parallel()
	c := withCloud(t, func(*app.Config) {}, whatsappcloudsim.Options{})
	good := url.Values{"hub.mode": {"subscribe"}, "hub.challenge": {"1158201444"}, "hub.verify_token": {c.number.VerifyToken}}
	with := func(name string, values ...string) url.Values {
		q := url.Values{}
		for k, v := range good {
			q[k] = v
		}
		q[name] = values
		return q
	}
	for _, tt := range []struct {
		name    string
		address string
		query   url.Values
		status  int
	}{
		{"the owner's", c.number.CallbackURL, good, 200},
		{"another word", c.number.CallbackURL, with("hub.verify_token", "x"), 403},
		{"no word", c.number.CallbackURL, with("hub.verify_token"), 403},
		{"two words", c.number.CallbackURL, with("hub.verify_token", c.number.VerifyToken, "x"), 403},
		{"another mode", c.number.CallbackURL, with("hub.mode", "unsubscribe"), 403},
		{"a script", c.number.CallbackURL, with("hub.challenge", "<script>alert(1)</script>"), 400},
		{"too long", c.number.CallbackURL, with("hub.challenge", strings.Repeat("1", 65)), 400},
		{"nobody's address", c.number.CallbackURL + "x", good, 404},
	} {
		req, err := http.NewRequestWithContext(c.ctx(), "GET", tt.address+"?"+tt.query.Encode(), http.NoBody)
		c.must(err)
		res, err := c.http.Do(req)
		c.must(err)
		var said bytes.Buffer
		_, err = said.ReadFrom(res.Body)
		c.must(err)
		c.must(res.Body.Close())
		if res.StatusCode != tt.status || tt.status == 200 && (said.String() != "1158201444" || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/plain")) ||
			tt.status != 200 && said.Len() != 0 {
			t.Errorf("%s: answered %d %q as %s", tt.name, res.StatusCode, said.String(), res.Header.Get("Content-Type"))
		}
	}
	if strings.Contains(c.logs.String(), c.number.VerifyToken) {
		t.Error("the verify token is in the log")
	}
}

func TestCloudRegistrationSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	c := withCloud(t, func(*app.Config) {}, whatsappcloudsim.Options{})
	wrong := func(change func(f, whatsapp fields)) fields {
		f := cloudRequest()
		change(f, f["whatsapp"].(fields))
		return f
	}
	for name, tt := range map[string]struct {
		request fields
		code    string
	}{
		"no account":     {wrong(func(f, _ fields) { delete(f, "whatsapp") }), "bot_account_invalid"},
		"unknown token":  {wrong(func(f, _ fields) { f["token"] = cloudAccount.Token + "x" }), "bot_token_invalid"},
		"no token":       {wrong(func(f, _ fields) { delete(f, "token") }), "missing_field"},
		"another secret": {wrong(func(_, w fields) { w["app_secret"] = strings.Repeat("0", 32) }), "bot_account_invalid"},
		"other account":  {wrong(func(_, w fields) { w["business_account_id"] = "99999" }), "bot_account_invalid"},
		"another kind":   {wrong(func(f, _ fields) { f["kind"] = "telegram" }), "bot_account_invalid"},
	} {
		if a := c.ask("POST", "/v1/bots", tt.request); a.status != http.StatusUnprocessableEntity || a.code != tt.code {
			t.Errorf("%s: answered %d %s", name, a.status, a.body)
		}
	}
	c.becomes("connected")
	c.graph.DropToken(cloudAccount.Token)
	c.begin(fields{"phone": goodPhone})
	c.becomes("bad_credentials")
	c.waitSMS(goodPhone)
}
