package otpcore_test

import (
	"errors"
	"testing"
	"time"

	"otpravka/otpcore"
)

var classes = map[otpcore.ErrorClass]string{
	otpcore.ClassProviderDown: "retry", otpcore.ClassThrottled: "retry", otpcore.ClassAmbiguous: "again",
	otpcore.ClassNoFunds: "next", otpcore.ClassAuth: "next", otpcore.ClassNoRoute: "next", otpcore.ClassBadNumber: "next",
	otpcore.ClassLandline: "next", otpcore.ClassBlocked: "next", otpcore.ClassUnreachable: "next", otpcore.ClassDuplicate: "next",
	otpcore.ClassContentRejected: "next", otpcore.ClassSenderNotAllowed: "next", otpcore.ClassTemplateMissing: "next",
	otpcore.ClassUnsupported: "next", otpcore.ClassUnknown: "next",
}

func TestRefusalsOfAChat(t *testing.T) {
	want := map[string]string{
		"retry": "telegram:queued", "again": "telegram:sending", "next": "telegram:failed sms:sending",
	}
	for class, step := range classes {
		t.Run(string(class), func(t *testing.T) {
			w := newWorld(t)
			w.link(tg)
			w.mustStart(draft(tg, sm))
			w.pass(time.Second)
			w.refuse(class)
			w.expect(want[step])
			if active := w.links[0].Status == otpcore.LinkActive; active == (class == otpcore.ClassBlocked) {
				t.Errorf("the link is active: %v", active)
			}
			if e := w.deliveries[0].Error; e == nil || e.Class != class {
				t.Errorf("the delivery's error is %+v", e)
			}
		})
	}
}

func TestRefusalsOfTheLastChannel(t *testing.T) {
	want := map[string]string{"retry": "sms:queued", "again": "sms:queued", "next": "sms:failed"}
	for class, step := range classes {
		t.Run(string(class), func(t *testing.T) {
			w := newWorld(t)
			w.mustStart(draft(sm))
			w.pass(time.Second)
			w.refuse(class)
			w.expect(want[step])
			if failed := w.v.Status == otpcore.Failed; failed != (step == "next") {
				t.Errorf("the verification is %s", w.v.Status)
			}
		})
	}
}

func TestUnclassifiedErrorIsUnknown(t *testing.T) {
	w := newWorld(t)
	w.mustStart(draft(sm))
	w.answer(otpcore.Accepted{}, errors.New("who knows"))
	if e := w.deliveries[0].Error; e.Class != otpcore.ClassUnknown {
		t.Errorf("class is %s", e.Class)
	}
}

func TestRetriesFollowTheirSchedule(t *testing.T) {
	for _, tt := range []struct {
		class otpcore.ErrorClass
		waits []time.Duration
	}{
		{otpcore.ClassProviderDown, []time.Duration{time.Second, 3 * time.Second, 9 * time.Second}},
		{otpcore.ClassThrottled, []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second}},
	} {
		w := newWorld(t)
		w.link(tg)
		w.mustStart(draft(tg, sm))
		for _, wait := range tt.waits {
			w.refuse(tt.class)
			w.expect("telegram:queued")
			got := w.deliveries[0].DueAt.Sub(w.now)
			if got < wait || got >= wait+min(wait/4, time.Second) {
				t.Errorf("%s: next try after %v, want %v and less than a quarter or a second more", tt.class, got, wait)
			}
			w.pass(got)
			w.wake()
			w.expect("telegram:sending")
		}
		w.refuse(tt.class)
		w.expect("telegram:failed sms:sending")
	}
}

