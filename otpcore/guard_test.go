package otpcore_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"otpravka/otpcore"
)

// startAgain begins another verification of the same phone.
func (w *world) startAgain(v otpcore.Verification) error {
	w.t.Helper()
	if w.v != nil {
		w.begun = append(w.begun, w.v.Begun())
	}
	w.v, w.deliveries, w.inHand = nil, nil, nil
	return w.start(v)
}

func sms(ttl time.Duration) otpcore.Verification {
	v := draft(otpcore.SMS)
	v.TTL = ttl
	return v
}

func TestStartLimits(t *testing.T) {
	w := newWorld(t)
	for i := range 5 {
		if err := w.startAgain(sms(30 * time.Second)); err != nil {
			t.Fatalf("start %d: %v", i+1, err)
		}
		w.endBy(otpcore.Canceled, otpcore.EndByBusiness)
		w.pass(time.Minute)
	}
	wantLimited(t, w.startAgain(sms(30*time.Second)), "too_many_starts", 5*time.Minute)
	w.pass(5*time.Minute - time.Millisecond)
	wantLimited(t, w.startAgain(sms(30*time.Second)), "too_many_starts", time.Millisecond)
	w.pass(time.Millisecond)
	if err := w.startAgain(sms(30 * time.Second)); err != nil {
		t.Errorf("when the oldest has left the window: %v", err)
	}
}

func TestApprovedStartsDoNotCount(t *testing.T) {
	w := newWorld(t)
	for i := range 30 {
		if err := w.startAgain(sms(30 * time.Second)); err != nil {
			t.Fatalf("start %d: %v", i+1, err)
		}
		w.check(w.right())
	}
	for range 10 {
		_ = w.startAgain(sms(30 * time.Second))
		w.check(w.right())
	}
	if err := w.startAgain(sms(30 * time.Second)); otpcore.CodeOf(err) != "too_many_starts" {
		t.Errorf("start 41 of the day: %v, want the limit over all businesses", err)
	}
}

// Whenever starts and guesses come, no window ever holds more of them than its
// limit, and whoever waits as long as told gets through.
func TestLimitsHoldInEveryWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		var starts, failures []time.Time
		for range rapid.IntRange(1, 60).Draw(t, "acts") {
			w.pass(time.Duration(rapid.IntRange(0, 40*60).Draw(t, "seconds")) * time.Second / time.Duration(rapid.SampledFrom([]int{1, 10, 100}).Draw(t, "pace")))
			if err := w.startAgain(sms(120 * time.Second)); err != nil {
				continue
			}
			starts = append(starts, w.now)
			for range rapid.IntRange(0, 5).Draw(t, "guesses") {
				if r := w.check(w.wrong()); r.Reason == otpcore.ReasonInvalidCode {
					failures = append(failures, w.now)
				}
			}
		}
		wantSparse(t, starts, w.rules.Starts)
		wantSparse(t, failures, w.rules.Failures)
	})
}

// wantSparse fails when more than a limit's count lie within its window.
func wantSparse(t *rapid.T, times []time.Time, limits []otpcore.Limit) {
	for _, l := range limits {
		for i := l.Count; i < len(times); i++ {
			if times[i].Sub(times[i-l.Count]) < l.Window {
				t.Errorf("%d acts within %v: %v", l.Count+1, l.Window, times[i-l.Count:i+1])
			}
		}
	}
}

func TestThreeLiveCodes(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		if err := w.startAgain(sms(120 * time.Second)); err != nil {
			t.Fatal(err)
		}
		w.pass(time.Second)
	}
	wantLimited(t, w.startAgain(sms(120*time.Second)), "too_many_live", 117*time.Second)
	w.pass(117 * time.Second)
	if err := w.startAgain(sms(120 * time.Second)); err != nil {
		t.Errorf("when the first has expired: %v", err)
	}
}

func TestEndedCodesAreNotLive(t *testing.T) {
	w := newWorld(t)
	for range 5 {
		if err := w.startAgain(sms(120 * time.Second)); err != nil {
			t.Fatal(err)
		}
		w.endBy(otpcore.Canceled, otpcore.EndByBusiness)
	}
}

func TestExtendedCodesStayLive(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		_ = w.startAgain(sms(30 * time.Second)) // the SMS makes it 120 s
	}
	w.pass(119 * time.Second)
	wantLimited(t, w.startAgain(sms(30*time.Second)), "too_many_live", time.Second)
}

