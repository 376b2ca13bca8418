//go:build !nowhatsmeow

package app_test

import (
	"slices"
	"strings"
	"testing"

	"otpravka/internal/app"
	"otpravka/internal/sim/whatsappsim"
)

// TestOrderOnWhatsAppDevice: a customer without a chat gets a link that the
// answer shows, opens it, and follows the order in one message whose receipts
// are told of.
func TestOrderOnWhatsAppDevice(t *testing.T) {
	t.Parallel()
	s, d := withDevice(t, func(*app.Config) {})
	anna := d.customer(newNumber())
	phone := "+" + anna.Number()
	o := s.tells("A-1", "placed", fields{"phone": phone})
	if o.Delivery.Status != "no_link" || !strings.HasPrefix(o.Links["whatsapp"], "https://wa.me/"+d.phone.Number()+"?text=") {
		t.Fatalf("answer %+v", o)
	}
	_, err := anna.OpenLink(o.Links["whatsapp"])
	s.must(err)
	orders := func() []whatsappsim.Message {
		return slices.DeleteFunc(anna.Messages(), func(m whatsappsim.Message) bool { return !strings.Contains(m.Text, "order A-1") })
	}
	reads := func(part string) {
		t.Helper()
		s.until("the chat says "+part, func() bool {
			list := orders()
			return len(list) > 0 && strings.Contains(list[len(list)-1].Text, part)
		})
	}
	reads("Book House: order A-1 is placed")
	s.tells("A-1", "paid", fields{"phone": phone})
	reads("order A-1 is paid")
	if n := len(orders()); n != 1 {
		t.Errorf("%d messages tell of the order", n)
	}
	s.until("the receipts are told of", func() bool {
		return s.order("A-1").Deliveries[0].Status == "read"
	})
	told := map[string]int{}
	for _, e := range s.told("delivery.delivered,delivery.read") {
		told[e.Type+" "+e.Data["order_id"]+" "+e.Data["channel"]]++
	}
	if told["delivery.delivered A-1 whatsapp"] == 0 || told["delivery.read A-1 whatsapp"] == 0 {
		t.Errorf("events %+v", told)
	}
	// The hand-over code can be read in the chat, and not once it has ended.
	h := s.tells("A-1", "out_for_delivery", fields{"phone": phone, "handover_code": fields{"length": 6}})
	reads("Hand-over code: ")
	list := orders()
	code := list[len(list)-1].Code()
	if c := s.check(h.VerificationID, fields{"code": code}); !c.Valid {
		t.Errorf("the code was refused: %s", c.Reason)
	}
	s.until("no message shows the code", func() bool {
		return !slices.ContainsFunc(anna.Messages(), func(m whatsappsim.Message) bool { return strings.Contains(m.Text, code) })
	})
}
