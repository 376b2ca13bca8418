package storagetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"otpravka/otpcore"
)

// concurrency are the promises about callers that meet.
var concurrency = []promise{
	{name: "a caller that leaves harms nobody else in the batch", test: callerLeaves},
	{name: "an op that was picked runs to its end without its caller", test: pickedRunsOn},
	{name: "a statement that fails harms only its own op", test: guiltyAlone},
	{name: "a commit that fails answers everybody unavailable", test: commitFails},
	{name: "a disk that recovers needs no restart", test: diskRecovers},
	{name: "a transaction whose every end failed harms no close", test: openAtClose},
	{name: "a batch holds one op per verification", test: onePerVerification},
	{name: "a batch holds one op per business and phone", test: onePerPhone},
	{name: "a batch holds one start per phone, whatever the business", test: oneStartPerPhone},
	{name: "a batch holds one op per idempotency key", test: onePerKey},
	{name: "what is asked first runs first, cold functions included", test: orderKept},
	{name: "readers do not wait for each other", test: readersFree},
	{name: "neither lane starves the other", test: lanesShare},
	{name: "a full queue answers unavailable at once", test: queueFull},
	{name: "submit answers exactly once, whatever happens", test: submitAnswers},
	{name: "close finishes what was picked and answers the rest", test: closeAnswers},
}

// failing fails every statement that begins like one of the given ones.
func failing(statements ...string) func(string) error {
	return func(s string) error {
		for _, f := range statements {
			if len(s) >= len(f) && s[:len(f)] == f {
				return errors.New("disk I/O error")
			}
		}
		return nil
	}
}

// holdWriter keeps the writer busy until release is called, so that what is
// asked meanwhile is picked together.
func (s *shop) holdWriter() (release func()) {
	gate, held := make(chan struct{}), make(chan struct{})
	go func() {
		_ = s.db.Write(context.WithoutCancel(s.t.Context()), func(otpcore.Tx) error {
			close(held)
			<-gate
			return nil
		})
	}()
	<-held
	return sync.OnceFunc(func() { close(gate) })
}

// submit queues the ops and returns a look at their outcomes, to be taken when
// the engine is idle.
func (s *shop) submit(ops ...otpcore.Op) func() []error {
	errs, calls := make([]error, len(ops)), make([]atomic.Int32, len(ops))
	for i, op := range ops {
		s.db.Submit(op, func(err error) {
			calls[i].Add(1)
			errs[i] = err
		})
	}
	return func() []error {
		s.t.Helper()
		for i := range calls {
			equal(s.t, fmt.Sprintf("answers to op %d", i), calls[i].Load(), int32(1))
		}
		return errs
	}
}

// probes starts n verifications and returns an op for each, whose effect can
// be looked up under the keys "0", "1", ….
func (s *shop) probes(n int) []otpcore.Op {
	s.t.Helper()
	ops := make([]otpcore.Op, n)
	for i := range ops {
		ops[i] = remembering(s, s.start(phoneOf(1000+i)), fmt.Sprint(i))
	}
	synctest.Wait()
	return ops
}

func (s *shop) wantStored(want ...bool) {
	s.t.Helper()
	for i, stored := range want {
		equal(s.t, fmt.Sprintf("op %d stored", i), s.remembers(fmt.Sprint(i)), stored)
	}
}

func callerLeaves(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	ops := s.probes(3)
	release := s.holdWriter()
	ctx, leave := context.WithCancel(t.Context())
	errs := make([]error, len(ops))
	var callers sync.WaitGroup
	for i, op := range ops {
		callers.Go(func() {
			if i == 1 {
				errs[i] = s.db.Do(ctx, op)
			} else {
				errs[i] = s.db.Do(t.Context(), op)
			}
		})
		synctest.Wait() // it is queued
	}
	leave()
	synctest.Wait()
	release()
	callers.Wait()
	must(t, errors.Join(errs[0], errs[2]))
	if !errors.Is(errs[1], context.Canceled) || otpcore.KindOf(errs[1]) != otpcore.KindUnavailable {
		t.Fatalf("the caller that left got %v", errs[1])
	}
	equal(t, "stored", []bool{s.remembers("0"), s.remembers("2")}, []bool{true, true})
}

func pickedRunsOn(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	op := s.probes(1)[0]
	ctx, leave := context.WithCancel(t.Context())
	decide := op.Decide
	op.Decide = func(c *otpcore.Case) error {
		leave()
		return decide(c)
	}
	if err := s.db.Do(ctx, op); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	synctest.Wait()
	s.wantStored(true)
}

