package storagetest

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/otpcore"
)

// T11CodeBoundToVerification offers every code at other verifications, of the
// same phone, another phone, another mode and another business: each opens its
// own and no other, and a foreign id looks like an unknown one.
func T11CodeBoundToVerification(t *testing.T, newLab NewLab) {
	type started struct {
		by    otpcore.Caller
		phone int
		id    otpcore.ID
		code  string
	}
	s := openShop(t, newLab(t))
	var all []started
	for _, by := range []otpcore.Caller{liveA, liveB, testA, testB} {
		for _, phone := range []int{1, 2} {
			for range 2 {
				r, err := s.core.Verifications.Start(t.Context(), by, otpcore.StartRequest{Phone: phoneOf(phone)})
				must(t, err)
				one := started{by: by, phone: phone, id: r.Verification.ID, code: r.TestCode.Reveal()}
				if by.Mode == otpcore.Live {
					one.code = s.code(by, one.id)
				}
				all = append(all, one)
			}
		}
	}
	check := func(by otpcore.Caller, id otpcore.ID, code string) (otpcore.CheckResult, error) {
		return s.core.Verifications.Check(t.Context(), by, id, code, nil, nil)
	}
	unknown := otpcore.NewID(otpcore.PrefixVerification, time.Now())
	for i, v := range all {
		// The other one of the same phone, another phone, another business,
		// another mode: four guesses, and the right code still counts.
		for _, other := range []started{all[i^1], all[i^2], all[i^4], all[i^8]} {
			if other.code == v.code {
				continue // one pair in a million
			}
			r, err := check(v.by, v.id, other.code)
			must(t, err)
			if r.Valid {
				t.Errorf("a code of %s phone %d opened one of %s phone %d", other.by.Business.Name, other.phone, v.by.Business.Name, v.phone)
			}
		}
		for _, by := range []otpcore.Caller{liveA, liveB, testA, testB} {
			if by == v.by {
				continue
			}
			_, foreign := check(by, v.id, v.code)
			_, nobodys := check(by, unknown, v.code)
			missing(t, "foreign verification", foreign)
			equal(t, "a foreign id and an unknown one", foreign, nobodys)
		}
		r, err := check(v.by, v.id, v.code)
		must(t, err)
		equal(t, "the code at its own verification", r.Valid, true)
	}
}

// T12ContextBound changes what a payment's code confirms, one field at a time:
// each change cancels it for good.
func T12ContextBound(t *testing.T, newLab NewLab) {
	s := openShop(t, newLab(t))
	payment := func(amount, currency, payee string) map[string]otpcore.Param {
		return map[string]otpcore.Param{
			"amount": {Money: &otpcore.Money{Amount: amount, Currency: currency}}, "payee": {Text: payee},
		}
	}
	asked := payment("4990.00", "KZT", "Aliya")
	for n, c := range []struct {
		name    string
		context map[string]otpcore.Param
		want    otpcore.Reason
	}{
		{"the same", payment("4990.00", "KZT", "Aliya"), ""},
		{"another amount", payment("4990.01", "KZT", "Aliya"), otpcore.ReasonContextMismatch},
		{"another currency", payment("4990.00", "RUB", "Aliya"), otpcore.ReasonContextMismatch},
		{"another payee", payment("4990.00", "KZT", "Boris"), otpcore.ReasonContextMismatch},
		{"a field left out", map[string]otpcore.Param{"payee": {Text: "Aliya"}}, otpcore.ReasonContextMismatch},
	} {
		t.Run(c.name, func(t *testing.T) {
			id := s.startBy(liveA, otpcore.StartRequest{Phone: phoneOf(n), Template: "payment", Context: asked})
			code := s.code(liveA, id)
			sent := s.carriers.Of(otpcore.SMS).Sent()
			if text := sent[len(sent)-1].Message.Text; !strings.Contains(text, "4990.00 KZT") || !strings.Contains(text, "Aliya") {
				t.Errorf("the message does not name what the code confirms")
			}
			r, err := s.core.Verifications.Check(t.Context(), liveA, id, code, c.context, nil)
			must(t, err)
			equal(t, "reason", r.Reason, c.want)
			if c.want == "" {
				return
			}
			r, err = s.core.Verifications.Check(t.Context(), liveA, id, code, asked, nil)
			must(t, err)
			equal(t, "the right context afterwards", r.Reason, otpcore.ReasonCanceled)
			v := s.caseOf(liveA, id).Verification
			equal(t, "end", [2]string{string(v.Status), string(v.EndReason)}, [2]string{"canceled", "context_mismatch"})
			equal(t, "attempts", v.Attempts, 1)
		})
	}
}

