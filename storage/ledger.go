package storage

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"otpravka/internal/failpoint"
	"otpravka/otpcore"
)

var _ otpcore.Ledger = (*DB)(nil)

// Now tells the time that every rule goes by.
func (db *DB) Now() time.Time { return db.writer.clock.Now() }

// OnCommit names the one function that is told of every committed case, in the
// order of the commits: it finds in it what is leased to this process and when
// the case wants waking. It is called from the writer's goroutine, before the
// callers get their answers, and must not block.
func (db *DB) OnCommit(tell func(*otpcore.Case)) { db.writer.onCommit.Store(&tell) }

// Do implements otpcore.Ledger. An op whose caller leaves before it was picked
// is dropped.
func (db *DB) Do(ctx context.Context, op otpcore.Op) error {
	return db.wait(ctx, &job{op: &op})
}

// Submit implements otpcore.Ledger. Once the database is closed there is no
// goroutine of its own any more, and done is called at once.
func (db *DB) Submit(op otpcore.Op, done func(error)) {
	j := &job{op: &op, done: done}
	err := db.writer.queue.add(j)
	if err == nil || errors.Is(err, errFull) && db.writer.queue.refuse(j) {
		return
	}
	done(otpcore.Unavailable(err))
}

// Write implements otpcore.Ledger. It waits in the lane of the requests.
func (db *DB) Write(ctx context.Context, fn func(otpcore.Tx) error) error {
	return db.wait(ctx, &job{write: fn})
}

func (db *DB) wait(ctx context.Context, j *job) error {
	answer := make(chan error, 1)
	j.done = func(err error) { answer <- err }
	if err := db.writer.queue.add(j); err != nil {
		return otpcore.Unavailable(err)
	}
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		j.state.CompareAndSwap(jobWaiting, jobLeft)
		return errLeft(context.Cause(ctx))
	}
}

// errLeft answers a caller that did not wait for the outcome.
func errLeft(cause error) error {
	e := otpcore.Unavailable(cause)
	e.Detail = "The answer took longer than the caller waited. Repeat the request to learn its outcome."
	return e
}

const (
	dueVerifications = `SELECT wake_at, id, '', '' FROM verifications WHERE wake_at <= $1 ORDER BY wake_at LIMIT $2`
	dueDeliveries    = `SELECT due_at, COALESCE(verification_id, ''), COALESCE(order_ref, ''), id FROM deliveries WHERE due_at <= $1 ORDER BY due_at LIMIT $2`
	nextDue          = `SELECT COALESCE(MIN(at), 0) FROM (
		SELECT MIN(wake_at) AS at FROM verifications WHERE wake_at > $1
		UNION ALL SELECT MIN(due_at) FROM deliveries WHERE due_at > $1) AS later`
)

type due struct {
	at  int64
	ref otpcore.Ref
}

func scanDue(scan func(...any) error) (d due, err error) {
	err = scan(&d.at, (*string)(&d.ref.Verification), (*string)(&d.ref.Order), (*string)(&d.ref.Delivery))
	if d.ref.Verification != "" || d.ref.Order != "" {
		d.ref.Delivery = ""
	}
	return d, err
}

// Due implements otpcore.Ledger. A case may be due more than once, for itself and
// for each of its deliveries; then more rows than cases are read.
func (db *DB) Due(ctx context.Context, now time.Time, limit int) ([]otpcore.Ref, time.Time, error) {
	s := db.reader(ctx)
	var refs []otpcore.Ref
	for rows, more := limit, true; more; rows *= 2 {
		list, err := all(s, scanDue, dueVerifications, millis(now), rows)
		if err != nil {
			return nil, time.Time{}, err
		}
		sent, err := all(s, scanDue, dueDeliveries, millis(now), rows)
		if err != nil {
			return nil, time.Time{}, err
		}
		more = len(list) == rows || len(sent) == rows
		list = append(list, sent...)
		slices.SortStableFunc(list, func(a, b due) int { return cmp.Compare(a.at, b.at) })
		refs = firstRefs(list, limit)
		more = more && len(refs) < limit
	}
	next, err := value[int64](s, nextDue, millis(now))
	if err != nil {
		return nil, time.Time{}, err
	}
	failpoint.Hit(failpoint.DueRead)
	return refs, fromMillis(next), nil
}

// firstRefs returns up to limit cases, each one once.
func firstRefs(list []due, limit int) []otpcore.Ref {
	var refs []otpcore.Ref
	seen := make(map[otpcore.Ref]bool, len(list))
	for _, d := range list {
		if !seen[d.ref] && len(refs) < limit {
			seen[d.ref] = true
			refs = append(refs, d.ref)
		}
	}
	return refs
}
