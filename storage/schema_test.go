package storage

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"otpravka/storage/storagetest"
)

// columns lists every column of every table, and whether it may be NULL.
func columns(t *testing.T, newLab storagetest.NewLab, query string) []string {
	t.Helper()
	db := openLab(t, newLab)
	list, err := all(db.reader(t.Context()), func(scan func(...any) error) (string, error) {
		var table, column string
		var null bool
		err := scan(&table, &column, &null)
		return fmt.Sprintf("%s.%s, NULL %t", table, column, null), err
	}, query)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

func TestBothSchemasAreTheSame(t *testing.T) {
	// SQLite's integer primary key is never NULL and is not declared so.
	files := columns(t, newLab, `SELECT m.name, c.name, c."notnull" = 0 AND c.pk = 0 FROM sqlite_schema m, pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> 'goose_db_version'`)
	servers := columns(t, newPostgresLab, `SELECT table_name, column_name, is_nullable = 'YES' FROM information_schema.columns
		WHERE table_schema = current_schema() AND table_name <> 'goose_db_version'`)
	if len(files) < 100 {
		t.Fatalf("only %d columns were found", len(files))
	}
	same(t, "the schema of PostgreSQL", servers, files)
}

var placeholder = regexp.MustCompile(`\$\d+`)

// TestHotStatementsSeekOnPostgres asks PostgreSQL how it runs the statements
// for any arguments, where it may only scan a table when no index serves.
func TestHotStatementsSeekOnPostgres(t *testing.T) {
	db := openLab(t, newPostgresLab)
	inWriter(t, db, func(tr *transaction) error {
		for _, set := range []string{"SET LOCAL enable_seqscan = off", "SET LOCAL plan_cache_mode = force_generic_plan"} {
			if _, err := tr.exec(set); err != nil {
				return err
			}
		}
		for i, query := range hotStatements {
			if _, err := tr.exec(fmt.Sprintf("PREPARE hot_%d AS %s", i, query)); err != nil {
				return err
			}
			args := make(map[string]bool)
			for _, name := range placeholder.FindAllString(query, -1) {
				args[name] = true
			}
			nulls := strings.TrimSuffix(strings.Repeat("NULL, ", len(args)), ", ")
			plan, err := all(&tr.session, func(scan func(...any) error) (line string, err error) {
				err = scan(&line)
				return line, err
			}, fmt.Sprintf("EXPLAIN EXECUTE hot_%d(%s)", i, nulls))
			if err != nil {
				return err
			}
			if text := strings.Join(plan, "\n"); strings.Contains(text, "Seq Scan") {
				t.Errorf("%s\nruns as\n%s", query, text)
			}
		}
		return nil
	})
}
