package otpcore_test

import (
	"testing"
	"time"

	"otpravka/otpcore"
)

func TestCheckOutcomes(t *testing.T) {
	for _, tt := range []struct {
		name    string
		prepare func(w *world)
		code    func(w *world) string
		reason  otpcore.Reason
		status  otpcore.Status
		left    int
	}{
		{"right", nil, (*world).right, "", otpcore.Approved, 0},
		{"right with spaces folded", nil, func(w *world) string {
			c, _ := otpcore.NormaliseCode(w.right()[:3] + " " + w.right()[3:])
			return c.Reveal()
		}, "", otpcore.Approved, 0},
		{"wrong", nil, (*world).wrong, otpcore.ReasonInvalidCode, otpcore.Pending, 4},
		{"too short", nil, func(*world) string { return "12345" }, otpcore.ReasonMalformedCode, otpcore.Pending, 5},
		{"empty", nil, func(*world) string { return "" }, otpcore.ReasonMalformedCode, otpcore.Pending, 5},
		{"last ms", func(w *world) { w.pass(180*time.Second - time.Millisecond) }, (*world).right, "", otpcore.Approved, 0},
		{"T10 expired", func(w *world) { w.pass(180 * time.Second) }, (*world).right, otpcore.ReasonExpired, otpcore.Expired, 0},
		{"already used", func(w *world) { w.check(w.right()) }, func(*world) string { return "123456" }, otpcore.ReasonAlreadyUsed, otpcore.Approved, 0},
		{"canceled", func(w *world) { w.endBy(otpcore.Canceled, otpcore.EndByBusiness) }, func(*world) string { return "123456" }, otpcore.ReasonCanceled, otpcore.Canceled, 0},
		{"undeliverable", func(w *world) { w.endBy(otpcore.Failed, otpcore.EndUndeliverable) }, func(*world) string { return "123456" }, otpcore.ReasonFailed, otpcore.Failed, 0},
		{"key lost", func(w *world) { w.vault.LoseCodeKey("k1") }, func(*world) string { return "123456" }, otpcore.ReasonExpired, otpcore.Expired, 0},
		{"key rotated", func(w *world) { w.vault.RotateCodeKey("k2") }, (*world).right, "", otpcore.Approved, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := smsSent(t, sm)
			if tt.prepare != nil {
				tt.prepare(w)
			}
			r := w.check(tt.code(w))
			if r.Reason != tt.reason || r.Valid != (tt.reason == "") || r.Status != tt.status || r.AttemptsLeft != tt.left {
				t.Errorf("result is %+v", r)
			}
			if r.Valid && (r.ApprovedAt != w.now || r.Channel != sm) {
				t.Errorf("approved at %v over %q", r.ApprovedAt, r.Channel)
			}
		})
	}
}

func TestFifthRightGuessPasses(t *testing.T) {
	w := smsSent(t, sm)
	for range 4 {
		w.check(w.wrong())
	}
	if r := w.check(w.right()); !r.Valid {
		t.Errorf("result is %+v", r)
	}
}

func TestFifthWrongGuessEnds(t *testing.T) {
	w := smsSent(t, sm)
	code := w.right()
	for range 4 {
		w.check(w.wrong())
	}
	if r := w.check(w.wrong()); r.Reason != otpcore.ReasonInvalidCode || r.Status != otpcore.Failed {
		t.Errorf("fifth guess: %+v", r)
	}
	if r := w.check(code); r.Reason != otpcore.ReasonTooManyAttempts || r.Valid {
		t.Errorf("right code after that: %+v", r)
	}
}

func TestT12ContextIsBound(t *testing.T) {
	amount := func(s string) otpcore.Param { return otpcore.Param{Money: &otpcore.Money{Amount: s, Currency: "KZT"}} }
	bound := map[string]otpcore.Param{"amount": amount("4990.00"), "payee": {Text: "Asel"}}
	for _, tt := range []struct {
		name    string
		context map[string]otpcore.Param
		reason  otpcore.Reason
	}{
		{"same", map[string]otpcore.Param{"payee": {Text: "Asel"}, "amount": amount("4990.00")}, ""},
		{"other amount", map[string]otpcore.Param{"payee": {Text: "Asel"}, "amount": amount("4990.01")}, otpcore.ReasonContextMismatch},
		{"other payee", map[string]otpcore.Param{"payee": {Text: "Oleg"}, "amount": amount("4990.00")}, otpcore.ReasonContextMismatch},
		{"field missing", map[string]otpcore.Param{"payee": {Text: "Asel"}}, otpcore.ReasonContextMismatch},
		{"field added", map[string]otpcore.Param{"payee": {Text: "Asel"}, "amount": amount("4990.00"), "x": {Text: "y"}}, otpcore.ReasonContextMismatch},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			v := draft(sm)
			v.Context = bound
			w.mustStart(v)
			var r otpcore.CheckResult
			_ = w.do(func(c *otpcore.Case) (err error) {
				r, err = w.desk.Check(c, otpcore.NewCode(w.right()), tt.context)
				return err
			})
			if r.Reason != tt.reason || w.v.Attempts != 1 {
				t.Errorf("result is %+v after %d attempts", r, w.v.Attempts)
			}
			if tt.reason != "" && (w.v.Status != otpcore.Canceled || w.v.EndReason != otpcore.EndContextMismatch) {
				t.Errorf("verification is %s, %s", w.v.Status, w.v.EndReason)
			}
		})
	}
}

