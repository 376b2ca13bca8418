package storage

import "fmt"

func (*postgres) numbering() string { return "OVERRIDING SYSTEM VALUE" }

// settle lets numbers go on behind the rows, and gives the planner figures: the
// ones of empty tables would have it read whole tables until the first
// autovacuum.
func (*postgres) settle(t copiedTable) []string {
	list := []string{"ANALYZE " + t.name}
	if t.numbered != "" {
		list = append(list, fmt.Sprintf("SELECT setval(pg_get_serial_sequence('%s', '%s'), max(%s)) FROM %s", t.name, t.numbered, t.numbered, t.name))
	}
	return list
}

func (*postgres) fitting(text string) string { return fit(text).(string) }
