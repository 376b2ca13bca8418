package storage

import (
	"fmt"
	"slices"
	"testing"

	"otpravka/storage/storagetest"
)

const (
	ourFiles = `name NOT LIKE 'sqlite_%' AND name <> 'goose_db_version'`
	ours     = `relname <> 'goose_db_version' AND relnamespace = current_schema()::regnamespace`
)

// listed reads a query of one column, sorted.
func listed(t *testing.T, newLab storagetest.NewLab, query string) []string {
	t.Helper()
	db := openLab(t, newLab)
	list, err := all(db.reader(t.Context()), func(scan func(...any) error) (name string, err error) {
		err = scan(&name)
		return name, err
	}, query)
	must(t, err)
	slices.Sort(list)
	return list
}

// A table that is made is a table that is copied, in the order of its key.
func TestCopyKnowsEveryTable(t *testing.T) {
	tables, keys := []string{"meta"}, []string{"meta 1 name"}
	var numbered []string
	for _, table := range copiedTables {
		tables = append(tables, table.name)
		for i, column := range table.key {
			keys = append(keys, fmt.Sprintf("%s %d %s", table.name, i+1, column))
		}
		if table.numbered != "" {
			numbered = append(numbered, table.name+" "+table.numbered)
		}
	}
	slices.Sort(tables)
	slices.Sort(keys)
	same(t, "the tables of SQLite", listed(t, newLab, `SELECT name FROM sqlite_schema WHERE type = 'table' AND `+ourFiles), tables)
	same(t, "the tables of PostgreSQL", listed(t, newPostgresLab, `SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND `+ours), tables)
	same(t, "the keys of SQLite", listed(t, newLab, `SELECT m.name || ' ' || c.pk || ' ' || c.name FROM
		(SELECT name FROM sqlite_schema WHERE type = 'table' AND `+ourFiles+`) m, pragma_table_info(m.name) c WHERE c.pk > 0`), keys)
	same(t, "the keys of PostgreSQL", listed(t, newPostgresLab, `SELECT c.relname || ' ' || k.place || ' ' || a.attname
		FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid CROSS JOIN unnest(i.indkey) WITH ORDINALITY k (attribute, place)
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attribute WHERE i.indisprimary AND `+ours), keys)
	same(t, "the columns that PostgreSQL numbers", listed(t, newPostgresLab, `SELECT relname || ' ' || attname
		FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE attidentity <> '' AND `+ours), numbered)
}
