package app_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"otpravka/internal/app"
	"otpravka/internal/sim/whatsappcloudsim"
)

// toldEvent is what the list says of an event.
type toldEvent struct {
	Type string            `json:"type"`
	Data map[string]string `json:"data"`
}

func (s *shop) told(types string) []toldEvent {
	s.Helper()
	var page struct {
		Items []toldEvent `json:"items"`
	}
	s.ask("GET", "/v1/events?types="+types, nil).into(s, http.StatusOK, &page)
	return page.Items
}

// TestMuteOverASharedBot: who is a customer of two businesses says whose orders
// to keep out, and the other's come.
func TestMuteOverASharedBot(t *testing.T) {
	t.Parallel()
	c := newCity(t, func(*app.Config) {})
	anna := c.user(goodPhone)
	c.join(anna, c.books, "Book House")
	c.join(anna, c.taxi, "Steppe Taxi")
	anna.Say(c.bot, "/mute")
	_, err := anna.Press(c.said(anna, "Which one is it about?"), "Book House")
	c.must(err)
	c.said(anna, "No more messages about orders of Book House")
	if o := c.books.tells("B-1", "delivered", nil); o.Delivery.Status != "held" || o.Delivery.HeldUntil != "" {
		t.Errorf("of a muted business: %+v", o)
	}
	c.taxi.tells("T-1", "delivered", nil)
	if m := c.said(anna, "order T-1 is delivered"); !strings.HasPrefix(m.Text, "Steppe Taxi: ") {
		t.Errorf("message %q", m.Text)
	}
	if got := c.books.news(anna, "B-1"); len(got) != 0 {
		t.Errorf("a muted chat has %+v", got)
	}
	code := c.books.begin(fields{"phone": goodPhone, "channels": []string{"telegram"}})
	c.books.settled(code.ID, "telegram:sent") // codes come
	anna.Say(c.bot, "/unmute")
	which := c.said(anna, "Which one is it about?")
	c.until("the question about /unmute is there", func() bool {
		list := c.books.news(anna, "Which one is it about?")
		which = list[len(list)-1]
		return len(list) == 2
	})
	_, err = anna.Press(which, "Book House")
	c.must(err)
	if m := c.said(anna, "order B-1 is delivered"); !strings.HasPrefix(m.Text, "Book House: ") {
		t.Errorf("message %q", m.Text)
	}
}

// TestOrderReceiptsOverTheCloud: what becomes of an order's message is told, in
// whatever order the reports come.
func TestOrderReceiptsOverTheCloud(t *testing.T) {
	t.Parallel()
	c := entered(t, func(*app.Config) {}, whatsappcloudsim.Options{})
	o := c.tells("A-1", "placed", nil)
	if o.Delivery.Status != "no_link" || !strings.HasPrefix(o.Links["whatsapp"], "https://wa.me/77770000001?text=") {
		t.Errorf("answer %+v", o)
	}
	text, err := url.PathUnescape(strings.TrimPrefix(o.Links["whatsapp"], "https://wa.me/77770000001?text="))
	c.must(err)
	_, err = c.graph.Says(c.ctx(), cloudAccount.PhoneNumberID, goodPhone, text)
	c.must(err)
	m, err := c.graph.WaitFor(c.ctx(), goodPhone, func(m whatsappcloudsim.Message) bool { return strings.Contains(m.Text, "order A-1 is placed") })
	c.must(err)
	c.until("the order is in the chat", func() bool { return c.order("A-1").Delivery.Status == "sent" })
	for _, word := range []string{"read", "delivered"} {
		c.report(m, word)
	}
	c.until("the message is read", func() bool { return c.order("A-1").Deliveries[0].Status == "read" })
	if got := c.told("delivery.delivered,delivery.read"); !slices.ContainsFunc(got, func(e toldEvent) bool {
		return e.Type == "delivery.read" && e.Data["order_id"] == "A-1" && e.Data["channel"] == "whatsapp"
	}) {
		t.Errorf("events %+v", got)
	}
}
