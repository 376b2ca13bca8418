package storage

import (
	"context"
	"time"

	"otpravka/otpcore"
)

// watchPause is how often the database's clock is looked at. A lost connection
// is found by then, even if nobody asks for anything.
const watchPause = 5 * time.Second

// awayPause is how often a lost connection is tried again while nobody asks
// for anything, as nobody does of a server that says it is not ready.
const awayPause = 500 * time.Millisecond

// watch looks at the database from time to time, through the writer's own
// connection, and returns what ends it. A database without a clock of its own
// is not watched.
func (db *DB) watch() (end func()) {
	if !db.writer.clock.leads() {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(db.writer.watchPause()):
			}
			_ = db.Write(ctx, func(x otpcore.Tx) error { // the writer reports what is wrong
				_, err := db.writer.lookAt(&x.(tx).t.session)
				return err
			})
		}
	}()
	return func() { cancel(); <-over }
}

func (w *writer) watchPause() time.Duration {
	if w.away.Load() {
		return awayPause
	}
	return watchPause
}
