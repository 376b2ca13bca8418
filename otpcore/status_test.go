package otpcore

import (
	"testing"
	"time"
)

func TestStatusMoves(t *testing.T) {
	all := []Status{Pending, Approved, Canceled, Expired, Failed}
	for _, from := range append(all, "", "unheard") {
		for _, to := range append(all, "", "unheard") {
			want := from == Pending && (to == Approved || to == Canceled || to == Expired || to == Failed)
			if got := from.CanBecome(to); got != want {
				t.Errorf("%q can become %q: %v, want %v", from, to, got, want)
			}
		}
	}
}

func TestForbiddenMovesChangeNothing(t *testing.T) {
	d := &desk{rules: DefaultRules()}
	for _, from := range []Status{Approved, Canceled, Expired, Failed} {
		for _, to := range []Status{Pending, Approved, Canceled, Expired, Failed} {
			c := &Case{Verification: &Verification{Status: from}, Standing: &Standing{}}
			d.end(c, to, EndExpired)
			if c.Verification.Status != from || c.Verification.EndReason != "" || len(c.changed.events) != 0 || c.changed.verification {
				t.Errorf("%s moved to %s", from, c.Verification.Status)
			}
		}
	}
}

func TestEndsHaveTheirEventAndText(t *testing.T) {
	for _, tt := range []struct {
		status Status
		reason EndReason
		event  EventType
		wanted Wanted
		answer Reason
	}{
		{Approved, "", EventVerificationApproved, WantUsed, ReasonAlreadyUsed},
		{Expired, EndExpired, EventVerificationExpired, WantExpired, ReasonExpired},
		{Canceled, EndByBusiness, EventVerificationCanceled, WantCanceled, ReasonCanceled},
		{Canceled, EndContextMismatch, EventVerificationCanceled, WantCanceled, ReasonCanceled},
		{Canceled, EndReported, EventVerificationReported, WantReported, ReasonCanceled},
		{Failed, EndTooManyAttempts, EventVerificationFailed, WantCanceled, ReasonTooManyAttempts},
		{Failed, EndUndeliverable, EventVerificationFailed, WantCanceled, ReasonFailed},
	} {
		v := &Verification{Status: tt.status, EndReason: tt.reason}
		if got := endEvent(tt.status, tt.reason); got != tt.event {
			t.Errorf("%s %s: event %s", tt.status, tt.reason, got)
		}
		if got := wantedAtEnd(v); got != tt.wanted {
			t.Errorf("%s %s: text %s", tt.status, tt.reason, got)
		}
		if got := endedReason(v); got != tt.answer {
			t.Errorf("%s %s: reason %s", tt.status, tt.reason, got)
		}
	}
}

func TestDeliveryStates(t *testing.T) {
	for _, tt := range []struct {
		status        DeliveryStatus
		live, arrived bool
		rank          int
	}{
		{WaitingLink, true, false, 0},
		{Queued, true, false, 0},
		{Sending, true, false, 0},
		{Unknown, true, false, 0},
		{Sent, true, true, 1},
		{Delivered, true, true, 2},
		{Read, true, true, 3},
		{FailedDlv, false, false, 0},
		{Skipped, false, false, 0},
	} {
		if s := tt.status; s.Live() != tt.live || s.Arrived() != tt.arrived || s.rank() != tt.rank {
			t.Errorf("%s: live %v, arrived %v, rank %d", s, s.Live(), s.Arrived(), s.rank())
		}
	}
}

func TestWakeAtIsTheNextThingToHappen(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(int64(s), 0) }
	for _, tt := range []struct {
		name string
		v    Verification
		want time.Time
	}{
		{"fallback first", Verification{Status: Pending, FallbackAt: at(45), ExpiresAt: at(180)}, at(45)},
		{"no fallback", Verification{Status: Pending, ExpiresAt: at(180)}, at(180)},
		{"fallback too late", Verification{Status: Pending, FallbackAt: at(181), ExpiresAt: at(180)}, at(180)},
		{"ended", Verification{Status: Approved, FallbackAt: at(45), ExpiresAt: at(180)}, noTime},
	} {
		if got := tt.v.WakeAt(); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
