package whatsappcloud

import (
	"context"
	"strings"
	"testing"
	"time"

	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/whatsappcloudsim"
	"otpravka/otpcore"
)

func TestTemplatesAreMadeAndWaitedFor(t *testing.T) {
	n := newNumber(t, whatsappcloudsim.Options{Review: true}, nil).ready()
	for _, l := range languages {
		if got, ok := n.graph.Template(shop.AccountID, "otpravka_code", l); !ok || got.Status != "PENDING" || got.Button != "copy_code" || got.TTL != 45 {
			t.Errorf("%s: %+v", l, got)
		}
		if got, ok := n.graph.Template(shop.AccountID, "otpravka_order", l); !ok || got.Status != "PENDING" || got.Category != "utility" || got.TTL != 12*60*60 {
			t.Errorf("%s: %+v", l, got)
		}
	}
	if n.desk.states[0] != string(otpcore.BotUnapproved) {
		t.Errorf("state is %s", n.desk.states[0])
	}
	if _, why := n.ByPhone(); !strings.Contains(why, "not approved") {
		t.Errorf("bare numbers: %q", why)
	}
	if can := n.Capabilities(); !can.FreeText || can.ReplyWindow == 0 {
		t.Errorf("chats: %+v", can)
	}
	// Meta tells of its decision; the post itself decides nothing.
	if _, err := n.graph.Review(t.Context(), shop.PhoneNumberID, "otpravka_code", "ru", "APPROVED", ""); err == nil {
		t.Fatal("posted to an address that nobody has entered")
	}
	body := []byte(`{"entry":[{"id":"` + shop.AccountID + `","changes":[{"field":"message_template_status_update","value":{"event":"APPROVED"}}]}]}`)
	n.must(n.Receive(t.Context(), whatsappcloudsim.Sign(secret, body), body))
	n.desk.until(t, "the approval", func() bool { return n.desk.states[len(n.desk.states)-1] == "connected" })
	if can, why := n.ByPhone(); why != "" || can.FreeText || !can.Receipts {
		t.Errorf("bare numbers: %+v %q", can, why)
	}
	if got := len(n.graph.Calls("message_templates")); got != 1+2*len(languages)+1 {
		t.Errorf("%d calls", got)
	}
}

func TestRefusedTemplatesAreToldAndNotMadeAgain(t *testing.T) {
	n := newNumber(t, whatsappcloudsim.Options{}, nil)
	n.graph.Fail(fault.Rule{Method: "message_templates", After: 1, Times: 2, Status: 400, Description: "100"})
	n.ready()
	if n.desk.states[0] != string(otpcore.BotTextsRefused) || n.desk.fell != nil {
		t.Errorf("states %v, fell %v", n.desk.states, n.desk.fell)
	}
	if _, why := n.ByPhone(); !strings.Contains(why, "verify the business") {
		t.Errorf("bare numbers: %q", why)
	}
}

// TestOnlyOneKindIsRefused: an account that may make no texts for codes still tells
// of orders.
func TestOnlyOneKindIsRefused(t *testing.T) {
	n := newNumber(t, whatsappcloudsim.Options{}, nil)
	n.graph.Fail(fault.Rule{Method: "message_templates", After: 1, Times: 2, Status: 400, Description: "100"})
	n.ready()
	if _, why := n.ByPhone(); why == "" || !n.Capabilities().ApprovedNews {
		t.Errorf("bare numbers: %q, chats: %+v", why, n.Capabilities())
	}
}

func TestRefusedTemplatesAreHandedInAgainWhenAsked(t *testing.T) {
	n := newNumber(t, whatsappcloudsim.Options{}, nil).ready()
	for _, l := range languages {
		_, _ = n.graph.Review(t.Context(), shop.PhoneNumberID, "otpravka_code", l, "REJECTED", "INCORRECT_CATEGORY")
	}
	n.lookAgain()
	n.desk.until(t, "the refusal", func() bool { return n.desk.states[len(n.desk.states)-1] == string(otpcore.BotTextsRefused) })
	if _, why := n.ByPhone(); !strings.Contains(why, "(INCORRECT_CATEGORY)") {
		t.Errorf("bare numbers: %q", why)
	}
	told := n.Templates()
	if got := told[0]; len(told) != 2*len(languages) || got.Name != "otpravka_code" || got.Locale != "en" || got.Category != "authentication" ||
		got.Status != otpcore.TextRejected || got.Reason != "INCORRECT_CATEGORY" || got.CheckedAt.IsZero() {
		t.Errorf("%d templates, the first is %+v", len(told), got)
	}
	after, err := n.SyncTemplates(t.Context())
	n.must(err)
	for _, one := range after {
		if one.Status == otpcore.TextRejected {
			t.Errorf("still refused: %+v", one)
		}
	}
	n.desk.until(t, "the approval", func() bool { return n.desk.states[len(n.desk.states)-1] == "connected" })
	if got, _ := n.graph.Template(shop.AccountID, "otpravka_code", "en"); got.Edits != 1 {
		t.Errorf("handed in %d times more", got.Edits)
	}
}

