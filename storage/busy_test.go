package storage

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/otpcore"
)

// TestF28AnotherProgramHoldsTheLock lets a person with a SQLite shell hold the
// write lock: for a while, which the writer waits for, and for longer than the
// two times 5 s that it does.
func TestF28AnotherProgramHoldsTheLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "otpravka.db")
		db := mustOpen(t, path)
		defer mustClose(t, db)
		shell, err := connectSQLite(path, false, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = shell.Close() }()
		for _, c := range []struct {
			held     time.Duration
			answered bool
		}{{3 * time.Second, true}, {12 * time.Second, false}, {0, true}} {
			if _, err := shell.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
				t.Fatal(err)
			}
			released := make(chan struct{})
			go func() {
				defer close(released)
				time.Sleep(c.held)
				_, _ = shell.ExecContext(context.WithoutCancel(t.Context()), "ROLLBACK")
			}()
			began := time.Now()
			err := db.Write(t.Context(), func(tx otpcore.Tx) error { return tx.SetOffset("bot_1", int64(c.held)) })
			if (err == nil) != c.answered || err != nil && otpcore.KindOf(err) != otpcore.KindUnavailable {
				t.Errorf("the lock was held for %s, and a write answers %v after %s", c.held, err, time.Since(began))
			}
			<-released
		}
	})
}
