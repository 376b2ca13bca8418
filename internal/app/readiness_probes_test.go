package app

import (
	"context"
	"errors"
	"sync"
	"testing"

	"otpravka/storage"
)

// TestProbesAtOnceDoNotDoubtEachOther: a balancer and a monitor ask in the same
// moment, and nothing was lost.
func TestProbesAtOnceDoNotDoubtEachOther(t *testing.T) {
	r := &readiness{
		ping:  func(context.Context) error { return nil },
		stats: func() storage.Stats { return storage.Stats{} },
		prove: func(context.Context) error { return errors.New("nothing is to be proved") },
	}
	var probes sync.WaitGroup
	for range 8 {
		probes.Go(func() {
			for range 100_000 {
				if err := r.check(t.Context()); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	probes.Wait()
}
