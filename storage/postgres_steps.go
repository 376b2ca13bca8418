package storage

import (
	"fmt"

	"github.com/jackc/pgx/v5"
)

// step is a statement on its way to the server, and what takes its answer.
type step struct {
	query string
	args  []any
	take  func(from pgx.BatchResults) error
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
		s.query = sure(s.query, len(s.args)+1)
		s.args = append(s.args[:len(s.args):len(s.args)], len(same))
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
// rows as a further argument, the n-th, says.
func sure(query string, n int) string {
	return fmt.Sprintf("WITH touched AS (%s RETURNING 1) SELECT 1 / (count(*) = $%d)::int FROM touched", query, n)
}
