package storage

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"otpravka/internal/failpoint"
)

// pipelined is the exchange with PostgreSQL: a batch waits for two round trips,
// however many ops it holds. The first one is BEGIN and the reads, the second
// one the writes and COMMIT.
//
// When a statement fails, the server skips whatever was sent behind it, and
// COMMIT comes last: a batch is stored as a whole or not at all.
type pipelined struct{ *oneByOne }

var _ exchange = pipelined{}

// batcher is a driver's connection that takes many statements at once.
type batcher interface {
	SendBatch(context.Context, *pgx.Batch) pgx.BatchResults
	IsClosed() bool
}

var errNotCommitted = errors.New("the transaction had failed before")

// begin connects again when the connection broke while nothing was under way.
func (x pipelined) begin(list reads) error {
	list = slices.DeleteFunc(list, func(r read) bool { return r.peek })
	slices.SortStableFunc(list, lockOrder)
	opened, err := x.open(list)
	if !opened && isLost(err) {
		if err = x.writer.reconnect(); err == nil {
			err = errNewConnection
		}
	}
	switch {
	case err == nil:
		return nil
	case opened:
		return &statementError{x.fold(err)}
	default:
		return fmt.Errorf("begin: %w", err)
	}
}

// open tells whether the transaction has begun, whatever became of the reads.
func (x pipelined) open(list reads) (opened bool, err error) {
	steps := make([]step, 0, len(list)+1)
	steps = append(steps, step{query: x.writer.dialect.begin(), take: func(from pgx.BatchResults) error {
		_, err := from.Exec()
		opened = err == nil
		return err
	}})
	for _, r := range list {
		steps = append(steps, step{x.writer.dialect.writing(r.query), r.args, r.take})
	}
	err = x.send(steps)
	return opened, err
}

// take hands over every row of a read.
func (r *read) take(from pgx.BatchResults) error {
	rows, err := from.Query()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := r.row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// commit does not know whether the batch is stored when the connection breaks:
// the server may have reached COMMIT.
func (x pipelined) commit(list []write) error {
	list = x.writer.bulk.gather(list)
	steps, told := make([]step, 0, len(list)+1), 0
	for _, w := range list {
		steps = append(steps, step{sure(&w), w.args, func(from pgx.BatchResults) error {
			_, err := from.Exec()
			if err == nil {
				told++
			} else if w.must != nil && sqlState(err) == divisionByZero {
				err = w.must
			}
			return err
		}})
	}
	steps = append(steps, step{query: "COMMIT", take: func(from pgx.BatchResults) error {
		tag, err := from.Exec()
		if err == nil && tag.String() != "COMMIT" {
			err = errNotCommitted
		}
		return err
	}})
	failpoint.Hit(failpoint.BeforeCommit)
	switch err := x.send(steps); {
	case err == nil:
		failpoint.Hit(failpoint.AfterCommit)
		return nil
	case told < len(list) && !isLost(err):
		return &statementError{x.fold(err)}
	default:
		return fmt.Errorf("commit: %w", err)
	}
}

// sure is the text of a write that fails on the server when it touches no row
// and must.
func sure(w *write) string {
	if w.must == nil {
		return w.query
	}
	return "WITH touched AS (" + w.query + " RETURNING 1) SELECT 1 / count(*) FROM touched"
}

// step is a statement on its way to the server, and what takes its answer.
type step struct {
	query string
	args  []any
	take  func(from pgx.BatchResults) error
}

// stepsAtOnce bounds what is sent before the first answer is read: both sides
// keep it in memory.
const stepsAtOnce = 1024

// send sends the steps and returns the error of the first one that failed. It
// is driver.ErrBadConn as well when the connection is lost with it.
func (x pipelined) send(steps []step) error {
	if x.writer.conn == nil {
		return sql.ErrConnDone
	}
	return x.writer.conn.Raw(func(conn any) error {
		on := conn.(batcher)
		for some := range slices.Chunk(steps, stepsAtOnce) {
			err := sendOnce(x.ctx, on, some)
			if err != nil && on.IsClosed() {
				return fmt.Errorf("%w: %w", driver.ErrBadConn, err)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// sendOnce waits for one round trip.
func sendOnce(ctx context.Context, on batcher, steps []step) (err error) {
	b := &pgx.Batch{QueuedQueries: make([]*pgx.QueuedQuery, 0, len(steps))}
	for i := range steps {
		b.Queue(steps[i].query, steps[i].args...)
	}
	answers := on.SendBatch(ctx, b)
	defer func() {
		if closing := answers.Close(); err == nil {
			err = closing
		}
	}()
	for i := range steps {
		if err := steps[i].take(answers); err != nil {
			return err
		}
	}
	return nil
}

// lockOrder is one order for all transactions, in which no two of them wait
// for each other in a circle: table by table, and in each the lowest key first.
func lockOrder(a, b read) int {
	if a.query != b.query {
		return strings.Compare(a.query, b.query)
	}
	switch key := a.args[0].(type) {
	case string: // an id
		return strings.Compare(key, b.args[0].(string))
	case []byte: // the index of a phone
		return bytes.Compare(key, b.args[0].([]byte))
	}
	return 0
}