// Messages that a provider refused in one moment come back one by one.
func TestRetriesAreSpread(t *testing.T) {
	for _, no := range []*otpcore.SendError{
		{Class: otpcore.ClassProviderDown, Provider: "p"},
		{Class: otpcore.ClassThrottled, Provider: "p"},
		{Class: otpcore.ClassThrottled, Provider: "p", RetryAfter: 10 * time.Second},
	} {
		times := make(map[time.Duration]int)
		for range 100 {
			w := newWorld(t)
			w.mustStart(draft(sm))
			w.answer(otpcore.Accepted{}, no)
			times[w.deliveries[0].DueAt.Sub(w.now)]++
		}
		most := 0
		for wait, n := range times {
			most = max(most, n)
			if wait < no.RetryAfter {
				t.Errorf("%v: next try after %v", no, wait)
			}
		}
		if most > 10 { // of 250 places or more
			t.Errorf("%v: %d of 100 tries come back at the same millisecond", no, most)
		}
	}
}

func TestRetryAfterMustFitBeforeTheFallback(t *testing.T) {
	for wait, trail := range map[time.Duration]string{
		44 * time.Second: "telegram:queued", // and less than a second more
		45 * time.Second: "telegram:failed sms:sending",
		time.Hour:        "telegram:failed sms:sending",
	} {
		w := newWorld(t)
		w.link(tg)
		w.mustStart(draft(tg, sm))
		w.answer(otpcore.Accepted{}, &otpcore.SendError{Class: otpcore.ClassThrottled, RetryAfter: wait, Provider: "p", Message: "Later."})
		w.expect(trail)
	}
}

func TestElsewhereAsksEachProviderOnce(t *testing.T) {
	w := newWorld(t)
	w.mustStart(draft(sm))
	no := func(provider string) {
		w.answer(otpcore.Accepted{}, &otpcore.SendError{Class: otpcore.ClassNoFunds, Provider: provider, Elsewhere: true, Message: "No."})
	}
	no("first")
	w.expect("sms:sending")
	if got := w.deliveries[0].Refused; len(got) != 1 || got[0] != "first" {
		t.Errorf("refused by %v", got)
	}
	no("first")
	w.expect("sms:failed")
}

func TestAmbiguousIsRepeatedOnce(t *testing.T) {
	w := newWorld(t)
	w.link(tg)
	w.mustStart(draft(tg, sm))
	w.refuse(otpcore.ClassAmbiguous)
	w.expect("telegram:sending")
	w.refuse(otpcore.ClassAmbiguous)
	w.expect("telegram:unknown sms:sending")
	w.pass(time.Second)
	w.refuse(otpcore.ClassAmbiguous)
	if wait := w.deliveries[1].DueAt.Sub(w.now); w.deliveries[1].Status != otpcore.Queued || wait != 8*time.Second {
		t.Errorf("sms is %s for %v, want a receipt to have 8 s", w.deliveries[1].Status, wait)
	}
	w.pass(8 * time.Second)
	w.wake()
	w.refuse(otpcore.ClassAmbiguous)
	w.expect("telegram:unknown sms:unknown")
	if w.v.Status != otpcore.Pending {
		t.Errorf("verification is %s though the code may have arrived", w.v.Status)
	}
}

func TestLapsedLeaseIsAnUnknownResult(t *testing.T) {
	w := newWorld(t)
	w.link(tg)
	w.mustStart(draft(tg, sm))
	w.wakeAt(15*time.Second - time.Millisecond)
	w.expect("telegram:sending")
	w.boot = otpcore.NewID(otpcore.PrefixBoot, w.now) // the next process finds it
	w.wakeAt(15 * time.Second)
	w.expect("telegram:sending")
	if d := w.deliveries[0]; d.Try != 2 || d.BootID != w.boot || !d.Repeated {
		t.Errorf("delivery is %+v", d)
	}
	w.wakeAt(30 * time.Second)
	w.expect("telegram:unknown sms:sending")
}

