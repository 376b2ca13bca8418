package storagetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"otpravka/otpcore"
)

// together runs fn n times, all of them started behind one barrier, and waits
// for the end of the last one.
func together(n int, fn func(i int)) {
	barrier := make(chan struct{})
	var callers sync.WaitGroup
	for i := range n {
		callers.Go(func() {
			<-barrier
			fn(i)
		})
	}
	close(barrier)
	callers.Wait()
}

// tally counts reasons and errors from many callers.
type tally struct {
	mu sync.Mutex
	by map[otpcore.Reason]int
}

func (c *tally) add(r otpcore.Reason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by == nil {
		c.by = make(map[otpcore.Reason]int)
	}
	c.by[r]++
}

// T01ParallelBruteForce guesses at one verification from 200 callers at once:
// exactly five guesses are compared, and then the right code is refused.
func T01ParallelBruteForce(t *testing.T, newLab NewLab) {
	s := openShop(t, newLab(t))
	for round := range 10 {
		id := s.start(phoneOf(round))
		code := s.code(liveA, id)
		var got tally
		together(200, func(int) {
			r, err := s.core.Verifications.Check(t.Context(), liveA, id, wrong(code), nil, nil)
			if err != nil {
				t.Errorf("check: %v", err)
			}
			got.add(r.Reason)
		})
		equal(t, "answers", got.by, map[otpcore.Reason]int{otpcore.ReasonInvalidCode: 5, otpcore.ReasonTooManyAttempts: 195})
		v := s.caseOf(liveA, id).Verification
		equal(t, "stored attempts", v.Attempts, 5)
		equal(t, "status", v.Status, otpcore.Failed)
		equal(t, "the right code afterwards", s.check(id, code).Reason, otpcore.ReasonTooManyAttempts)
	}
}

// T02CounterSurvives guesses while callers leave and commits fail at random
// points: every guess whose outcome was told has been counted.
func T02CounterSurvives(t *testing.T, newLab NewLab) {
	lab := newLab(t)
	s := openShop(t, lab)
	for round := range 10 {
		id := s.start(phoneOf(round))
		code := s.code(liveA, id)
		var told atomic.Int32
		contexts := make(chan context.CancelFunc, 200)
		lab.Break(func(statement string) error {
			if statement != "COMMIT" {
				return nil
			}
			for range rand.N(3) { // callers that leave at the very moment of the commit
				select {
				case leave := <-contexts:
					leave()
				default:
				}
			}
			if rand.N(3) == 0 {
				return errors.New("disk I/O error")
			}
			return nil
		})
		together(200, func(int) {
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			contexts <- leave
			r, err := s.core.Verifications.Check(ctx, liveA, id, wrong(code), nil, nil)
			if err == nil && r.Reason == otpcore.ReasonInvalidCode {
				told.Add(1)
			}
		})
		lab.Break(nil)
		attempts := s.caseOf(liveA, id).Verification.Attempts
		if n := int(told.Load()); n > attempts || attempts > 5 {
			t.Fatalf("round %d: %d guesses were told their outcome, %d are counted", round, n, attempts)
		}
		for range 5 {
			s.check(id, wrong(code))
		}
		equal(t, "attempts in the end", s.caseOf(liveA, id).Verification.Attempts, 5)
	}
}

// T03ApprovedOnce offers the right code from 100 callers at once: one of them
// is approved, and one event says so.
func T03ApprovedOnce(t *testing.T, newLab NewLab) {
	s := openShop(t, newLab(t))
	for round := range 10 {
		id := s.start(phoneOf(round))
		code := s.code(liveA, id)
		var got tally
		together(100, func(i int) {
			key := &otpcore.IdempotencyKey{Key: fmt.Sprint("key-", i), Fingerprint: [32]byte{byte(i)}}
			r, err := s.core.Verifications.Check(t.Context(), liveA, id, code, nil, key)
			if err != nil {
				t.Errorf("check: %v", err)
			}
			if r.Valid != (r.Reason == "") {
				t.Errorf("valid %v with reason %q", r.Valid, r.Reason)
			}
			got.add(r.Reason)
		})
		equal(t, "answers", got.by, map[otpcore.Reason]int{"": 1, otpcore.ReasonAlreadyUsed: 99})
		equal(t, "events", s.countEvents(id, otpcore.EventVerificationApproved), 1)
	}
}

