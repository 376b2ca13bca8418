package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strconv"
	"sync/atomic"

	"otpravka/otpcore"
)

// batchOps bounds a batch, and with it how long its first caller waits for the
// last one's work.
const batchOps = 256

const storeMark = `UPDATE meta SET value = $1 WHERE name = 'high_water'`

// writer owns the one connection that writes. Work runs under a context of its
// own: a caller that leaves must not roll back everybody else's batch.
type writer struct {
	pool  *sql.DB // of one connection
	conn  *sql.Conn
	stmts *statements
	queue *queue
	clock *clock
	boot  otpcore.ID
	epoch int64
	log   *slog.Logger
	mark  int64 // high-water mark in the database
	done  chan struct{}

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

// outcome is what became of one job of a committed batch.
type outcome struct {
	job   *job
	err   error           // of the decision, which then stored nothing
	cases []*otpcore.Case // written by the job
}

// statementError is a failed statement of one job, as opposed to a transaction
// that could not begin or commit.
type statementError struct{ cause error }

func (e *statementError) Error() string { return e.cause.Error() }

func (e *statementError) Unwrap() error { return e.cause }

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
		w.log.Error("transaction lost", "jobs", len(batch), "err", err)
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
	for _, o := range outcomes {
		o.job.done(o.err)
	}
}

// unavailable is the answer to a lost transaction.
func unavailable(err error) error {
	if otpcore.KindOf(err) == otpcore.KindUnavailable {
		return err
	}
	return otpcore.Unavailable(err)
}

// attempt runs the jobs in one transaction. Late are those that share a phone
// with an earlier one: they did not run and wait for the next batch.
func (w *writer) attempt(batch []*job) (outcomes []outcome, late []*job, err error) {
	t := &transaction{now: w.clock.Now(), epoch: w.epoch, boot: w.boot, phones: make(map[phoneKey]bool)}
	t.session = session{ctx: context.Background(), stmt: w.stmts.get}
	if err := w.begin(); err != nil {
		return nil, nil, fmt.Errorf("begin: %w", err)
	}
	for _, j := range batch {
		t.saved = nil
		err := w.runJob(t, j)
		switch {
		case err != nil && j.op == nil: // it is alone here
			w.rollback()
			return []outcome{{job: j, err: err}}, nil, nil
		case t.failed != nil:
			w.rollback()
			return nil, nil, &statementError{t.failed}
		case errors.Is(err, errLate):
			late = append(late, j)
			continue
		}
		outcomes = append(outcomes, outcome{job: j, err: err, cases: t.saved})
	}
	if err := w.commit(t); err != nil {
		return nil, nil, fmt.Errorf("commit: %w", err)
	}
	return outcomes, late, nil
}

// errLate is the outcome of an op that must wait for the next batch.
var errLate = errors.New("another op of the batch has this phone")

type phoneKey struct {
	business otpcore.ID
	phone    otpcore.Index
}

// runJob loads, decides and writes. Its error is the decision's; a statement's
// is left in t.failed.
func (w *writer) runJob(t *transaction, j *job) error {
	if j.op == nil {
		return w.guard(func() error { return j.write(tx{t}) })
	}
	c, err := t.opCase(j.op)
	if err != nil {
		return err
	}
	if c.Standing != nil {
		k := phoneKey{c.BusinessID, c.Standing.Phone}
		if t.phones[k] {
			return errLate
		}
		t.phones[k] = true
	}
	if err := w.guard(func() error { return j.op.Decide(c) }); err != nil {
		return err
	}
	return t.saveCase(c, j.op.Once)
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

func (w *writer) exec(query string, args ...any) error {
	st, err := w.stmts.get(context.Background(), query)
	if err == nil {
		_, err = st.ExecContext(context.Background(), args...)
	}
	return err
}

// begin opens a transaction. One that is still open, because its end failed on
// a full or broken disk, is given up first.
func (w *writer) begin() error {
	err := w.exec(beginWrite)
	if err != nil {
		w.rollback()
		err = w.exec(beginWrite)
	}
	return err
}

// rollback gives the transaction up. SQLite may have done so by itself, which
// makes the statement fail, and there is nothing else to do about it.
func (w *writer) rollback() { _ = w.exec("ROLLBACK") }

// commit makes the batch durable, and the time it ran at with it.
func (w *writer) commit(t *transaction) error {
	mark := millis(t.now)
	var err error
	if t.wrote && mark > w.mark {
		err = w.exec(storeMark, strconv.FormatInt(mark, 10))
	}
	if err == nil {
		err = w.exec("COMMIT")
	}
	if err != nil {
		w.rollback()
		return err
	}
	if t.wrote {
		w.mark = max(w.mark, mark)
	}
	return nil
}
