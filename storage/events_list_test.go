package storage

import (
	"strings"
	"testing"
)

// The list must not read a row that it does not show, and a page's first event
// must be found without a walk.
func TestEventListRunsByItsIndexes(t *testing.T) {
	db := openFile(t)
	for query, index := range map[string]string{
		eventsAfter: "events_business (business_id=? AND mode=? AND seq>?)",
		lastEvent:   "events_business (business_id=? AND mode=?)",
		eventSeq:    "events_id (id=?)",
	} {
		rows, err := db.pool.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, make([]any, strings.Count(query, "$"))...)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		var plan []string
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			plan = append(plan, detail)
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		text := strings.Join(plan, "\n")
		if !strings.Contains(plan[0], index) || strings.Contains(text, "SCAN") || strings.Contains(text, "TEMP B-TREE") {
			t.Errorf("%s\nruns as\n%s", query, text)
		}
	}
}