func guiltyAlone(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	ops := s.probes(3)
	// The disk fails every insert from the moment the op in the middle decides.
	// The others find it mended when they are run again, by themselves.
	decide := ops[1].Decide
	ops[1].Decide = func(c *otpcore.Case) error {
		lab.Break(failing("INSERT INTO idempotency"))
		return decide(c)
	}
	for _, i := range []int{0, 2} {
		decide, again := ops[i].Decide, false
		ops[i].Decide = func(c *otpcore.Case) error {
			if again {
				lab.Break(nil)
			}
			again = true
			return decide(c)
		}
	}
	release := s.holdWriter()
	outcomes := s.submit(ops...)
	release()
	synctest.Wait()
	lab.Break(nil)
	errs := outcomes()
	must(t, errors.Join(errs[0], errs[2]))
	wantKind(t, errs[1], otpcore.KindUnavailable)
	s.wantStored(true, false, true)
}

func commitFails(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	ops := s.probes(3)
	decide := ops[0].Decide
	ops[0].Decide = func(c *otpcore.Case) error {
		lab.Break(failing("COMMIT"))
		return decide(c)
	}
	ops[2].Decide = func(*otpcore.Case) error { return errors.New("refused") }
	release := s.holdWriter()
	outcomes := s.submit(ops...)
	release()
	synctest.Wait()
	lab.Break(nil)
	for _, err := range outcomes() {
		// Not even the refusal is told: it rests on what was not stored.
		wantKind(t, err, otpcore.KindUnavailable)
	}
	s.wantStored(false, false, false)
}

func diskRecovers(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	ops := s.probes(1)
	for _, statement := range []string{"BEGIN", "COMMIT", "INSERT", "ROLLBACK"} {
		lab.Break(failing(statement, "INSERT INTO idempotency"))
		err := s.db.Do(t.Context(), ops[0])
		wantKind(t, err, otpcore.KindUnavailable)
		lab.Break(nil)
		s.wantStored(false)
	}
	must(t, s.db.Do(t.Context(), ops[0]))
	s.wantStored(true)
}

// openAtClose closes while the last transaction is still open, because neither
// its commit nor its rollback came through.
func openAtClose(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	lab.Break(failing("COMMIT", "ROLLBACK"))
	wantKind(t, s.db.Write(t.Context(), func(tx otpcore.Tx) error { return tx.SetOffset("bot_1", 7) }), otpcore.KindUnavailable)
	lab.Break(nil)
	s.close()
	again := openShop(t, lab)
	n, err := again.db.Offset(t.Context(), "bot_1")
	must(t, err)
	equal(t, "what was never committed", n, int64(0))
}

// batches counts transactions by their commits.
func batches(lab Lab) *atomic.Int32 {
	var n atomic.Int32
	lab.Break(func(statement string) error {
		if statement == "COMMIT" {
			n.Add(1)
		}
		return nil
	})
	return &n
}

func onePerVerification(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	ops := s.probes(2)
	same := remembering(s, ops[0].Ref.Verification, "again")
	release := s.holdWriter()
	outcomes := s.submit(ops[0], same, ops[1])
	commits := batches(lab)
	release()
	synctest.Wait()
	lab.Break(nil)
	must(t, errors.Join(outcomes()...))
	equal(t, "commits", commits.Load(), int32(3)) // the held one, two ops, the one that waited
}

func onePerPhone(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	a, b := remembering(s, s.start(phoneOf(1)), "0"), remembering(s, s.start(phoneOf(1)), "1")
	elsewhere := remembering(s, s.startBy(liveB, otpcore.StartRequest{Phone: phoneOf(1)}), "2")
	elsewhere.BusinessID = shopB.ID
	synctest.Wait()
	release := s.holdWriter()
	outcomes := s.submit(a, b, elsewhere)
	commits := batches(lab)
	release()
	synctest.Wait()
	lab.Break(nil)
	must(t, errors.Join(outcomes()...))
	equal(t, "commits", commits.Load(), int32(3))
	s.wantStored(true, true)
}

func oneStartPerPhone(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	release := s.holdWriter()
	var callers sync.WaitGroup
	for _, by := range []otpcore.Caller{liveA, liveB} {
		callers.Go(func() { s.startBy(by, otpcore.StartRequest{Phone: phoneOf(1)}) })
	}
	synctest.Wait()
	commits := batches(lab)
	deliver := s.carriers.Of(otpcore.SMS).Hold() // their records would be commits too
	defer deliver()
	release()
	callers.Wait()
	lab.Break(nil)
	equal(t, "commits", commits.Load(), int32(3)) // the held one and two starts
}

func onePerKey(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	a, b := s.start(phoneOf(1)), s.start(phoneOf(2))
	synctest.Wait()
	found := 0
	again := remembering(s, b, "k")
	again.Decide = func(c *otpcore.Case) error {
		if c.Remembered != nil {
			found++
		}
		return nil
	}
	release := s.holdWriter()
	outcomes := s.submit(remembering(s, a, "k"), again)
	release()
	synctest.Wait()
	must(t, errors.Join(outcomes()...))
	equal(t, "answers that the second request found", found, 1)
}

func readersFree(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	id := s.start(phoneOf(1))
	together(64, func(int) {
		if _, err := s.db.CaseOf(t.Context(), shopA.ID, otpcore.Live, id); err != nil {
			t.Errorf("case: %v", err)
		}
	})
}
