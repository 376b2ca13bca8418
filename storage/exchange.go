package storage

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"otpravka/internal/failpoint"
	"otpravka/otpcore"
)

const storeMark = `UPDATE meta SET value = $1 WHERE name = 'high_water'`

// exchange is the transaction of a batch of ops. It is begun once, and then
// either committed or rolled back.
//
// A database behind a network is sent each list in one round trip, see
// pipelined. A file, and every cold function, is asked one statement after the
// other, see oneByOne.
//
// A *statementError says that one of the statements failed. The writer then
// rolls back and runs the members of the batch one by one, so nobody needs to
// tell whose statement it was. Any other error means that the transaction could
// not begin or commit.
type exchange interface {
	// begin opens the transaction and asks the reads.
	begin(reads) error
	// commit tells the writes and makes the transaction durable.
	commit([]write) error
	rollback()
}

// statementError is a failed statement.
type statementError struct{ cause error }

func (e *statementError) Error() string { return e.cause.Error() }

func (e *statementError) Unwrap() error { return e.cause }

// oneByOne is the exchange with a database that is asked one statement after
// the other.
type oneByOne struct {
	session
	writer *writer
}

var _ exchange = (*oneByOne)(nil)

func (w *writer) oneByOne() *oneByOne {
	return &oneByOne{session{ctx: context.Background(), stmt: w.statement}, w}
}

// newExchange is where a batch gets its exchange from.
func (w *writer) newExchange() exchange { return w.dialect.exchange(w.oneByOne()) }

// begin takes the lock at once. A transaction that is still open, because its
// end failed on a full or broken disk, is given up first.
func (x *oneByOne) begin(list reads) error {
	open := x.writer.dialect.begin()
	err := x.run(open)
	if err != nil {
		x.rollback()
		err = x.run(open)
	}
	if isLost(err) {
		if err = x.writer.reconnect(); err == nil {
			err = x.run(open)
		}
	}
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := x.ask(list); err != nil {
		return &statementError{err}
	}
	return nil
}

func (x *oneByOne) commit(list []write) error {
	if err := x.tell(x.writer.bulk.gather(list)...); err != nil {
		return &statementError{err}
	}
	failpoint.Hit(failpoint.BeforeCommit)
	if err := x.run("COMMIT"); err != nil {
		return uncommitted(err)
	}
	failpoint.Hit(failpoint.AfterCommit)
	return nil
}

// uncommitted is a commit of which nobody has heard that it is done. A connection
// that broke may have carried it to the database: then it is not said that nothing
// happened, because a caller without an idempotency key would send a second code.
func uncommitted(cause error) error {
	cause = fmt.Errorf("commit: %w", cause)
	if !isLost(cause) {
		return cause
	}
	e := otpcore.Unavailable(cause)
	e.Detail = "It is not known whether the request was stored. Repeat it to learn its outcome, under the same Idempotency-Key."
	return e
}

// rollback gives the transaction up. SQLite may have done so by itself, which
// makes the statement fail, and there is nothing else to do about it. Where the
// next BEGIN would go on in a transaction that is still open, the connection
// goes with it.
func (x *oneByOne) rollback() {
	if err := x.run("ROLLBACK"); err != nil && x.writer.dialect.nests() {
		x.writer.abandon()
	}
}

// run executes what begins and ends a transaction.
func (x *oneByOne) run(query string) error {
	st, err := x.stmt(x.ctx, query)
	if err == nil {
		_, err = st.ExecContext(x.ctx)
	}
	return err
}

// commit makes a transaction durable that has written or is about to, and with
// it the time that it ran at.
func (w *writer) commit(x exchange, list []write, wrote bool, now time.Time) error {
	mark := w.mark
	if wrote {
		mark = max(mark, millis(now))
	}
	if mark > w.mark {
		list = append(list, write{query: storeMark, args: []any{strconv.FormatInt(mark, 10)}})
	}
	if err := x.commit(list); err != nil {
		x.rollback()
		return err
	}
	w.mark = mark
	return nil
}