func (s *shop) countEvents(id otpcore.ID, want otpcore.EventType) int {
	s.t.Helper()
	events, err := s.db.Timeline(s.t.Context(), id)
	must(s.t, err)
	n := 0
	for _, e := range events {
		if e.Type == want {
			n++
		}
	}
	return n
}

// T04ResendNeverResets mixes wrong guesses and resends: together they never
// get more than five guesses.
func T04ResendNeverResets(t *testing.T, newLab NewLab) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t, newLab(t))
		id := s.start(phoneOf(0))
		code := s.code(liveA, id)
		for range 4 {
			s.check(id, wrong(code))
		}
		time.Sleep(time.Minute)
		_, err := s.core.Verifications.Resend(t.Context(), liveA, id, otpcore.SMS, nil)
		must(t, err)
		equal(t, "the code of the resend", s.code(liveA, id), code)
		equal(t, "the fifth guess", s.check(id, wrong(code)).Status, otpcore.Failed)
		equal(t, "the right code", s.check(id, code).Reason, otpcore.ReasonTooManyAttempts)
	})
	synctest.Test(t, func(t *testing.T) {
		s, tried := openShop(t, newLab(t)), 0
		rapid.Check(undated{t}, func(r *rapid.T) {
			tried++
			id := s.start(phoneOf(tried))
			guess := wrong(s.code(liveA, id))
			compared := 0
			for _, step := range rapid.SliceOfN(rapid.Custom(drawStep), 60, 60).Draw(r, "steps") {
				if step.resend {
					_, _ = s.core.Verifications.Resend(t.Context(), liveA, id, "", nil) // refusals are fine
				} else if s.check(id, guess).Reason == otpcore.ReasonInvalidCode {
					compared++
				}
				time.Sleep(step.pause)
			}
			if attempts := s.caseOf(liveA, id).Verification.Attempts; compared > 5 || attempts != compared {
				r.Fatalf("%d guesses were compared, %d are counted", compared, attempts)
			}
		})
	})
}

// undated is a test without a deadline, which a bubble of synctest cannot tell.
type undated struct{ testing.TB }

// step is one thing that a client does, and the pause after it.
type step struct {
	resend bool
	pause  time.Duration
}

func drawStep(r *rapid.T) step {
	return step{
		resend: rapid.Bool().Draw(r, "resend"),
		pause:  time.Duration(rapid.IntRange(0, 40).Draw(r, "seconds")) * time.Second,
	}
}

// T05FailuresPerPhone starts and guesses wrong for 30 days as fast as it may:
// at most 10 guesses in any hour, 20 in any day, and 100 in all are compared;
// then the phone is locked.
func T05FailuresPerPhone(t *testing.T, newLab NewLab) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t, newLab(t))
		var compared []time.Time
		end := time.Now().Add(30 * 24 * time.Hour)
		for time.Now().Before(end) {
			started, err := s.core.Verifications.Start(t.Context(), liveA, otpcore.StartRequest{Phone: phoneOf(1)})
			if err != nil {
				time.Sleep(min(retryAfter(t, err), time.Hour))
				continue
			}
			guess := wrong(s.code(liveA, started.Verification.ID))
			for range 5 {
				if s.check(started.Verification.ID, guess).Reason == otpcore.ReasonInvalidCode {
					compared = append(compared, time.Now())
				}
			}
		}
		equal(t, "guesses in all", len(compared), 100)
		for _, limit := range []struct {
			count  int
			window time.Duration
		}{{10, time.Hour}, {20, 24 * time.Hour}} {
			for i := limit.count; i < len(compared); i++ {
				if apart := compared[i].Sub(compared[i-limit.count]); apart < limit.window {
					t.Errorf("%d guesses within %s", limit.count+1, apart)
				}
			}
		}
		_, err := s.core.Verifications.Start(t.Context(), liveA, otpcore.StartRequest{Phone: phoneOf(1)})
		equal(t, "start in the end", otpcore.CodeOf(err), "phone_locked")
	})
}

func retryAfter(t testing.TB, err error) time.Duration {
	t.Helper()
	e, ok := errors.AsType[*otpcore.Error](err)
	if !ok || e.Kind != otpcore.KindRateLimited || e.RetryAfter <= 0 {
		t.Fatalf("error %v does not say when to come back", err)
	}
	return e.RetryAfter
}
