package otpcore_test

import (
	"errors"
	"testing"
	"time"

	"otpravka/otpcore"
)

// wantLimited checks for a refusal with the given code and wait.
func wantLimited(t *testing.T, err error, code string, wait time.Duration) {
	t.Helper()
	e, ok := errors.AsType[*otpcore.Error](err)
	if !ok || e.Code != code || e.RetryAfter != wait {
		t.Errorf("error is %v, want %s for %v", err, code, wait)
	}
}

func TestResendCooldowns(t *testing.T) {
	w := newWorld(t)
	v := draft(sm)
	v.TTL = 600 * time.Second
	w.mustStart(v)
	w.accept("s1")
	for _, wait := range []time.Duration{30 * time.Second, 60 * time.Second, 120 * time.Second, 300 * time.Second} {
		w.pass(wait - time.Millisecond)
		wantLimited(t, w.resend(""), "resend_too_soon", time.Millisecond)
		w.pass(time.Millisecond)
		if err := w.resend(""); err != nil {
			t.Fatalf("resend after %v: %v", wait, err)
		}
	}
	if w.v.Sends != 5 {
		t.Errorf("%d sends", w.v.Sends)
	}
}

func TestNoSixthSend(t *testing.T) {
	w := newWorld(t)
	w.link(tg)
	v := draft(tg, sm)
	v.TTL, v.FallbackAfter = 600*time.Second, 300*time.Second
	w.mustStart(v)
	w.v.Sends = 5
	w.pass(time.Minute)
	if err := w.resend(""); otpcore.CodeOf(err) != "too_many_sends" {
		t.Errorf("resend: %v", err)
	}
	w.refuse(otpcore.ClassBlocked)
	if w.v.Sends != 5 || w.v.Status != otpcore.Failed {
		t.Errorf("%d sends, verification is %s", w.v.Sends, w.v.Status)
	}
}

func TestResendPicksTheChannel(t *testing.T) {
	for _, tt := range []struct {
		name  string
		route []otpcore.Channel
		links []otpcore.Channel
		named otpcore.Channel
		trail string // empty: refused
	}{
		{"next of the route", []otpcore.Channel{tg, sm}, []otpcore.Channel{tg}, "", "telegram:sent sms:sending"},
		{"next that can", []otpcore.Channel{tg, wa, sm}, []otpcore.Channel{tg}, "", "telegram:sent sms:sending"},
		{"last one again", []otpcore.Channel{sm}, nil, "", "sms:sent sms:sending"},
		{"named, used before", []otpcore.Channel{tg, sm}, []otpcore.Channel{tg}, tg, "telegram:sent telegram:sending"},
		{"named, out of turn", []otpcore.Channel{tg, wa, sm}, []otpcore.Channel{tg, wa}, sm, "telegram:sent sms:sending"},
		{"named, not of the route", []otpcore.Channel{sm}, []otpcore.Channel{tg}, tg, ""},
		{"named, unlinked", []otpcore.Channel{tg, sm}, nil, tg, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			for _, ch := range tt.links {
				w.link(ch)
			}
			w.mustStart(draft(tt.route...))
			w.accept("m1")
			w.pass(30 * time.Second)
			err := w.resend(tt.named)
			if tt.trail == "" {
				if otpcore.CodeOf(err) != "no_channel" {
					t.Errorf("resend: %v", err)
				}
				return
			}
			w.expect(tt.trail)
		})
	}
}

func TestResendOutOfTurnKeepsTheRestOfTheRoute(t *testing.T) {
	w := newWorld(t)
	w.link(tg)
	w.link(wa)
	w.mustStart(draft(tg, wa, sm))
	w.accept("m1")
	w.pass(30 * time.Second)
	_ = w.resend(sm)
	w.refuse(otpcore.ClassNoRoute)
	w.expect("telegram:sent sms:failed whatsapp:sending")
}

func TestResendPastAHeldCode(t *testing.T) {
	w := newWorld(t)
	v := draft(tg, sm)
	v.WhenUnlinked = otpcore.Wait
	w.mustStart(v)
	w.pass(30 * time.Second)
	if err := w.resend(""); err != nil {
		t.Fatal(err)
	}
	w.expect("telegram:waiting_link sms:sending")
	if !w.v.FallbackAt.IsZero() {
		t.Error("the clock would send the SMS again")
	}
}

func TestResendReplacesAQueuedTry(t *testing.T) {
	w := newWorld(t)
	w.mustStart(draft(sm))
	w.pass(29 * time.Second)
	w.answer(otpcore.Accepted{}, &otpcore.SendError{Class: otpcore.ClassThrottled, RetryAfter: time.Minute, Provider: "p", Message: "Later."})
	w.pass(time.Second)
	if err := w.resend(""); err != nil {
		t.Fatal(err)
	}
	w.expect("sms:skipped sms:sending")
}

func TestResendExtendsTheLifeWithinBounds(t *testing.T) {
	w := newWorld(t)
	v := draft(sm)
	v.TTL = 400 * time.Second
	w.mustStart(v)
	w.accept("s1")
	w.pass(100 * time.Second)
	_ = w.resend("")
	if got := w.v.ExpiresAt.Sub(started); got != 500*time.Second {
		t.Errorf("expires after %v, want 500 s", got)
	}
	w.pass(300 * time.Second)
	_ = w.resend("")
	if got := w.v.ExpiresAt.Sub(started); got != 600*time.Second {
		t.Errorf("expires after %v, want 600 s", got)
	}
	w.now = started.Add(580 * time.Second)
	if err := w.resend(""); otpcore.CodeOf(err) != "verification_ending" {
		t.Errorf("resend at 580 s: %v", err)
	}
}

func TestT04ResendKeepsAttempts(t *testing.T) {
	w := newWorld(t)
	w.mustStart(draft(sm))
	w.accept("s1")
	for range 4 {
		w.check(w.wrong())
	}
	w.pass(30 * time.Second)
	if err := w.resend(""); err != nil {
		t.Fatal(err)
	}
	if r := w.check(w.wrong()); r.Status != otpcore.Failed {
		t.Errorf("result is %+v", r)
	}
	w.pass(time.Minute)
	if err := w.resend(""); otpcore.CodeOf(err) != "verification_ended" {
		t.Errorf("resend after the end: %v", err)
	}
}

func TestResendRespectsAPause(t *testing.T) {
	w := smsSent(t, sm)
	w.pass(30 * time.Second)
	w.standing.PausedUntil = w.now.Add(time.Hour)
	wantLimited(t, w.resend(""), "phone_paused", time.Hour)
}
