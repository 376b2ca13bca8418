// Package storagetest is the contract of a storage: every promise of
// otpcore's Ledger, Tx and Reader as a test that any engine can run, and the
// security tests that only mean something over a real database.
//
// An engine's own test supplies a Lab and calls Run; see the SQLite test for
// all that it takes.
package storagetest

import (
	"context"
	"testing"
	"testing/synctest"

	"otpravka/otpcore"
)

// Engine is a storage under test.
type Engine interface {
	otpcore.Ledger
	otpcore.Reader
	OnCommit(tell func(*otpcore.Case))
	Purge(ctx context.Context) (int, error)
	Close() error
}

// Options are what a test asks of an engine.
type Options struct {
	Boot  otpcore.ID
	Depth int // of each lane; zero: the engine's default
}

// Lab holds one database, empty at first, that a test opens and opens again.
type Lab interface {
	Open(t testing.TB, o Options) Engine
	// Break makes every statement fail for which fail returns an error, until
	// Break(nil). The end of a transaction is the statement "COMMIT". Fail is
	// called from the engine's goroutines.
	Break(fail func(statement string) error)
}

// NewLab makes a lab that is gone with the test.
type NewLab func(t testing.TB) Lab

// promise is one subtest. It runs in a bubble, so that its time is its own and
// synctest.Wait tells when the engine is idle.
type promise struct {
	name string
	test func(t *testing.T, lab Lab)
	// bubbles says that the test makes bubbles of its own: each one begins at
	// the same time, which is how a clock is set back.
	bubbles bool
}

func (p promise) run(t *testing.T, newLab NewLab) {
	if p.bubbles {
		p.test(t, newLab(t))
		return
	}
	synctest.Test(t, func(t *testing.T) { p.test(t, newLab(t)) })
}

// Run holds the engine to the whole contract.
func Run(t *testing.T, newLab NewLab) {
	tiers := []struct {
		name     string
		promises []promise
	}{
		{"records", records},
		{"cases", cases},
		{"events", events},
		{"endpoints", endpoints},
		{"templates", templates},
		{"concurrency", concurrency},
		{"writes", writes},
		{"time", timely},
		{"orders", orders},
		{"retention", retention},
		{"restart", restart},
	}
	for _, tier := range tiers {
		t.Run(tier.name, func(t *testing.T) {
			for _, p := range tier.promises {
				t.Run(p.name, func(t *testing.T) { p.run(t, newLab) })
			}
		})
	}
}
