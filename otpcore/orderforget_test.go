package otpcore_test

import (
	"context"
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

// What takes the code out may have to wait, and the person's address with it; and
// messages that were edited, or followed by others, lose it as well.
func TestForgottenOrdersLoseTheirCodesForSure(t *testing.T) {
	out := func(h *house, status otpcore.OrderStatus, handover *otpcore.HandoverRequest) {
		h.t.Helper()
		r := otpcore.OrderRequest{Number: "A-1", Status: status, Phone: user, Handover: handover}
		if _, err := h.Orders.Update(h.t.Context(), h.by, r); err != nil {
			h.t.Fatal(err)
		}
		synctest.Wait()
	}
	throttled := &otpcore.SendError{Class: otpcore.ClassThrottled, Provider: "telegram", Message: "Wait."}
	admit := func(h *house) func() int {
		return func() int {
			h.carriers.Of(tg).FailEdits(nil)
			return len(h.carriers.Of(tg).Edits())
		}
	}
	for name, meanwhile := range map[string]func(h *house) (release func() (refused int)){
		"edit refused": func(h *house) func() int {
			h.carriers.Of(tg).FailEdits(throttled)
			return admit(h)
		},
		"news refused": func(h *house) func() int {
			h.carriers.Of(tg).FailEdits(throttled)
			out(h, otpcore.OrderPacked, nil)
			return admit(h)
		},
		"next message under way": func(h *house) func() int {
			release := h.carriers.Of(tg).Hold()
			out(h, otpcore.OrderReadyForPickup, nil)
			return func() int { release(); return 0 }
		},
		"next message refused": func(h *house) func() int {
			h.carriers.Of(tg).Script(func(context.Context, otpcore.Outgoing) (otpcore.Accepted, error) {
				return otpcore.Accepted{}, throttled
			})
			out(h, otpcore.OrderReadyForPickup, nil)
			return func() int { return 0 }
		},
	} {
		t.Run(name, func(t *testing.T) {
			inHouse(t, func(h *house) {
				h.linkUser("100")
				out(h, otpcore.OrderOutForDelivery, &otpcore.HandoverRequest{})
				release := meanwhile(h)
				h.forget(nil)
				synctest.Wait()
				refused := release()
				time.Sleep(time.Minute)
				code, last := coretest.CodeIn(h.carriers.Of(tg).Await(1)[0]), make(map[string]string)
				for _, e := range h.carriers.Of(tg).Edits()[refused:] {
					last[e.MessageID] = e.Outgoing.Message.Text
				}
				if text, edited := last["m1"]; !edited || strings.Contains(text, code) {
					t.Errorf("the first message says %q", text)
				}
			})
		})
	}
}
