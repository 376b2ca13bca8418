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
// one the writes and COMMIT. Statements of one kind go together, see together.
//
// When a statement fails, the server skips whatever was sent behind it, and
// COMMIT comes last: a batch is stored as a whole or not at all.
type pipelined struct {
	*oneByOne
	together *together
}

var _ exchange = pipelined{}

// batcher is a driver's connection that takes many statements at once, and knows
// the types of a statement's arguments as the server writes them.
type batcher interface {
	SendBatch(context.Context, *pgx.Batch) pgx.BatchResults
	ArgTypes(ctx context.Context, query string) ([]string, error)
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
	err = x.send(func(on batcher) ([]step, error) {
		steps := []step{{query: x.writer.dialect.begin(), take: func(from pgx.BatchResults) error {
			_, err := from.Exec()
			opened = err == nil
			return err
		}}}
		for len(list) > 0 {
			n := 1
			for n < len(list) && list[n].query == list[0].query {
				n++
			}
			s, err := x.askAll(on, list[:n])
			if err != nil {
				return nil, err
			}
			steps, list = append(steps, s), list[n:]
		}
		return steps, nil
	})
	return opened, err
}

// commit does not know whether the batch is stored when the connection breaks:
// the server may have reached COMMIT.
func (x pipelined) commit(list []write) error {
	told, kinds := 0, kindsOf(list)
	err := x.send(func(on batcher) ([]step, error) {
		failpoint.Hit(failpoint.BeforeCommit)
		steps := make([]step, 0, len(kinds)+1)
		for _, same := range kinds {
			s, err := x.tellAll(on, same, &told)
			if err != nil {
				return nil, err
			}
			steps = append(steps, s)
		}
		return append(steps, step{query: "COMMIT", take: func(from pgx.BatchResults) error {
			tag, err := from.Exec()
			if err == nil && tag.String() != "COMMIT" {
				err = errNotCommitted
			}
			return err
		}}), nil
	})
	switch {
	case err == nil:
		failpoint.Hit(failpoint.AfterCommit)
		return nil
	case told < len(kinds) && !isLost(err):
		return &statementError{x.fold(err)}
	default:
		return uncommitted(err)
	}
}

// send sends the steps that plan makes and returns the error of the first one
// that failed. It is driver.ErrBadConn as well when the connection is lost with
// it.
func (x pipelined) send(plan func(batcher) ([]step, error)) error {
	if x.writer.conn == nil {
		return sql.ErrConnDone
	}
	return x.writer.conn.Raw(func(conn any) error {
		on := conn.(batcher)
		steps, err := plan(on)
		if err == nil {
			err = sendOnce(x.ctx, on, steps)
		}
		if err != nil && on.IsClosed() {
			err = fmt.Errorf("%w: %w", driver.ErrBadConn, err)
		}
		return err
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
