package otpcore_test

import (
	"testing"
	"time"

	"otpravka/otpcore"
)

// sentOver returns a world whose code has reached the Telegram chat.
func sentOver(t *testing.T) *world {
	w := newWorld(t)
	w.link(tg)
	w.mustStart(draft(tg, sm))
	w.accept("m1")
	return w
}

var down = &otpcore.SendError{Class: otpcore.ClassProviderDown, Provider: "p", Message: "No."}

func TestEndEditsTheMessage(t *testing.T) {
	for _, tt := range []struct {
		end    func(w *world)
		wanted otpcore.Wanted
	}{
		{func(w *world) { w.check(w.right()) }, otpcore.WantUsed},
		{func(w *world) { w.wakeAt(45 * time.Second); w.answerEdit(nil); w.wakeAt(180 * time.Second) }, otpcore.WantExpired},
		{func(w *world) { w.endBy(otpcore.Canceled, otpcore.EndByBusiness) }, otpcore.WantCanceled},
		{func(w *world) { w.endBy(otpcore.Canceled, otpcore.EndReported) }, otpcore.WantReported},
		{func(w *world) { w.endBy(otpcore.Failed, otpcore.EndTooManyAttempts) }, otpcore.WantCanceled},
	} {
		t.Run(string(tt.wanted), func(t *testing.T) {
			w := sentOver(t)
			tt.end(w)
			e := w.deliveries[len(w.deliveries)-1]
			if e.Kind != otpcore.DeliverEdit || e.Wanted != tt.wanted || e.Status != otpcore.Sending || e.MessageID != "m1" || e.Target == nil {
				t.Errorf("the last delivery is %+v", e)
			}
		})
	}
}

func (w *world) endBy(s otpcore.Status, reason otpcore.EndReason) {
	w.t.Helper()
	_ = w.do(func(c *otpcore.Case) error { w.desk.End(c, s, reason); return nil })
}

func TestLateAcceptAfterTheEndIsEdited(t *testing.T) {
	w := newWorld(t)
	w.link(tg)
	w.mustStart(draft(tg, sm))
	w.check(w.right())
	w.expect("telegram:sending")
	w.accept("m1")
	w.expect("telegram:sent edit(used):sending")
}

func TestUneditableMessagesStay(t *testing.T) {
	for name, prepare := range map[string]func(w *world){
		"unknown id":       func(w *world) { w.accept("") },
		"fixed text":       func(w *world) { w.accept("m1"); w.carriers.Of(tg).SetCapabilities(otpcore.Capabilities{}) },
		"unreadable chat":  func(w *world) { w.accept("m1"); w.deliveries[0].Target = []byte("gone") },
		"not arrived":      func(w *world) { w.refuse(otpcore.ClassProviderDown) },
		"channel gone off": func(w *world) { w.accept("m1"); w.carriers.TurnOff(tg, "Off.") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.link(tg)
			w.mustStart(draft(tg, sm))
			prepare(w)
			w.check(w.right())
			for _, d := range w.deliveries {
				if d.Kind == otpcore.DeliverEdit {
					t.Errorf("deliveries are %s", w.trail())
				}
			}
		})
	}
}

func TestEditsCoalesce(t *testing.T) {
	w := sentOver(t)
	w.wakeAt(45 * time.Second)
	w.expect("telegram:sent edit(also_sms):sending sms:sending")
	w.check(w.right())
	w.expect("telegram:sent edit(also_sms):sending sms:sending edit(used):queued")
	w.answerEdit(nil)
	w.expect("telegram:sent edit(also_sms):sent sms:sending edit(used):sending")
	w.answerEdit(nil)
	w.expect("telegram:sent edit(also_sms):sent sms:sending edit(used):sent")
}

func TestQueuedEditTakesTheLatestText(t *testing.T) {
	w := sentOver(t)
	w.wakeAt(45 * time.Second)
	w.answerEdit(down)
	w.expect("telegram:sent edit(also_sms):queued sms:sending")
	w.check(w.right())
	w.expect("telegram:sent edit(used):queued sms:sending")
}

func TestFailedEditGivesWayToTheNext(t *testing.T) {
	for name, no := range map[string]error{
		"retry":     down,
		"ambiguous": &otpcore.SendError{Class: otpcore.ClassAmbiguous, Provider: "p", Message: "No answer."},
	} {
		t.Run(name, func(t *testing.T) {
			w := sentOver(t)
			w.wakeAt(45 * time.Second)
			w.check(w.right())
			w.answerEdit(no)
			w.expect("telegram:sent edit(also_sms):skipped sms:sending edit(used):sending")
		})
	}
	t.Run("lapsed", func(t *testing.T) {
		w := sentOver(t)
		w.wakeAt(45 * time.Second)
		w.accept("s1")
		w.check(w.right())
		w.wakeAt(61 * time.Second)
		w.expect("telegram:sent edit(also_sms):skipped sms:sent edit(used):sending")
	})
}

func TestEditsAreDroppedAfterTenMinutes(t *testing.T) {
	w := sentOver(t)
	w.check(w.right())
	throttled := &otpcore.SendError{Class: otpcore.ClassThrottled, RetryAfter: 9 * time.Minute, Provider: "p", Message: "Later."}
	w.answerEdit(throttled)
	w.expect("telegram:sent edit(used):queued")
	w.wakeAt(9*time.Minute + time.Second)
	w.expect("telegram:sent edit(used):sending")
	w.answerEdit(throttled)
	w.expect("telegram:sent edit(used):failed")
}

func TestOverdueEditIsSkipped(t *testing.T) {
	w := sentOver(t)
	w.check(w.right())
	w.answerEdit(down)
	w.wakeAt(10 * time.Minute) // the process was away
	w.expect("telegram:sent edit(used):skipped")
}

func TestReceiptsAfterTheEndEditOnce(t *testing.T) {
	w := newWorld(t)
	w.carriers.Of(wa).SetCapabilities(otpcore.Capabilities{CanEdit: true, FreeText: true, Receipts: true})
	w.link(wa)
	w.mustStart(draft(wa, sm))
	w.accept("m1")
	w.check(w.right())
	id := w.deliveries[0].ID
	w.receive(id, otpcore.Receipt{Status: otpcore.Delivered})
	w.answerEdit(nil)
	w.receive(id, otpcore.Receipt{Status: otpcore.Read})
	w.expect("whatsapp:read edit(used):sent")
}