func TestLateAnswersOfLapsedTries(t *testing.T) {
	lapsed := func(t *testing.T) *world {
		w := newWorld(t)
		w.link(tg)
		w.mustStart(draft(tg, sm))
		w.wakeAt(15 * time.Second)
		return w // try 1 has lapsed, try 2 is in hand
	}
	t.Run("no", func(t *testing.T) {
		w := lapsed(t)
		w.refuse(otpcore.ClassBlocked)
		w.expect("telegram:sending")
		w.accept("m2")
		w.expect("telegram:sent")
	})
	t.Run("yes", func(t *testing.T) {
		w := lapsed(t)
		w.accept("m1")
		w.expect("telegram:sent")
		w.refuse(otpcore.ClassBlocked)
		w.expect("telegram:sent")
	})
	t.Run("yes after unknown", func(t *testing.T) {
		w := lapsed(t)
		w.wakeAt(30 * time.Second)
		w.expect("telegram:unknown sms:sending")
		w.accept("m1")
		w.expect("telegram:sent sms:sending")
		if w.deliveries[0].MessageID != "m1" {
			t.Error("the message id is lost, so its text can never be edited")
		}
	})
}

func TestLateFailureTakesNoSecondStep(t *testing.T) {
	w := newWorld(t)
	w.link(tg)
	w.link(wa)
	v := draft(tg, sm, wa)
	v.FallbackAfter = 10 * time.Second
	w.mustStart(v)
	w.wakeAt(10 * time.Second)
	w.expect("telegram:sending sms:sending")
	w.refuse(otpcore.ClassProviderDown)
	w.expect("telegram:failed sms:sending")
	w.refuse(otpcore.ClassNoRoute)
	w.expect("telegram:failed sms:failed whatsapp:sending")
}

func TestRefusedSMSOfTheFallbackGoesOn(t *testing.T) {
	w := newWorld(t)
	w.link(tg)
	w.link(wa)
	w.mustStart(draft(tg, wa, sm))
	w.accept("m1")
	w.wakeAt(45 * time.Second)
	w.refuse(otpcore.ClassNoRoute)
	if last := w.deliveries[len(w.deliveries)-1]; last.Channel != wa || last.Status != otpcore.Sending {
		t.Errorf("deliveries are %s, want whatsapp to try what SMS could not", w.trail())
	}
}

// The clock and the provider's answer may come in either order. A code whose
// time has passed is over, whoever sees it first.
func TestRefusalAfterTheEndOpensNothing(t *testing.T) {
	for name, late := range map[string]func(w *world){
		"answer": func(w *world) { w.refuse(otpcore.ClassBlocked) },
		"report": func(w *world) {
			w.accept("m1")
			w.receive(w.deliveries[0].ID, otpcore.Receipt{Status: otpcore.FailedDlv})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.link(tg)
			w.mustStart(draft(tg, sm))
			w.pass(180 * time.Second)
			late(w)
			w.expect("telegram:failed")
			w.wake()
			if w.v.Status != otpcore.Expired || w.v.EndReason != otpcore.EndExpired {
				t.Errorf("the verification is %s, %s", w.v.Status, w.v.EndReason)
			}
		})
	}
}

// A code that waits for another try meets a link that was revoked meanwhile: the
// person stopped it, or has proven to be in another chat.
func TestCodeThatWaitsFollowsNoRevokedLink(t *testing.T) {
	w := newWorld(t, tg, sm)
	w.link(tg)
	w.mustStart(draft())
	w.refuse(otpcore.ClassThrottled)
	w.expect("telegram:queued")
	w.links[0].Status = otpcore.LinkRevoked
	w.wakeAt(10 * time.Second)
	w.expect("telegram:skipped sms:sending")

	w = newWorld(t, tg, sm)
	w.link(tg)
	w.mustStart(draft())
	w.refuse(otpcore.ClassThrottled)
	w.link(tg).Chat.Index = w.links[0].Chat.Index // it was renewed by another row
	w.links[0].Status = otpcore.LinkRevoked
	w.wakeAt(10 * time.Second)
	w.expect("telegram:sending")
}
