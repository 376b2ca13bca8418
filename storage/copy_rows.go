package storage

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// insertRows rows share a statement. SQLite takes 32,766 parameters in one.
const insertRows = 100

// shelf is a table in one of the two databases.
type shelf struct {
	copiedTable
	end     *end
	columns []column
	fitting func(string) string // a text as the target holds it
}

// shelf looks at the columns of the table.
func (e *end) shelf(ctx context.Context, t copiedTable, fitting func(string) string) (*shelf, error) {
	rows, err := e.conn.QueryContext(ctx, "SELECT * FROM "+t.name+" LIMIT 0")
	if err != nil {
		return nil, withoutRows(err)
	}
	defer func() { _ = rows.Close() }() // there is none
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, withoutRows(err)
	}
	s := &shelf{copiedTable: t, end: e, fitting: fitting}
	for _, ct := range types {
		kind, err := kindOf(ct.DatabaseTypeName())
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", ct.Name(), err)
		}
		s.columns = append(s.columns, column{ct.Name(), kind})
	}
	return s, nil
}

// ordered puts the columns of the shelf in the order of the other one.
func (s *shelf) ordered(other *shelf) error {
	var list []column
	for _, c := range other.columns {
		for _, own := range s.columns {
			if own.name == c.name {
				list = append(list, own)
			}
		}
	}
	if len(list) != len(s.columns) || len(list) != len(other.columns) {
		return fmt.Errorf("the columns of %s differ", s.name)
	}
	s.columns = list
	return nil
}

func (s *shelf) names() []string {
	names := make([]string, len(s.columns))
	for i, c := range s.columns {
		names[i] = c.name
	}
	return quoted(names)
}

// quoted lets columns have any name.
func quoted(names []string) []string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = strconv.Quote(name)
	}
	return list
}

// row is the values of one row in the order of the columns, each of them nil,
// int64, string or []byte, in whichever database it is.
type row []any

// page reads the rows behind a key in the order of the keys, nil for the first
// ones, and returns them with the key of the last one.
func (s *shelf) page(ctx context.Context, after [][]byte, n int) ([]row, [][]byte, error) {
	key := strings.Join(quoted(s.key), ", ")
	query := "SELECT " + strings.Join(s.names(), ", ") + " FROM " + s.name
	var args []any
	if after != nil {
		var err error
		if args, err = s.keyArgs(after); err != nil {
			return nil, nil, err
		}
		query += " WHERE (" + key + ") > " + placeholders(0, len(args))
	}
	query += " ORDER BY " + key + " LIMIT " + strconv.Itoa(n)
	rows, err := s.end.conn.QueryContext(ctx, s.end.dialect.writing(query), args...)
	if err != nil {
		return nil, nil, withoutRows(err)
	}
	defer func() { _ = rows.Close() }()
	var list []row
	for rows.Next() {
		r, last, err := s.scan(rows.Scan)
		if err != nil {
			return nil, nil, withoutRows(err)
		}
		list, after = append(list, r), last
	}
	return list, after, withoutRows(rows.Err())
}

// scan reads a row, and its key as the database holds it.
func (s *shelf) scan(scan func(...any) error) (r row, key [][]byte, err error) {
	r = make(row, len(s.columns))
	into := make([]any, len(r))
	for i := range r {
		into[i] = &r[i]
	}
	if err := scan(into...); err != nil {
		return nil, nil, err
	}
	for i, c := range s.columns {
		if r[i], err = c.kind.common(r[i]); err != nil {
			return nil, nil, fmt.Errorf("column %s: %w", c.name, err)
		}
	}
	if key, err = s.keyOf(r); err != nil {
		return nil, nil, err
	}
	for i, v := range r {
		if text, ok := v.(string); ok {
			r[i] = s.fitting(text)
		}
	}
	return r, key, nil
}

// put inserts the rows with the numbers that they have.
func (s *shelf) put(ctx context.Context, on runner, rows []row) error {
	for begin := 0; begin < len(rows); begin += insertRows {
		some := rows[begin:min(begin+insertRows, len(rows))]
		var text strings.Builder
		fmt.Fprintf(&text, "INSERT INTO %s (%s) %s VALUES ", s.name, strings.Join(s.names(), ", "), s.end.dialect.numbering())
		args := make([]any, 0, len(some)*len(s.columns))
		for i, r := range some {
			if i > 0 {
				text.WriteString(", ")
			}
			text.WriteString(placeholders(len(args), len(r)))
			for j, c := range s.columns {
				args = append(args, c.kind.own(r[j]))
			}
		}
		if _, err := on.ExecContext(ctx, s.end.dialect.writing(text.String()), args...); err != nil {
			return withoutRows(err)
		}
	}
	return nil
}

// placeholders is a row of n parameters that follow the first so many.
func placeholders(first, n int) string {
	var text strings.Builder
	for i := range n {
		text.WriteString(", $" + strconv.Itoa(first+i+1))
	}
	return "(" + strings.TrimPrefix(text.String(), ", ") + ")"
}
