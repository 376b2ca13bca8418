package otpcore_test

import (
	"testing"
	"time"

	"otpravka/otpcore"
)

// smsSent returns a world whose code the SMS provider has taken.
func smsSent(t *testing.T, route ...otpcore.Channel) *world {
	w := newWorld(t)
	w.mustStart(draft(route...))
	w.accept("s1")
	return w
}

func TestReceiptsMoveForwardOnly(t *testing.T) {
	const (
		sent, delivered, read, failed = otpcore.Sent, otpcore.Delivered, otpcore.Read, otpcore.FailedDlv
	)
	for _, tt := range []struct {
		name     string
		receipts []otpcore.DeliveryStatus
		status   otpcore.DeliveryStatus
		events   map[otpcore.EventType]int
	}{
		{"in order", []otpcore.DeliveryStatus{sent, delivered, read}, read, map[otpcore.EventType]int{otpcore.EventDeliverySent: 1, otpcore.EventDeliveryDelivered: 1, otpcore.EventDeliveryRead: 1}},
		{"F13 twice", []otpcore.DeliveryStatus{delivered, delivered}, delivered, map[otpcore.EventType]int{otpcore.EventDeliveryDelivered: 1}},
		{"F14 out of order", []otpcore.DeliveryStatus{read, delivered, sent}, read, map[otpcore.EventType]int{otpcore.EventDeliveryRead: 1, otpcore.EventDeliveryDelivered: 0}},
		{"F14 failed after delivered", []otpcore.DeliveryStatus{delivered, failed}, delivered, map[otpcore.EventType]int{otpcore.EventDeliveryFailed: 0, otpcore.NoteLateReceipt: 1}},
		{"failed twice", []otpcore.DeliveryStatus{failed, failed}, failed, map[otpcore.EventType]int{otpcore.EventDeliveryFailed: 1}},
		{"delivered after failed", []otpcore.DeliveryStatus{failed, delivered}, failed, map[otpcore.EventType]int{otpcore.EventDeliveryDelivered: 0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := smsSent(t, sm)
			for _, s := range tt.receipts {
				w.receive(w.deliveries[0].ID, otpcore.Receipt{Status: s})
			}
			if got := w.deliveries[0].Status; got != tt.status {
				t.Errorf("delivery is %s, want %s", got, tt.status)
			}
			for event, want := range tt.events {
				if got := w.noted(event, "sms"); got != want {
					t.Errorf("%d events %s, want %d", got, event, want)
				}
			}
		})
	}
}

func TestReceiptSettlesWhatTheProviderNeverAnswered(t *testing.T) {
	for name, prepare := range map[string]func(w *world){
		"sending": func(*world) {},
		"queued":  func(w *world) { w.refuse(otpcore.ClassAmbiguous) },
		"unknown": func(w *world) {
			w.refuse(otpcore.ClassAmbiguous)
			w.pass(8 * time.Second)
			w.wake()
			w.refuse(otpcore.ClassAmbiguous)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.mustStart(draft(sm))
			prepare(w)
			w.pass(time.Second)
			w.receive(w.deliveries[0].ID, otpcore.Receipt{
				Provider: "p", MessageID: "s1", Status: otpcore.Delivered, Cost: otpcore.Cost{Money: otpcore.Money{Amount: "0.05", Currency: "USD"}},
			})
			d := w.deliveries[0]
			if d.Status != otpcore.Delivered || d.MessageID != "s1" || d.Cost.Amount != "0.05" || d.SentAt.IsZero() || d.Error != nil {
				t.Errorf("delivery is %+v", d)
			}
		})
	}
}

func TestAnswerAfterItsReceiptStillTellsThePrice(t *testing.T) {
	for name, c := range map[string]struct{ told, want string }{
		"the receipt names no price": {"", "0.05"},
		"the receipt knows better":   {"0.07", "0.07"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.mustStart(draft(sm))
			w.receive(w.deliveries[0].ID, otpcore.Receipt{Status: otpcore.Delivered, Cost: otpcore.Cost{Money: otpcore.Money{Amount: c.told}}})
			w.answer(otpcore.Accepted{Provider: "p", MessageID: "s1", Cost: otpcore.Cost{Money: otpcore.Money{Amount: "0.05", Currency: "USD"}}}, nil)
			d := w.deliveries[0]
			if d.Status != otpcore.Delivered || d.Provider != "p" || d.MessageID != "s1" || d.Cost.Amount != c.want {
				t.Errorf("delivery is %+v", d)
			}
		})
	}
}

