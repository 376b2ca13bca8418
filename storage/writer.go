package storage

import (
	"database/sql"
	"errors"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"otpravka/internal/failpoint"
	"otpravka/otpcore"
)

// batchOps bounds a batch, and with it how long its first caller waits for the
// last one's work.
const batchOps = 256

// writer owns the one connection that writes. Work runs under a context of its
// own: a caller that leaves must not roll back everybody else's batch.
type writer struct {
	dialect dialect
	pool    *sql.DB // of one connection
	conn    *sql.Conn
	stmts   *statements
	queue   *queue
	clock   *clock
	boot    otpcore.ID
	epoch   atomic.Int64
	log     *slog.Logger
	mark    int64 // high-water mark in the database
	outage  outage
	away    atomic.Bool // there is no connection
	done    chan struct{}
	tally   *tally

	memory memory
	bulk   bulk

	onCommit atomic.Pointer[func(*otpcore.Case)]
}

// run serves batches until the queue has closed and is empty.
func (w *writer) run() {
	defer close(w.done)
	for {
		batch, refused := w.queue.next(batchOps)
		for _, j := range refused {
			j.done(otpcore.Unavailable(errFull))
		}
		if len(batch) > 0 {
			w.serve(batch)
		} else if len(refused) == 0 {
			return
		}
	}
}

// outcome is what became of one job of a committed transaction.
type outcome struct {
	job   *job
	err   error           // of the decision, which then stored nothing
	cases []*otpcore.Case // written by the job
}

// attempt runs a picked batch, which is a single cold function or only ops.
func (w *writer) attempt(batch []*job) (outcomes []outcome, late []*job, err error) {
	began := time.Now()
	if batch[0].op == nil {
		outcomes, err = w.runCold(batch[0])
	} else {
		outcomes, late, err = w.runOps(batch)
	}
	if err == nil {
		w.tally.committed(len(outcomes), time.Since(began))
	}
	return outcomes, late, err
}

// serve runs a batch in one transaction. When a statement fails, the members
// run again one by one, so that only the guilty one fails. Savepoints would
// cost every batch what only a broken one needs.
func (w *writer) serve(batch []*job) {
	outcomes, late, err := w.attempt(batch)
	if _, guilty := errors.AsType[*statementError](err); guilty && len(batch) > 1 {
		for _, j := range batch {
			outcomes, _, err := w.attempt([]*job{j})
			w.answer([]*job{j}, outcomes, err)
		}
		return
	}
	w.answer(batch, outcomes, err)
	w.queue.putBack(late)
}

// answer tells the domain what was committed, and then the callers. When the
// transaction was lost, nobody learns what a decision found.
func (w *writer) answer(batch []*job, outcomes []outcome, err error) {
	if err != nil {
		w.tally.lost()
		w.memory.clear()
		if !errors.Is(err, errAway) { // which reconnect has told of
			w.log.Error("transaction lost", "jobs", len(batch), "error", err)
		}
		for _, j := range batch {
			j.done(unavailable(err))
		}
		return
	}
	if tell := w.onCommit.Load(); tell != nil {
		for _, o := range outcomes {
			for _, c := range o.cases {
				(*tell)(c)
			}
		}
	}
	failpoint.Hit(failpoint.BeforeAnswers)
	for _, o := range outcomes {
		o.job.done(o.err)
	}
	failpoint.Hit(failpoint.AfterAnswers)
}

// unavailable is the answer to a lost transaction.
func unavailable(err error) error {
	if otpcore.KindOf(err) == otpcore.KindUnavailable {
		return err
	}
	return otpcore.Unavailable(err)
}

// guard turns a panic of somebody else's function into its error.
func (w *writer) guard(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			w.log.Error("decision panicked", "panic", p, "stack", string(debug.Stack()))
			err = &otpcore.Error{
				Kind: otpcore.KindInternal, Code: "internal",
				Detail: "Something is wrong on our side. Nothing was stored.",
			}
		}
	}()
	return fn()
}
