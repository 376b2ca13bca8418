package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"otpravka/storage"
)

// readiness tells whether requests can be stored. A database that answers can
// still refuse every commit: its disk is full, or somebody holds its lock.
type readiness struct {
	ping  func(context.Context) error
	stats func() storage.Stats
	prove func(context.Context) error // writes

	proving sync.Mutex   // held during a proof
	lost    atomic.Int64 // transactions that were lost before the writer last proved itself
}

const (
	// slow is how long work may wait for the writer. Beyond it, requests are
	// about to be answered that they took too long.
	slow = 5 * time.Second
	// proofPatience bounds the proof: whoever asks a server that hangs must not
	// hang too.
	proofPatience = 2 * time.Second
)

var (
	errStalled = errors.New("work has waited too long for the database")
	errDoubted = errors.New("the last transaction was lost, and the next one is not through")
)

func newReadiness(db *storage.DB) *readiness {
	return &readiness{ping: db.Ping, stats: db.Stats, prove: db.Prove}
}

// check returns nil while the writer keeps up and its last transaction was no
// loss. Once one was, only a transaction that comes through clears it. It is
// made here, because a server that says it is not ready gets no requests to
// try; while nothing is lost, nothing is written.
func (r *readiness) check(ctx context.Context) error {
	if err := r.ping(ctx); err != nil {
		return err
	}
	s := r.stats()
	for _, lane := range s.Lanes {
		if lane.Oldest > slow {
			return errStalled
		}
	}
	lost := int64(s.Lost)
	if lost == r.lost.Load() {
		return nil
	}
	if !r.proving.TryLock() {
		return errDoubted // somebody else's proof is under way
	}
	defer r.proving.Unlock()
	ctx, done := context.WithTimeout(ctx, proofPatience)
	defer done()
	if err := r.prove(ctx); err != nil {
		return fmt.Errorf("%w: %w", errDoubted, err)
	}
	r.lost.Store(lost) // one that was lost since then asks for a proof of its own
	return nil
}
