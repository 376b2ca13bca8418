package storage

import (
	"strconv"
	"strings"
)

// positional replaces $1, $2, … by question marks where they come once each
// and in order, and leaves any other statement alone. SQLite looks the number
// of a named parameter up in a list of all names, and the driver asks for every
// name each time the statement runs: with the several hundred parameters of a
// bulk insert that costs more than the insert.
func positional(query string) string {
	var text strings.Builder
	rest := query
	for n := 1; ; n++ {
		before, after, found := strings.Cut(rest, "$")
		text.WriteString(before)
		if !found {
			return text.String()
		}
		digits := len(after) - len(strings.TrimLeft(after, "0123456789"))
		if after[:digits] != strconv.Itoa(n) {
			return query
		}
		text.WriteByte('?')
		rest = after[digits:]
	}
}