// T41Idempotency repeats one start from 50 callers at once: one verification,
// one message, one answer. The same key for another body is refused, and
// another business's key is another key.
func T41Idempotency(t *testing.T, newLab NewLab) {
	s := openShop(t, newLab(t))
	start := func(by otpcore.Caller, phone string, key otpcore.IdempotencyKey) (otpcore.ID, error) {
		r, err := s.core.Verifications.Start(t.Context(), by, otpcore.StartRequest{Phone: phone, Idempotency: &key})
		if err != nil {
			return "", err
		}
		return r.Verification.ID, nil
	}
	for round := range 10 {
		phone := phoneOf(round)
		key := otpcore.IdempotencyKey{Key: fmt.Sprint("key-", round), Fingerprint: [32]byte{1}}
		ids := make([]otpcore.ID, 50)
		together(len(ids), func(i int) {
			id, err := start(liveA, phone, key)
			if err != nil {
				t.Errorf("start: %v", err)
			}
			ids[i] = id
		})
		for _, id := range ids {
			equal(t, "id", id, ids[0])
		}
		q := otpcore.PhoneQuery{BusinessID: shopA.ID, Mode: otpcore.Live, Phone: s.phoneIndex(phone), Limit: 10}
		list, err := s.db.VerificationsOf(t.Context(), q)
		must(t, err)
		equal(t, "verifications", len(list), 1)
		s.code(liveA, ids[0])
		equal(t, "messages", len(s.carriers.Of(otpcore.SMS).Sent()), 2*round+1)

		other := key
		other.Fingerprint[0] = 2
		_, err = start(liveA, phone, other)
		equal(t, "another body", otpcore.CodeOf(err), "key_reused")
		id, err := start(liveB, phone, key)
		must(t, err)
		if id == ids[0] {
			t.Error("two businesses share a key")
		}
		s.code(liveB, id)
	}
}

// T42LostAnswer drops the answer of a right check after its commit: the same
// key repeats the approval for 10 minutes, any other one finds the code used.
func T42LostAnswer(t *testing.T, newLab NewLab) {
	synctest.Test(t, func(t *testing.T) {
		lab := newLab(t)
		s := openShop(t, lab)
		id := s.start(phoneOf(1))
		code := s.code(liveA, id)
		synctest.Wait()
		check := func(ctx context.Context, key string) (otpcore.CheckResult, error) {
			k := &otpcore.IdempotencyKey{Key: key, Fingerprint: [32]byte{1}}
			return s.core.Verifications.Check(ctx, liveA, id, code, nil, k)
		}
		ctx, leave := context.WithCancel(t.Context())
		var commits atomic.Int32
		lab.Break(func(statement string) error {
			if statement == "COMMIT" {
				commits.Add(1)
				leave()
			}
			return nil
		})
		_, _ = check(ctx, "mine") // whatever it says, nobody reads it
		synctest.Wait()
		lab.Break(nil)
		equal(t, "commits", commits.Load(), int32(1))

		again, err := check(t.Context(), "mine")
		must(t, err)
		equal(t, "the same key", again.Valid, true)
		other, err := check(t.Context(), "other")
		must(t, err)
		equal(t, "another key", other.Reason, otpcore.ReasonAlreadyUsed)
		time.Sleep(9*time.Minute + 59*time.Second)
		late, err := check(t.Context(), "mine")
		must(t, err)
		equal(t, "the same key within its time", late, again)
		time.Sleep(time.Second)
		late, err = check(t.Context(), "mine")
		must(t, err)
		equal(t, "the same key after its time", late.Reason, otpcore.ReasonAlreadyUsed)
		equal(t, "events", s.countEvents(id, otpcore.EventVerificationApproved), 1)
	})
}
