package storage

import (
	"fmt"
	"slices"
	"strings"
)

// A batch inserts the same few kinds of rows over and over. Together in one
// statement they cost the database half of what they cost one by one: most of
// an insert is the way to the table and its indexes.

// rowsAtOnce bounds the rows of a statement. It is a power of two, and so is
// the number of rows in every statement: few texts have to be kept prepared.
const rowsAtOnce = 32

// bulk groups inserts of the same kind.
type bulk struct {
	texts map[bulkText]string
}

type bulkText struct {
	query string
	rows  int
}

// gather puts inserts of the same kind into common statements. Their order
// among themselves stays, which the timeline rests on.
func (b *bulk) gather(list []write) []write {
	var out []write
	for _, some := range kindsOf(list) {
		if !some[0].insert {
			out = append(out, some...)
			continue
		}
		for len(some) > 0 {
			n := rowsAtOnce
			for n > len(some) {
				n /= 2
			}
			out = append(out, b.join(some[:n]))
			some = some[n:]
		}
	}
	return out
}

// kindsOf groups writes of one text, in the order of the first of each kind and,
// within a kind, in their own. What changes rows comes before what adds some.
// Writes of different kinds do not depend on each other, because no two ops of a
// batch share a case.
func kindsOf(list []write) (kinds [][]write) {
	for _, insert := range []bool{false, true} {
		for _, w := range list {
			if w.insert != insert {
				continue
			}
			// The texts are few and constant: looking through them costs less than
			// hashing one.
			i := slices.IndexFunc(kinds, func(k []write) bool { return k[0].query == w.query })
			if i < 0 {
				i, kinds = len(kinds), append(kinds, nil)
			}
			kinds[i] = append(kinds[i], w)
		}
	}
	return kinds
}

// join makes one statement of inserts of the same kind.
func (b *bulk) join(some []write) write {
	if len(some) == 1 {
		return some[0]
	}
	query, columns := some[0].query, len(some[0].args)
	args := make([]any, 0, columns*len(some))
	for _, w := range some {
		args = append(args, w.args...)
	}
	at := bulkText{query, len(some)}
	text, known := b.texts[at]
	if !known {
		text = withRows(query, columns, len(some))
		if b.texts == nil {
			b.texts = make(map[bulkText]string)
		}
		b.texts[at] = text
	}
	return write{query: text, args: args, insert: true}
}

// withRows rewrites an insert of one row for several.
func withRows(query string, columns, rows int) string {
	const values = "VALUES ("
	begin := strings.Index(query, values) + len(values) - 1
	end := begin + strings.IndexByte(query[begin:], ')') + 1
	var text strings.Builder
	text.WriteString(query[:begin])
	for row := range rows {
		for column := range columns {
			sep := ", "
			if column == 0 {
				sep = "("
			}
			if column == 0 && row > 0 {
				sep = ", ("
			}
			fmt.Fprintf(&text, "%s$%d", sep, row*columns+column+1)
		}
		text.WriteByte(')')
	}
	text.WriteString(query[end:])
	return text.String()
}