func TestMissingContextCostsNothing(t *testing.T) {
	w := newWorld(t)
	v := draft(sm)
	v.Context = map[string]otpcore.Param{"payee": {Text: "Asel"}}
	w.mustStart(v)
	err := w.do(func(c *otpcore.Case) error {
		_, err := w.desk.Check(c, otpcore.NewCode(w.right()), nil)
		return err
	})
	if otpcore.CodeOf(err) != "context_required" || w.v.Attempts != 0 {
		t.Errorf("%v after %d attempts", err, w.v.Attempts)
	}
}

func TestContextWhereNoneIsBoundIsAMismatch(t *testing.T) {
	w := smsSent(t, sm)
	var r otpcore.CheckResult
	_ = w.do(func(c *otpcore.Case) (err error) {
		r, err = w.desk.Check(c, otpcore.NewCode(w.right()), map[string]otpcore.Param{"payee": {Text: "Asel"}})
		return err
	})
	if r.Reason != otpcore.ReasonContextMismatch {
		t.Errorf("result is %+v", r)
	}
}

func TestApprovalBySMSAloneProvesLinks(t *testing.T) {
	for _, tt := range []struct {
		name  string
		run   func(w *world)
		proof otpcore.Proof
	}{
		{"sms alone", func(w *world) { w.refuse(otpcore.ClassNoRoute); w.accept("s1") }, otpcore.ProofSMS},
		{"chat had it too", func(w *world) { w.accept("m1"); w.wakeAt(45 * time.Second); w.accept("s1") }, otpcore.ProofContact},
		{"chat may have had it", func(w *world) {
			w.refuse(otpcore.ClassAmbiguous)
			w.refuse(otpcore.ClassAmbiguous)
			w.accept("s1")
		}, otpcore.ProofContact},
		{"chat refused the repeat of an unread answer", func(w *world) {
			w.refuse(otpcore.ClassAmbiguous)
			w.refuse(otpcore.ClassBadNumber)
			w.accept("s1")
		}, otpcore.ProofContact},
		{"chat took it and failed later", func(w *world) {
			w.accept("m1")
			w.receive(w.deliveries[0].ID, otpcore.Receipt{Status: otpcore.FailedDlv})
			w.accept("s1")
		}, otpcore.ProofContact},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.link(tg)
			w.mustStart(draft(tg, sm))
			tt.run(w)
			w.check(w.right())
			if got := w.links[0].Proof; got != tt.proof {
				t.Errorf("the link's proof is %s, want %s", got, tt.proof)
			}
		})
	}
}

func TestLinkMadeMeanwhileIsNotProven(t *testing.T) {
	w := newWorld(t)
	w.mustStart(draft(sm))
	w.accept("s1")
	w.pass(10 * time.Second)
	w.link(tg).VerifiedAt = w.now
	w.check(w.right())
	if w.links[0].Proof != otpcore.ProofContact {
		t.Error("a link that is younger than the code has its proof")
	}
}

func TestHandoverLocksForAWhile(t *testing.T) {
	w := newWorld(t)
	v := draft(sm)
	v.Kind, v.TTL, v.CodeLength = otpcore.KindHandover, 14*24*time.Hour, 4
	w.mustStart(v)
	code := w.right()
	for range 5 {
		if r := w.check(w.wrong()); r.Reason != otpcore.ReasonInvalidCode || r.Status != otpcore.Pending {
			t.Fatalf("wrong guess: %+v", r)
		}
	}
	w.pass(15*time.Minute - time.Millisecond)
	if r := w.check(code); r.Reason != otpcore.ReasonTooManyAttempts || w.v.Attempts != 5 {
		t.Errorf("while locked: %+v after %d attempts", r, w.v.Attempts)
	}
	w.pass(time.Millisecond)
	if err := w.resend(""); otpcore.CodeOf(err) != "resend_not_possible" {
		t.Errorf("resend: %v", err)
	}
	if w.standing.Consecutive != 0 {
		t.Error("guesses at a parcel's door count for the phone")
	}
	if r := w.check(code); !r.Valid {
		t.Errorf("after the lock: %+v", r)
	}
}
