package otpcore_test

import (
	"testing"
	"time"

	"otpravka/otpcore"
)

func TestFallbackOpensSMSOnTime(t *testing.T) {
	w := sentOver(t)
	w.wakeAt(45*time.Second - time.Millisecond)
	w.expect("telegram:sent")
	w.wakeAt(45 * time.Second)
	w.expect("telegram:sent edit(also_sms):sending sms:sending")
	if w.deliveries[2].Cause != otpcore.CauseTimeout || !w.v.FallbackAt.IsZero() {
		t.Errorf("cause %s, fallback at %v", w.deliveries[2].Cause, w.v.FallbackAt)
	}
	w.wakeAt(46 * time.Second)
	w.expect("telegram:sent edit(also_sms):sending sms:sending")
}

func TestFallbackJumpsToSMS(t *testing.T) {
	w := newWorld(t)
	w.link(tg)
	w.link(wa)
	w.mustStart(draft(tg, wa, sm))
	w.accept("m1")
	w.wakeAt(45 * time.Second)
	w.expect("telegram:sent edit(also_sms):sending sms:sending")
}

func TestFallbackWithoutSMSOpensTheNextChat(t *testing.T) {
	w := newWorld(t)
	w.link(tg)
	w.link(wa)
	w.mustStart(draft(tg, wa))
	w.accept("m1")
	w.wakeAt(45 * time.Second)
	w.expect("telegram:sent whatsapp:sending")
}

func TestFallbackWithoutUsableSMSOpensTheNextChat(t *testing.T) {
	w := newWorld(t)
	w.link(tg)
	w.link(wa)
	w.mustStart(draft(tg, sm, wa))
	w.accept("m1")
	w.carriers.TurnOff(sm, "No provider.")
	w.wakeAt(45 * time.Second)
	w.expect("telegram:sent whatsapp:sending")
}

func TestFallbackOfAHeldCode(t *testing.T) {
	wait := func(route ...otpcore.Channel) *world {
		w := newWorld(t)
		v := draft(route...)
		v.WhenUnlinked = otpcore.Wait
		w.mustStart(v)
		return w
	}
	t.Run("goes out by SMS", func(t *testing.T) {
		w := wait(tg, sm)
		w.wakeAt(45 * time.Second)
		w.expect("telegram:skipped sms:sending")
	})
	t.Run("stays without SMS", func(t *testing.T) {
		w := wait(tg, wa)
		w.wakeAt(45 * time.Second)
		w.expect("telegram:waiting_link")
		w.wakeAt(180 * time.Second)
		if w.v.Status != otpcore.Expired || w.trail() != "telegram:skipped" {
			t.Errorf("verification is %s, %s", w.v.Status, w.trail())
		}
	})
	t.Run("stays when SMS is gone", func(t *testing.T) {
		w := wait(tg, sm)
		w.carriers.TurnOff(sm, "No provider.")
		w.wakeAt(45 * time.Second)
		w.expect("telegram:waiting_link")
	})
}

func TestFallbackLeavesQueuedChatsBehind(t *testing.T) {
	w := newWorld(t)
	w.link(tg)
	w.mustStart(draft(tg, sm))
	w.pass(44 * time.Second)
	w.answer(otpcore.Accepted{}, &otpcore.SendError{Class: otpcore.ClassThrottled, RetryAfter: 500 * time.Millisecond, Provider: "p", Message: "Later."})
	w.expect("telegram:queued")
	w.wakeAt(46 * time.Second) // late, after an outage: both are due
	w.expect("telegram:skipped sms:sending")
}

func TestFallbackAfterAnOutage(t *testing.T) {
	w := sentOver(t)
	w.wakeAt(170 * time.Second)
	w.expect("telegram:sent edit(also_sms):sending sms:sending")
	if left := w.v.ExpiresAt.Sub(w.now); left != 120*time.Second {
		t.Errorf("the SMS finds %v", left)
	}
	w = sentOver(t)
	w.wakeAt(180 * time.Second)
	w.expect("telegram:sent edit(expired):sending")
}

func TestWrongCodeMovesTheClockOnce(t *testing.T) {
	w := sentOver(t)
	w.pass(30 * time.Second)
	w.check(w.wrong())
	if got := w.v.FallbackAt.Sub(started); got != 90*time.Second {
		t.Errorf("fallback is at %v, want 90 s", got)
	}
	w.check(w.wrong())
	if got := w.v.FallbackAt.Sub(started); got != 90*time.Second {
		t.Errorf("a second wrong code moves the fallback to %v", got)
	}
	if n := w.noted(otpcore.NoteFallbackMoved, "wrong_code"); n != 1 {
		t.Errorf("%d moves are noted", n)
	}
}

func TestWrongCodeMovesNoClockWhileNothingHasLeft(t *testing.T) {
	w := newWorld(t)
	v := draft(tg, sm)
	v.WhenUnlinked = otpcore.Wait
	w.mustStart(v)
	w.expect("telegram:waiting_link")
	w.check(w.wrong())
	if got := w.v.FallbackAt.Sub(started); got != 45*time.Second {
		t.Errorf("a guess at a code that nobody can have read moves the fallback to %v", got)
	}
	if n := w.noted(otpcore.NoteFallbackMoved, "wrong_code"); n != 0 {
		t.Errorf("%d moves are noted", n)
	}
}

