package app_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"otpravka/internal/app"
	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/whatsappcloudsim"
)

type botTemplate struct{ Name, Locale, Category, Status, Reason string }

// template is one of the number's, as the API shows it.
func (c *cloud) template(method, path, name, locale string) botTemplate {
	c.Helper()
	var list struct{ Items []botTemplate }
	c.ask(method, "/v1/bots/"+c.number.ID+path, nil).into(c.shop, http.StatusOK, &list)
	for _, t := range list.Items {
		if t.Name == name && t.Locale == locale {
			return t
		}
	}
	c.Fatalf("no template %s %s in %+v", name, locale, list.Items)
	return botTemplate{}
}

// TestRefusedTemplateIsMendedOverTheAPI: its owner reads Meta's reason here, and
// hands the text in again.
func TestRefusedTemplateIsMendedOverTheAPI(t *testing.T) {
	t.Parallel()
	c := entered(t, func(*app.Config) {}, whatsappcloudsim.Options{Review: false})
	_, err := c.graph.Review(c.ctx(), cloudAccount.PhoneNumberID, "otpravka_order", "ru", "REJECTED", "INCORRECT_CATEGORY")
	c.must(err)
	c.until("the refusal is told of", func() bool {
		return c.template("GET", "/templates", "otpravka_order", "ru") == botTemplate{"otpravka_order", "ru", "utility", "rejected", "INCORRECT_CATEGORY"}
	})
	if got := c.template("POST", "/templates/sync", "otpravka_order", "ru"); got.Status == "rejected" {
		t.Errorf("handed in: %+v", got)
	}
	c.until("it is approved", func() bool { return c.template("GET", "/templates", "otpravka_order", "ru").Status == "approved" })
	if got := c.template("GET", "/templates", "otpravka_code", "kk"); got.Status != "approved" || got.Category != "authentication" {
		t.Errorf("code: %+v", got)
	}
	c.graph.Fail(fault.Rule{Method: "message_templates", Status: 503, Times: fault.Always}) // whoever asks first
	if a := c.ask("POST", "/v1/bots/"+c.number.ID+"/templates/sync", nil); a.code != "whatsapp_unreachable" || a.status != http.StatusServiceUnavailable {
		t.Errorf("answered %d %s", a.status, a.body)
	}
}

// linkedADayAgo opens the order's link in a message that is so old that its window
// has minutes left, which we leave alone.
func (c *cloud) linkedADayAgo(o order) {
	c.Helper()
	text, err := url.PathUnescape(strings.TrimPrefix(o.Links["whatsapp"], "https://wa.me/77770000001?text="))
	c.must(err)
	hello := whatsappcloudsim.Incoming(goodPhone, "text")
	hello["text"] = map[string]string{"body": text}
	hello["timestamp"] = strconv.FormatInt(time.Now().Add(-23*time.Hour-57*time.Minute).Unix(), 10)
	_, err = c.graph.Hear(c.ctx(), cloudAccount.PhoneNumberID, hello)
	c.must(err)
}

// TestOrderReachesAChatThatWasSilent: a day after its person wrote, the news goes in
// approved words, for Meta's price of them; once the person writes, as it is.
func TestOrderReachesAChatThatWasSilent(t *testing.T) { eachDatabase(t, silentChat) }

func silentChat(t *testing.T, on func(*app.Config)) {
	c := entered(t, on, whatsappcloudsim.Options{})
	c.linkedADayAgo(c.tells("A-1", "placed", nil))
	m, err := c.graph.WaitFor(c.ctx(), goodPhone, func(m whatsappcloudsim.Message) bool { return m.Template == "otpravka_order" })
	c.must(err)
	if m.Category != "utility" || m.Language != "en" || !strings.HasPrefix(m.Text, "News of your order: Book House: order A-1 is placed") {
		t.Errorf("the phone has %+v", m)
	}
	c.until("the order is in the chat", func() bool { return c.order("A-1").Delivery.Status == "sent" })
	c.report(m, "delivered")
	c.until("its price is known", func() bool { return c.order("A-1").Deliveries[0].Cost["amount"] == "0.0081" })
	_, err = c.graph.Says(c.ctx(), cloudAccount.PhoneNumberID, goodPhone, "/help")
	c.must(err)
	c.until("the bot answers", func() bool { return len(c.graph.Messages(goodPhone)) > 2 })
	c.tells("A-1", "shipped", nil)
	_, err = c.graph.WaitFor(c.ctx(), goodPhone, func(m whatsappcloudsim.Message) bool {
		return m.Template == "" && strings.Contains(m.Text, "order A-1 is on its way")
	})
	c.must(err)
}

// TestNewsWaitsForTheWindow: without approved words it comes when the person writes
// again, whatever that is.
func TestNewsWaitsForTheWindow(t *testing.T) {
	t.Parallel()
	c := withCloud(t, func(*app.Config) {}, whatsappcloudsim.Options{Review: true})
	c.becomes("waiting_for_template_approval")
	c.must(c.graph.Enter(c.ctx(), cloudAccount.PhoneNumberID, c.number.CallbackURL, c.number.VerifyToken))
	c.linkedADayAgo(c.tells("A-1", "placed", nil))
	if got := c.tells("A-1", "shipped", nil); got.Delivery.Status != "no_link" {
		t.Errorf("answer %+v", got)
	}
	_, err := c.graph.Says(c.ctx(), cloudAccount.PhoneNumberID, goodPhone, "where is it?")
	c.must(err)
	_, err = c.graph.WaitFor(c.ctx(), goodPhone, func(m whatsappcloudsim.Message) bool { return strings.Contains(m.Text, "order A-1 is on its way") })
	c.must(err)
}

func init() {
	provocations["bot_has_no_templates"] = func(s *shop, _ string) answer {
		s.addBot(78)
		var bots struct{ Items []struct{ ID string } }
		s.ask("GET", "/v1/bots", nil).into(s, http.StatusOK, &bots)
		return s.ask("GET", "/v1/bots/"+bots.Items[0].ID+"/templates", nil)
	}
}

// TestNumberRegisteredAgainGoesOnSending: with another token, say, while Meta can be
// asked nothing about the texts.
func TestNumberRegisteredAgainGoesOnSending(t *testing.T) {
	t.Parallel()
	c := entered(t, func(*app.Config) {}, whatsappcloudsim.Options{})
	c.graph.Fail(fault.Rule{Method: "subscribed_apps", Times: fault.Always, Status: 503})
	c.ask("POST", "/v1/bots", cloudRequest()).into(c.shop, http.StatusCreated, &c.number)
	v := c.begin(fields{"phone": goodPhone, "channels": []string{"whatsapp", "sms"}, "when_unlinked": "sms_now"})
	if got := c.settled(v.ID, "whatsapp:sent"); got.Status != "pending" {
		t.Errorf("verification is %+v", got)
	}
	if m := c.gets(goodPhone); m.Code == "" {
		t.Errorf("the phone has %+v", m)
	}
}