func TestF15FailureReceiptGoesOnAtOnce(t *testing.T) {
	w := newWorld(t)
	w.link(wa)
	w.mustStart(draft(wa, sm))
	w.accept("m1")
	w.pass(2 * time.Second)
	w.receive(w.deliveries[0].ID, otpcore.Receipt{Status: otpcore.FailedDlv, Class: otpcore.ClassUnreachable})
	w.expect("whatsapp:failed sms:sending")
}

func TestFailureReceiptOfTheOnlyChannelFails(t *testing.T) {
	w := smsSent(t, sm)
	w.receive(w.deliveries[0].ID, otpcore.Receipt{Status: otpcore.FailedDlv})
	if w.v.Status != otpcore.Failed || w.v.EndReason != otpcore.EndUndeliverable {
		t.Errorf("verification is %s, %s", w.v.Status, w.v.EndReason)
	}
}

func TestFailureReceiptAfterUnknownTakesNoSecondStep(t *testing.T) {
	w := newWorld(t)
	w.link(tg)
	w.link(wa)
	w.mustStart(draft(wa, tg, sm))
	w.refuse(otpcore.ClassAmbiguous)
	w.refuse(otpcore.ClassAmbiguous)
	w.receive(w.deliveries[0].ID, otpcore.Receipt{Status: otpcore.FailedDlv})
	w.expect("whatsapp:failed telegram:sending")
}

func TestF16ReceiptsAfterTheEnd(t *testing.T) {
	for _, s := range []otpcore.DeliveryStatus{otpcore.Delivered, otpcore.FailedDlv} {
		w := smsSent(t, sm, tg)
		w.check(w.right())
		w.receive(w.deliveries[0].ID, otpcore.Receipt{Status: s})
		if w.v.Status != otpcore.Approved || w.deliveries[0].Status != s || len(w.deliveries) != 1 {
			t.Errorf("%s: verification is %s, %s", s, w.v.Status, w.trail())
		}
	}
}

func TestReceiptTimesStayWithinReason(t *testing.T) {
	for name, at := range map[string]time.Time{"none": {}, "ahead": started.Add(time.Hour), "before the send": started.Add(-time.Hour)} {
		w := smsSent(t, sm)
		w.pass(3 * time.Second)
		w.receive(w.deliveries[0].ID, otpcore.Receipt{Status: otpcore.Delivered, At: at})
		if got := w.deliveries[0].DeliveredAt; !got.Equal(w.now) {
			t.Errorf("%s: delivered at %v, want %v", name, got, w.now)
		}
	}
}

func TestReceiptOfAnEditedMessageCountsForTheMessage(t *testing.T) {
	w := newWorld(t)
	w.carriers.Of(wa).SetCapabilities(otpcore.Capabilities{CanEdit: true, FreeText: true, Receipts: true})
	w.link(wa)
	w.mustStart(draft(wa, sm))
	w.accept("m1")
	w.check(w.right())
	w.receive(w.deliveries[1].ID, otpcore.Receipt{Status: otpcore.Read}) // both rows have the id "m1"
	w.expect("whatsapp:read edit(used):sending")
}

func TestReceiptOfNothingKnownIsIgnored(t *testing.T) {
	w := smsSent(t, sm)
	w.receive("dlv_unknown", otpcore.Receipt{Status: otpcore.FailedDlv})
	w.expect("sms:sent")
}

// A provider may name the price before its answer to the send is read.
func TestPriceOfAMessageUnderWaySendsNoSecondOne(t *testing.T) {
	w := newWorld(t)
	w.mustStart(draft(sm))
	w.receive(w.deliveries[0].ID, otpcore.Receipt{Provider: "p", Cost: otpcore.Cost{Money: otpcore.Money{Amount: "0.01", Currency: "USD"}}})
	if len(w.inHand) != 1 || w.deliveries[0].Cost.Amount != "0.01" {
		t.Errorf("in hand %v, cost %+v", w.inHand, w.deliveries[0].Cost)
	}
}
