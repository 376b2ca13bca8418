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

// batcher is a driver's connection that takes many statements at once.
type batcher interface {
	typist
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

// askAll is the step that asks reads of one query.
func (x pipelined) askAll(on batcher, list reads) (step, error) {
	query := x.writer.dialect.writing(list[0].query)
	if len(list) == 1 {
		return step{query, list[0].args, list[0].take}, nil
	}
	text, err := x.together.text(x.ctx, on, query)
	return step{text, columnsOf(len(list), func(i int) []any { return list[i].args }), list.take}, err
}

// take hands over every row of a read.
func (r *read) take(from pgx.BatchResults) error {
	return eachRow(from, func(rows pgx.Rows) error { return r.row(rows.Scan) })
}

// take hands every row to the read whose number it bears.
func (list reads) take(from pgx.BatchResults) error {
	return eachRow(from, func(rows pgx.Rows) error {
		into := make([]any, len(rows.FieldDescriptions()))
		var n int
		into[0] = &n
		if err := rows.Scan(into...); err != nil {
			return err
		}
		return list[n-1].row(func(own ...any) error { return rows.Scan(append([]any{nil}, own...)...) })
	})
}

func eachRow(from pgx.BatchResults, do func(pgx.Rows) error) error {
	rows, err := from.Query()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := do(rows); err != nil {
			return err
		}
	}
	return rows.Err()
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
		return fmt.Errorf("commit: %w", err)
	}
}

// kindsOf groups writes of one text, in the order of the first of each kind and,
// within a kind, in their own. What changes rows comes before what adds some.
func kindsOf(list []write) (kinds [][]write) {
	at := make(map[string]int)
	for _, insert := range []bool{false, true} {
		for _, w := range list {
			if w.insert != insert {
				continue
			}
			i, known := at[w.query]
			if !known {
				i = len(kinds)
				kinds, at[w.query] = append(kinds, nil), i
			}
			kinds[i] = append(kinds[i], w)
		}
	}
	return kinds
}

// tellAll is the step that tells writes of one text.
func (x pipelined) tellAll(on batcher, same []write, told *int) (s step, err error) {
	first := same[0]
	s.query, s.args = first.query, first.args
	if len(same) > 1 {
		s.args = columnsOf(len(same), func(i int) []any { return same[i].args })
		if s.query, err = x.together.text(x.ctx, on, first.query); err != nil {
			return s, err
		}
	}
	if first.must != nil {
		s.query = sure(s.query, len(same))
	}
	s.take = func(from pgx.BatchResults) error {
		_, err := from.Exec()
		if err == nil {
			*told++
		} else if first.must != nil && sqlState(err) == divisionByZero {
			err = first.must
		}
		return err
	}
	return s, nil
}

// sure is the text of a write that fails on the server unless it touches as many
// rows as it must.
func sure(query string, rows int) string {
	return fmt.Sprintf("WITH touched AS (%s RETURNING 1) SELECT 1 / (count(*) = %d)::int FROM touched", query, rows)
}

// step is a statement on its way to the server, and what takes its answer.
type step struct {
	query string
	args  []any
	take  func(from pgx.BatchResults) error
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
