package storagetest

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/otpcore"
)

// writes is the promise that no single failed write harms anybody.
var writes = []promise{
	{name: "a cycle survives the failure of each of its writes", test: everyWriteFails},
}

// everyWriteFails lets the n-th write of a whole cycle fail, for every n there
// is. Begin and end of a transaction are writes too.
func everyWriteFails(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	for n := 1; ; n++ {
		if !s.cycleWithout(lab, n) {
			if n < 10 {
				t.Fatalf("a cycle has %d writes: too few to be one", n-1)
			}
			return
		}
	}
}

// cycleWithout lives through a verification whose n-th write fails, and reports
// whether there was such a write. Callers that are told "unavailable" repeat
// the request, and it is as if nothing had happened.
func (s *shop) cycleWithout(lab Lab, n int) bool {
	s.t.Helper()
	var done atomic.Int64
	lab.Break(func(statement string) error {
		if strings.HasPrefix(strings.TrimSpace(statement), "SELECT") || done.Add(1) != int64(n) {
			return nil
		}
		return errors.New("disk I/O error")
	})
	defer lab.Break(nil)
	id := s.persistent(n, func(key *otpcore.IdempotencyKey) (otpcore.ID, error) {
		started, err := s.core.Verifications.Start(s.t.Context(), liveA, otpcore.StartRequest{Phone: phoneOf(n), Idempotency: key})
		if err != nil {
			return "", err
		}
		return started.Verification.ID, nil
	})
	code := s.code(liveA, id)
	told := 0
	for i, offered := range []string{wrong(code), code} {
		valid := s.persistent(n, func(key *otpcore.IdempotencyKey) (otpcore.ID, error) {
			key.Key = fmt.Sprintf("%s-%d", key.Key, i)
			r, err := s.core.Verifications.Check(s.t.Context(), liveA, id, offered, nil, key)
			return otpcore.ID(r.Reason), err
		})
		told++
		equal(s.t, "reason", otpcore.Reason(valid), []otpcore.Reason{otpcore.ReasonInvalidCode, ""}[i])
	}
	time.Sleep(time.Second) // the dispatcher repeats a record that was lost
	synctest.Wait()
	failed := done.Load() >= int64(n)
	lab.Break(nil)
	s.wantCycle(n, id, told)
	return failed
}

// persistent repeats a request under its key until it is stored.
func (s *shop) persistent(n int, do func(*otpcore.IdempotencyKey) (otpcore.ID, error)) otpcore.ID {
	s.t.Helper()
	for range 3 {
		answer, err := do(&otpcore.IdempotencyKey{Key: fmt.Sprint(n), Fingerprint: [32]byte{1}})
		if err == nil {
			return answer
		}
		wantKind(s.t, err, otpcore.KindUnavailable)
	}
	s.t.Fatalf("write %d failed once, and the request three times", n)
	return ""
}

// wantCycle expects one verification of the phone, approved once, each guess
// counted once, and one message.
func (s *shop) wantCycle(n int, id otpcore.ID, guesses int) {
	s.t.Helper()
	list, err := s.db.VerificationsOf(s.t.Context(), otpcore.PhoneQuery{
		BusinessID: shopA.ID, Mode: otpcore.Live, Limit: 10, Phone: s.phoneIndex(phoneOf(n)),
	})
	must(s.t, err)
	equal(s.t, "verifications", len(list), 1)
	c := s.caseOf(liveA, id)
	equal(s.t, "status", c.Verification.Status, otpcore.Approved)
	equal(s.t, "attempts", c.Verification.Attempts, guesses)
	equal(s.t, "deliveries", len(c.Deliveries), 1)
	equal(s.t, "delivery", c.Deliveries[0].Status, otpcore.Sent)
	timeline, err := s.db.Timeline(s.t.Context(), id)
	must(s.t, err)
	counts := map[otpcore.EventType]int{}
	for _, e := range timeline {
		counts[e.Type]++
	}
	for _, kind := range []otpcore.EventType{
		otpcore.EventVerificationStarted, otpcore.EventVerificationApproved, otpcore.EventDeliverySent, otpcore.NoteCheckFailed,
	} {
		if counts[kind] != 1 {
			s.t.Errorf("write %d failed, and %s happened %d times", n, kind, counts[kind])
		}
	}
	sends := 0
	for _, o := range s.carriers.Of(otpcore.SMS).Sent() {
		if o.DeliveryID == c.Deliveries[0].ID {
			sends++
		}
	}
	equal(s.t, "messages", sends, 1)
}