func TestClockNeverMovesIntoTheQuietPart(t *testing.T) {
	w := newWorld(t)
	w.link(tg)
	v := draft(tg, sm)
	v.TTL, v.FallbackAfter = 100*time.Second, 60*time.Second
	w.mustStart(v)
	w.check(w.wrong())
	if got := w.v.FallbackAt.Sub(started); got != 70*time.Second {
		t.Errorf("fallback is at %v, want 70 s", got)
	}
}

func TestFallbackIsDisarmedWithNothingLeft(t *testing.T) {
	w := newWorld(t)
	w.link(tg)
	w.mustStart(draft(tg, sm))
	w.refuse(otpcore.ClassBlocked)
	if !w.v.FallbackAt.IsZero() {
		t.Errorf("fallback is at %v with SMS gone out already", w.v.FallbackAt)
	}
}

func TestUndeliveredModeStopsTheClock(t *testing.T) {
	for _, tt := range []struct {
		name string
		ch   otpcore.Channel
		then func(w *world)
		stop bool
	}{
		{"accepted, no receipts", tg, func(*world) {}, true},
		{"accepted, receipts to come", wa, func(*world) {}, false},
		{"delivered", wa, func(w *world) { w.receive(w.deliveries[0].ID, otpcore.Receipt{Status: otpcore.Delivered}) }, true},
		{"read", wa, func(w *world) { w.receive(w.deliveries[0].ID, otpcore.Receipt{Status: otpcore.Read}) }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.link(tt.ch)
			v := draft(tt.ch, sm)
			v.FallbackOn = otpcore.Undelivered
			w.mustStart(v)
			w.accept("m1")
			tt.then(w)
			if stopped := w.v.FallbackAt.IsZero(); stopped != tt.stop {
				t.Errorf("clock stopped: %v, want %v", stopped, tt.stop)
			}
		})
	}
}

func TestUnconfirmedModeIgnoresReceipts(t *testing.T) {
	w := newWorld(t)
	w.link(wa)
	w.mustStart(draft(wa, sm))
	w.accept("m1")
	w.receive(w.deliveries[0].ID, otpcore.Receipt{Status: otpcore.Read})
	w.wakeAt(45 * time.Second)
	w.expect("whatsapp:read sms:sending")
}

func TestSMSExtendsTheLife(t *testing.T) {
	for _, tt := range []struct{ ttl, at, end time.Duration }{
		{180 * time.Second, 45 * time.Second, 180 * time.Second},
		{90 * time.Second, 45 * time.Second, 165 * time.Second},
		{600 * time.Second, 300 * time.Second, 600 * time.Second},
		{500 * time.Second, 495 * time.Second, 600 * time.Second}, // never beyond 600 s
	} {
		w := newWorld(t)
		w.link(tg)
		v := draft(tg, sm)
		v.TTL, v.FallbackAfter = tt.ttl, min(tt.at, 300*time.Second)
		w.mustStart(v)
		w.accept("m1")
		w.wakeAt(tt.at)
		if got := w.v.ExpiresAt.Sub(started); got != tt.end {
			t.Errorf("ttl %v, SMS at %v: the code expires after %v, want %v", tt.ttl, tt.at, got, tt.end)
		}
	}
}

func TestFallbackAtTheVeryEndFiresBeforeIt(t *testing.T) {
	w := newWorld(t)
	w.link(tg)
	v := draft(tg, sm)
	v.TTL, v.FallbackAfter = 30*time.Second, 30*time.Second
	w.mustStart(v)
	w.accept("m1")
	w.wakeAt(29 * time.Second)
	w.expect("telegram:sent edit(also_sms):sending sms:sending")
}

func TestNothingButSMSLeavesInTheQuietPart(t *testing.T) {
	w := newWorld(t)
	w.link(tg)
	w.link(wa)
	v := draft(tg, wa)
	v.TTL, v.FallbackAfter = 60*time.Second, 50*time.Second
	w.mustStart(v)
	w.accept("m1")
	w.wakeAt(50 * time.Second) // the last 20 s have begun
	w.expect("telegram:sent")

	w = newWorld(t)
	w.link(tg)
	w.mustStart(draft(tg))
	w.pass(150 * time.Second)
	w.answer(otpcore.Accepted{}, down)
	if w.v.Status != otpcore.Failed {
		t.Errorf("a chat try in the quiet part: %s", w.trail())
	}
}

func TestHandoverCodesKeepTheirLifeAndRoute(t *testing.T) {
	w := newWorld(t)
	v := draft(sm, tg)
	v.Kind, v.TTL, v.FallbackAfter = otpcore.KindHandover, 14*24*time.Hour, 0
	w.mustStart(v)
	if !w.v.FallbackAt.IsZero() || w.v.ExpiresAt.Sub(started) != 14*24*time.Hour {
		t.Errorf("fallback at %v, expires at %v", w.v.FallbackAt, w.v.ExpiresAt)
	}
}
