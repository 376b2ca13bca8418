package storage

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"
)

// The server spends more on beginning and ending a statement than on finding a
// row by its key. So the statements of a batch that differ only in their
// arguments go to it as one, which takes an array for each argument and does
// for each of its rows what the single statement does.

// together remembers the texts of such statements. Only the writer's goroutine
// touches it.
type together struct {
	texts map[string]string // by the single statement's
}

// text returns the common text for a statement, which may begin with SELECT,
// UPDATE or INSERT.
func (t *together) text(ctx context.Context, on batcher, query string) (string, error) {
	if text, known := t.texts[query]; known {
		return text, nil
	}
	types, err := on.ArgTypes(ctx, query)
	if err != nil {
		return "", err
	}
	if t.texts == nil {
		t.texts = make(map[string]string)
	}
	t.texts[query] = rewritten(query, types)
	return t.texts[query], nil
}

var argument = regexp.MustCompile(`\$([0-9]+)`)

// rewritten takes the arguments from the rows of k, in which they are a1, a2, …,
// and n is the number of the row.
//
// A SELECT gives the row's number before the columns of its own, and keeps the
// plan that it has alone: OFFSET 0 keeps the server from dissolving it, after which
// a subquery of its would be asked anew for every row of the table. An UPDATE must
// not find one row under two of k, or only the first one counts.
func rewritten(query string, types []string) string {
	query = argument.ReplaceAllString(query, "k.a$1")
	arrays, columns := make([]string, len(types)), make([]string, len(types))
	for i, typ := range types {
		arrays[i], columns[i] = fmt.Sprintf("$%d::%s[]", i+1, typ), fmt.Sprintf("a%d", i+1)
	}
	rows := fmt.Sprintf("unnest(%s) WITH ORDINALITY AS k (%s, n)", strings.Join(arrays, ", "), strings.Join(columns, ", "))
	switch verb, _, _ := strings.Cut(query, " "); verb {
	case "SELECT":
		return "SELECT k.n, found.* FROM " + rows + " CROSS JOIN LATERAL (" + query + " OFFSET 0) found"
	case "UPDATE":
		set, where, _ := strings.Cut(query, "WHERE ")
		return set + "FROM " + rows + " WHERE " + where
	case "INSERT":
		into, values, _ := strings.Cut(query, "VALUES (")
		row, conflict, _ := strings.Cut(values, ")")
		return into + "SELECT " + row + " FROM " + rows + conflict
	default:
		panic("storage: no common text for " + verb)
	}
}

// columnsOf turns rows of arguments into an array for each argument.
func columnsOf(n int, args func(i int) []any) []any {
	columns := make([]any, len(args(0)))
	for c := range columns {
		column := make(pgtype.FlatArray[any], n)
		for i := range column {
			column[i] = fit(args(i)[c])
		}
		columns[c] = column
	}
	return columns
}