func TestLifeOfTemplatesFollowsTheSettings(t *testing.T) {
	n := newNumber(t, whatsappcloudsim.Options{}, nil).ready()
	n.falls(90 * time.Second)
	_, err := n.SyncTemplates(t.Context())
	n.must(err)
	for _, l := range languages {
		got, _ := n.graph.Template(shop.AccountID, "otpravka_code", l)
		if news, _ := n.graph.Template(shop.AccountID, "otpravka_order", l); got.TTL != 90 || got.Status != "APPROVED" || news.Edits != 0 {
			t.Errorf("%s: %+v, news %+v", l, got, news)
		}
	}
	// Meta allows a change a day; what it refuses is tried at the next look.
	refusal := n.graph.Fail(fault.Rule{Method: "number", Status: 400, Description: "100", Times: fault.Always})
	n.falls(60 * time.Second)
	for _, want := range []int{90, 60} {
		_, err = n.SyncTemplates(t.Context())
		n.must(err)
		if got, _ := n.graph.Template(shop.AccountID, "otpravka_code", "en"); got.TTL != want {
			t.Errorf("life is %d s, want %d", got.TTL, want)
		}
		refusal.Lift()
	}
}

func TestTemplatesCannotBeAskedAbout(t *testing.T) {
	n := newNumber(t, whatsappcloudsim.Options{}, nil).ready()
	n.graph.Fail(fault.Rule{Method: "message_templates", Status: 502, Body: fault.GatewayPage(502), Times: 1})
	if _, err := n.SyncTemplates(t.Context()); otpcore.CodeOf(err) != "whatsapp_unreachable" || n.desk.fell != nil {
		t.Errorf("%v, fell %v", err, n.desk.fell)
	}
	n.graph.DropToken(goodToken)
	if _, err := n.SyncTemplates(t.Context()); err == nil || n.desk.fell == nil {
		t.Errorf("%v, fell %v", err, n.desk.fell)
	}
}

func TestButtonsHaveTemplatesOfTheirOwn(t *testing.T) {
	for button, name := range codeForms {
		if button == copyCode {
			continue
		}
		n := newNumber(t, whatsappcloudsim.Options{}, func(a *otpcore.CloudAccount) {
			a.Button, a.Apps = button, []otpcore.AndroidApp{{Package: "com.example.shop", Signature: "K8a/AINcGX7"}}
		}).ready()
		if got, ok := n.graph.Template(shop.AccountID, name, "en"); !ok || got.Button != button {
			t.Errorf("%s: template is %+v", button, got)
		}
		_, err := n.Send(t.Context(), withCode("482913"))
		n.must(err)
		if got := n.graph.Messages(annas)[0]; got.Template != name {
			t.Errorf("%s: sent %s", button, got.Template)
		}
	}
}

func TestDeadTokenEndsTheRun(t *testing.T) {
	n := newNumber(t, whatsappcloudsim.Options{}, nil)
	n.graph.DropToken(goodToken)
	err := n.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), string(otpcore.BotBadCredentials)) || strings.Contains(err.Error(), goodToken) {
		t.Errorf("run ended with %v", err)
	}
}

