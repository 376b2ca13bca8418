package otpcore_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

// TestForgetWhileAnOrderIsUnderWay: the person asks to be forgotten while the
// message with the code is with the network. It arrives, loses its code, and
// nothing leads to the person any more.
func TestForgetWhileAnOrderIsUnderWay(t *testing.T) {
	inHouse(t, func(h *house) {
		h.linkUser("100")
		release := h.carriers.Of(tg).Hold()
		out, err := h.Orders.Update(h.t.Context(), h.by, otpcore.OrderRequest{
			Number: "A-1", Status: otpcore.OrderOutForDelivery, Phone: user, Items: []otpcore.OrderItem{{Name: "Tea"}}, Handover: &otpcore.HandoverRequest{},
		})
		if err != nil || out.Outcome != otpcore.OutcomeSending {
			t.Fatalf("%+v, %v", out, err)
		}
		synctest.Wait()
		receipt := h.forget(nil)
		if receipt.Orders != 1 {
			t.Errorf("receipt %+v", receipt)
		}
		release()
		time.Sleep(5 * time.Second)
		code := coretest.CodeIn(h.carriers.Of(tg).Await(1)[0])
		edits := h.carriers.Of(tg).Edits()
		if len(edits) != 1 || strings.Contains(edits[0].Outgoing.Message.Text, code) {
			t.Errorf("edits %+v: the code %s stays readable", edits, code)
		}
		view, err := h.Orders.Get(h.t.Context(), h.by, "A-1")
		if err != nil {
			t.Fatal(err)
		}
		if !view.Phone.IsZero() && view.Phone.E164() != "" || len(view.Order.News.Items) != 0 || view.Verification.Status != otpcore.Canceled {
			t.Errorf("%+v %+v", view.Order, view.Verification)
		}
		time.Sleep(25 * time.Minute)
		for range 3 {
			if _, err := h.db.Purge(h.t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		view, err = h.Orders.Get(h.t.Context(), h.by, "A-1")
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range view.Deliveries {
			if d.Target != nil || d.MessageID != "" || d.LinkID != "" {
				t.Errorf("delivery %s %s still leads to the person", d.Kind, d.Status)
			}
		}
	})
}
