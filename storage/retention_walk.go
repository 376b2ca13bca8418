package storage

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"otpravka/otpcore"
)

// walk reads a table from its oldest row on and takes away what is past its
// time. Tables grow at one end, so the rows of an age lie together, no index
// need be kept for them, and the place where a walk stopped tells what it has
// seen. That place survives a restart.
//
// A walk reads the rows that are as old as a code's life and the time to keep
// them. Hand-over codes live longer: it passes them by, and a second walk comes
// when they are over too.
type walk struct {
	name string        // of its place, in the table meta
	age  time.Duration // of the youngest row that it reads
	keep time.Duration // how long what is over is kept
	// read returns the next rows behind a place, none of them younger than until.
	read func(s *session, from string, until time.Time) ([]ripening, error)
	// take returns how many rows it changed, and where the next page begins.
	take func(t *transaction, p page) (rows int64, next string, err error)
	// pages bounds one turn of a walk that goes round a table whose rows ripen
	// in no order. Zero: it stops at rows that are too young.
	pages int
}

// ripening is a row that a walk passes.
type ripening struct {
	place string
	full  bool // there is something to take, if its time has come
}

func scanRipening(scan func(...any) error) (r ripening, err error) {
	err = scan(&r.place, &r.full)
	return r, err
}

// page is what a walk takes from at once. It has a row at least.
type page struct {
	from string // rows begin behind this place
	rows []ripening
	now  time.Time
	over time.Time // what ended until then goes
}

func (p page) last() string { return p.rows[len(p.rows)-1].place }

// full are the places of the rows from which there is something to take.
func (p page) full() []string {
	var places []string
	for _, r := range p.rows {
		if r.full {
			places = append(places, r.place)
		}
	}
	return places
}

// pagesPerTurn bounds a walk through a long backlog, so that the others have
// their turn, too. It is more than a minute of starts on any machine.
const pagesPerTurn = 2000

const walkMeta = "walk_"

// run goes on where the walk stopped, until it has seen enough or all.
func (w *walk) run(ctx context.Context, db *DB) (int, error) {
	s := db.reader(ctx)
	from, err := value[string](s, selectMeta, walkMeta+w.name)
	if err != nil && !errors.Is(err, otpcore.ErrNotFound) {
		return 0, err
	}
	begin, total := from, 0
	limit := pagesPerTurn
	if w.pages > 0 {
		limit = w.pages
	}
	for range limit {
		now := db.Now()
		rows, err := w.read(s, from, now.Add(-w.age))
		if err != nil {
			return total, err
		}
		if len(rows) == 0 {
			if w.pages > 0 {
				from = "" // round again
			}
			break
		}
		p := page{from: from, rows: rows, now: now, over: now.Add(-w.keep)}
		if p.full() == nil {
			from = p.last()
			continue
		}
		n, next, err := w.takePage(ctx, db, p)
		if err != nil {
			return total, err
		}
		from, begin = next, next
		total += n
		if err := db.makeRoom(ctx); err != nil {
			return total, err
		}
	}
	if from == begin {
		return total, nil
	}
	return total, db.Write(ctx, func(x otpcore.Tx) error { return w.stopAt(x.(tx).t, from) })
}

// takePage takes what is ripe on a page, and remembers with it that it did.
func (w *walk) takePage(ctx context.Context, db *DB, p page) (int, string, error) {
	type done struct {
		rows int64
		next string
	}
	// When ctx ends, the writer may still be counting.
	var counted atomic.Pointer[done]
	err := db.Write(ctx, func(x otpcore.Tx) error {
		rows, next, err := w.take(x.(tx).t, p)
		if err != nil {
			return err
		}
		counted.Store(&done{rows, next})
		if next == p.from {
			return nil
		}
		return w.stopAt(x.(tx).t, next)
	})
	if err != nil {
		return 0, p.from, err
	}
	d := counted.Load()
	return int(d.rows), d.next, nil
}

func (w *walk) stopAt(t *transaction, place string) error {
	_, err := t.exec(saveMeta, walkMeta+w.name, place)
	return err
}

// How long a walk waits, and how often, for requests that wait for the writer.
const (
	breath  = 5 * time.Millisecond
	breaths = 20
)

// makeRoom lets requests pass: a walk has time, and they have none. On a
// machine that is never idle it goes on after a while all the same.
func (db *DB) makeRoom(ctx context.Context) error {
	for range breaths {
		if db.Stats().Lanes[otpcore.LaneRequests].Waiting == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(breath):
		}
	}
	return nil
}