func TestRegistrationKnowsWhatBelongsTogether(t *testing.T) {
	n := newNumber(t, whatsappcloudsim.Options{}, nil)
	other := shop
	other.PhoneNumberID, other.AccountID = "206540352242922", "202290129340398"
	n.graph.AddAccount(other)
	is, err := n.factory.Identify(t.Context(), credential(nil), false)
	n.must(err)
	if is.Account != shop.PhoneNumberID || is.Username != "77770000001" || is.Name != "Book House" {
		t.Errorf("identity %+v", is)
	}
	for name, tt := range map[string]struct {
		change func(*otpcore.CloudAccount)
		code   string
		field  string
	}{
		"short token":       {func(a *otpcore.CloudAccount) { a.Token = "x" }, "bot_token_invalid", "/token"},
		"unknown token":     {func(a *otpcore.CloudAccount) { a.Token += "x" }, "bot_token_invalid", "/token"},
		"unknown number":    {func(a *otpcore.CloudAccount) { a.PhoneNumberID = "99999" }, "bot_account_invalid", "/whatsapp/phone_number_id"},
		"another account":   {func(a *otpcore.CloudAccount) { a.AccountID = other.AccountID }, "bot_account_invalid", "/whatsapp/business_account_id"},
		"another secret":    {func(a *otpcore.CloudAccount) { a.AppSecret = strings.Repeat("0", 32) }, "bot_account_invalid", "/whatsapp/phone_number_id"},
		"no secret":         {func(a *otpcore.CloudAccount) { a.AppSecret = "" }, "bot_account_invalid", "/whatsapp/app_secret"},
		"tap without apps":  {func(a *otpcore.CloudAccount) { a.Button = oneTap }, "bot_account_invalid", "/whatsapp/apps"},
		"apps without taps": {func(a *otpcore.CloudAccount) { a.Apps = []otpcore.AndroidApp{{}} }, "bot_account_invalid", "/whatsapp/button"},
	} {
		_, err := n.factory.Identify(t.Context(), credential(tt.change), false)
		e, ok := err.(*otpcore.Error)
		if !ok || e.Code != tt.code || e.Field != tt.field || strings.Contains(err.Error(), goodToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	n.graph.Fail(fault.Rule{Method: "number", Status: 502, Body: fault.GatewayPage(502)})
	if _, err := n.factory.Identify(t.Context(), credential(nil), false); otpcore.KindOf(err) != otpcore.KindUnavailable {
		t.Errorf("a page of a proxy: %v", err)
	}
}

// TestWhatWorkedBeforeARestartIsOffered: until Meta was asked, codes and news go
// out as before. News that is due in that moment would be paid for as SMS, or lost.
func TestWhatWorkedBeforeARestartIsOffered(t *testing.T) {
	n := newNumber(t, whatsappcloudsim.Options{}, nil)
	n.graph.Fail(fault.Rule{Method: "message_templates", Times: fault.Always, Status: 502, Body: fault.GatewayPage(502)})
	for state, want := range map[otpcore.BotState]bool{
		otpcore.BotConnected: true, otpcore.BotReconnecting: true, otpcore.BotLimited: true, otpcore.BotUnapproved: false, otpcore.BotConnecting: false,
	} {
		c := n.factory.Connect(otpcore.Bot{ID: "bot_a", State: state}, credential(nil), n.desk).(*Connector)
		if err := c.Run(t.Context()); err == nil {
			t.Fatal("Meta was asked about the texts")
		}
		if _, why := c.ByPhone(); (why == "") != want || c.Capabilities().ApprovedNews != want {
			t.Errorf("%s before: bare numbers: %q, chats: %+v", state, why, c.Capabilities())
		}
	}
}

// TestOneLanguageIsRefused: what Meta does not take in one language, such as one
// that its owner deleted and whose name is blocked for weeks, keeps no others away.
func TestOneLanguageIsRefused(t *testing.T) {
	n := newNumber(t, whatsappcloudsim.Options{}, nil)
	n.graph.Fail(fault.Rule{Method: "message_templates", After: 1, Times: 1, Status: 400, Description: "100"})
	n.ready()
	if _, ok := n.graph.Template(shop.AccountID, "otpravka_code", "en"); ok {
		t.Fatal("made in English")
	}
	for _, l := range languages[1:] {
		if _, ok := n.graph.Template(shop.AccountID, "otpravka_code", l); !ok {
			t.Errorf("not made in %s", l)
		}
	}
	if _, why := n.ByPhone(); why != "" {
		t.Errorf("bare numbers: %q", why)
	}
}

// TestWhoAsksForASyncIsNotHeldUp: while Meta keeps another talk about the texts
// waiting, somebody who asks is answered within their own patience.
func TestWhoAsksForASyncIsNotHeldUp(t *testing.T) {
	n := newNumber(t, whatsappcloudsim.Options{}, nil)
	n.graph.Fail(fault.Rule{Method: "message_templates", Delay: time.Hour})
	n.run() // whose talk lasts until its call is cut
	n.must(n.graph.WaitCalls(t.Context(), "message_templates", 1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	answer := make(chan error, 1)
	go func() {
		_, err := n.SyncTemplates(ctx)
		answer <- err
	}()
	select {
	case err := <-answer:
		if otpcore.CodeOf(err) != "whatsapp_unreachable" {
			t.Errorf("answer is %v", err)
		}
	case <-time.After(callLimit - 5*time.Second):
		t.Error("held up by another talk")
	}
}