func TestT05FailuresLockThePhone(t *testing.T) {
	w := newWorld(t)
	for range 2 {
		_ = w.startAgain(sms(120 * time.Second))
		for range 5 {
			w.check(w.wrong())
		}
	}
	wantLimited(t, w.startAgain(sms(120*time.Second)), "phone_locked", time.Hour)
	w.pass(time.Hour)
	if err := w.startAgain(sms(120 * time.Second)); err != nil {
		t.Fatalf("after the lock: %v", err)
	}
}

func TestT05LockedPhoneIsNotCompared(t *testing.T) {
	w := newWorld(t)
	_ = w.startAgain(sms(120 * time.Second))
	for range 10 {
		w.standing.Failures = append(w.standing.Failures, w.now)
	}
	if r := w.check(w.right()); r.Valid || r.Reason != otpcore.ReasonPhoneLocked || w.v.Attempts != 0 {
		t.Errorf("result is %+v after %d attempts", r, w.v.Attempts)
	}
}

func TestT05HundredFailuresLockForGood(t *testing.T) {
	w := newWorld(t)
	guesses := 0
	for w.now.Sub(started) < 30*24*time.Hour {
		if err := w.startAgain(sms(120 * time.Second)); err == nil {
			for w.check(w.wrong()).Reason == otpcore.ReasonInvalidCode {
				guesses++
			}
		}
		w.pass(7 * time.Minute)
	}
	if guesses != 100 {
		t.Errorf("%d guesses in 30 days, want 100", guesses)
	}
	if err := w.startAgain(sms(120 * time.Second)); otpcore.CodeOf(err) != "phone_locked" {
		t.Errorf("start: %v", err)
	}
	w.standing.Failures, w.standing.Consecutive = nil, 0 // as the business unlocks it
	if err := w.startAgain(sms(120 * time.Second)); err != nil {
		t.Errorf("unlocked: %v", err)
	}
}

func TestApprovalForgivesFailures(t *testing.T) {
	w := newWorld(t)
	_ = w.startAgain(sms(120 * time.Second))
	for range 4 {
		w.check(w.wrong())
	}
	w.check(w.right())
	if w.standing.Consecutive != 0 || len(w.standing.Failures) != 0 || !w.standing.Idle(w.now) {
		t.Errorf("standing is %+v", w.standing)
	}
}

func TestPausedPhone(t *testing.T) {
	w := newWorld(t)
	w.standing.PausedUntil = w.now.Add(time.Hour)
	wantLimited(t, w.start(sms(120*time.Second)), "phone_paused", time.Hour)
	w.pass(time.Hour)
	if err := w.start(sms(120 * time.Second)); err != nil {
		t.Errorf("after the pause: %v", err)
	}
}

func TestTrialsAreNotGuarded(t *testing.T) {
	w := newWorld(t)
	w.mode, w.phone = otpcore.Test, otpcore.NewPhone(otpcore.TrialDelivered, "US")
	v := sms(120 * time.Second)
	v.Mode = otpcore.Test
	for i := range 50 {
		if err := w.startAgain(v); err != nil {
			t.Fatalf("start %d: %v", i+1, err)
		}
		w.check(w.wrong())
	}
	if len(w.standing.Failures) != 0 {
		t.Errorf("standing is %+v", w.standing)
	}
}

func TestIdleStanding(t *testing.T) {
	at := started
	for name, tt := range map[string]struct {
		s    otpcore.Standing
		want bool
	}{
		"blank":          {otpcore.Standing{}, true},
		"old start":      {otpcore.Standing{Erased: []otpcore.Begun{{At: at.Add(-24 * time.Hour)}}}, true},
		"recent start":   {otpcore.Standing{Erased: []otpcore.Begun{{At: at.Add(-23 * time.Hour)}}}, false},
		"forgiven":       {otpcore.Standing{ForgivenAt: at.Add(-23 * time.Hour)}, false},
		"forgiven once":  {otpcore.Standing{ForgivenAt: at.Add(-24 * time.Hour)}, true},
		"old failure":    {otpcore.Standing{Failures: []time.Time{at.Add(-24 * time.Hour)}}, true},
		"recent failure": {otpcore.Standing{Failures: []time.Time{at.Add(-23 * time.Hour)}}, false},
		"counting":       {otpcore.Standing{Consecutive: 1}, false},
		"paused":         {otpcore.Standing{PausedUntil: at.Add(time.Second)}, false},
		"paused once":    {otpcore.Standing{Pauses: 1}, false},
	} {
		if got := tt.s.Idle(at); got != tt.want {
			t.Errorf("%s: idle %v", name, got)
		}
	}
}
