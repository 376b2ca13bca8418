package storagetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"otpravka/otpcore"
)

func orderKept(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	ops := s.probes(3)
	var mu sync.Mutex
	var order []string
	note := func(what string) {
		mu.Lock()
		defer mu.Unlock()
		order = append(order, what)
	}
	for i := range ops {
		decide := ops[i].Decide
		ops[i].Decide = func(c *otpcore.Case) error { note(fmt.Sprint("op ", i)); return decide(c) }
	}
	release := s.holdWriter()
	var callers sync.WaitGroup
	defer callers.Wait()
	for _, ask := range []func(){
		func() { must(t, s.db.Do(t.Context(), ops[0])) },
		func() { must(t, s.db.Write(t.Context(), func(otpcore.Tx) error { note("cold"); return nil })) },
		func() { must(t, s.db.Do(t.Context(), ops[1])) },
		func() { must(t, s.db.Do(t.Context(), ops[2])) },
	} {
		callers.Go(ask)
		synctest.Wait()
	}
	release()
	synctest.Wait()
	equal(t, "order", order, []string{"op 0", "cold", "op 1", "op 2"})
}

func lanesShare(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	// idle is an op that finds nothing, stores nothing and counts itself.
	idle := func(lane otpcore.Lane, n int, count *int) otpcore.Op {
		return otpcore.Op{
			Lane: lane, BusinessID: shopA.ID, Mode: otpcore.Live, Phone: otpcore.Index{byte(n), byte(n >> 8), byte(lane)},
			Decide: func(*otpcore.Case) error { *count++; return nil },
		}
	}
	var requests, deliveries, before int
	release := s.holdWriter()
	for n := range 1000 {
		s.db.Submit(idle(otpcore.LaneRequests, n, &requests), func(error) {})
	}
	for n := range 100 {
		s.db.Submit(idle(otpcore.LaneDeliveries, n, &deliveries), func(error) { before = requests })
	}
	release()
	synctest.Wait()
	equal(t, "requests", requests, 1000)
	equal(t, "deliveries", deliveries, 100)
	if before > 500 {
		t.Errorf("the last delivery waited for %d requests that came before it", before)
	}
}

func queueFull(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	op := s.probes(1)[0]
	s.close()
	db := lab.Open(t, Options{Boot: newBoot(), Depth: 4})
	defer func() { must(t, db.Close()) }()
	small := &shop{t: t, db: db}
	release := small.holdWriter()
	outcomes := small.submit(op, op, op, op)
	err := db.Do(t.Context(), op)
	wantKind(t, err, otpcore.KindUnavailable)
	if e, ok := errors.AsType[*otpcore.Error](err); !ok || e.RetryAfter <= 0 {
		t.Errorf("error %v does not say when to come back", err)
	}
	wantKind(t, db.Write(t.Context(), func(otpcore.Tx) error { return nil }), otpcore.KindUnavailable)
	op.Lane = otpcore.LaneDeliveries
	other := small.submit(op) // the other lane has room
	release()
	synctest.Wait()
	must(t, errors.Join(outcomes()...))
	must(t, other()[0])
}

func submitAnswers(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	op := s.probes(1)[0]
	s.close()
	db := lab.Open(t, Options{Boot: newBoot(), Depth: 1})
	small := &shop{t: t, db: db}
	release := small.holdWriter()
	var lock sync.Mutex // done takes it, and the caller of Submit holds it
	lock.Lock()
	answered := make(chan error, 2)
	for range 2 {
		db.Submit(op, func(err error) {
			lock.Lock()
			defer lock.Unlock()
			answered <- err
		})
	}
	lock.Unlock()
	release()
	kinds := map[otpcore.Kind]int{otpcore.KindOf(<-answered): 1}
	kinds[otpcore.KindOf(<-answered)]++
	equal(t, "answers", kinds, map[otpcore.Kind]int{"": 1, otpcore.KindUnavailable: 1})
	must(t, db.Close())
	after := small.submit(op)
	wantKind(t, after()[0], otpcore.KindUnavailable)
	wantKind(t, db.Do(t.Context(), op), otpcore.KindUnavailable)
}

func closeAnswers(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	ops := s.probes(2)
	s.close()
	db := lab.Open(t, Options{Boot: newBoot()})
	small := &shop{t: t, db: db}
	picked, gate := make(chan struct{}), make(chan struct{})
	decide := ops[0].Decide
	ops[0].Decide = func(c *otpcore.Case) error {
		close(picked)
		<-gate
		return decide(c)
	}
	first := small.submit(ops[0])
	<-picked
	rest := small.submit(ops[1])
	closed := make(chan error, 1)
	go func() { closed <- db.Close() }()
	synctest.Wait()
	wantKind(t, rest()[0], otpcore.KindUnavailable)
	close(gate)
	must(t, <-closed)
	must(t, first()[0])

	again := openShop(t, lab)
	again.wantStored(true, false)
}
