package storage

import (
	"fmt"
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

// TestHotStatementsSeekOnPostgres asks PostgreSQL how it runs the statements
// for any arguments, where it may only scan a table when no index serves.
func TestHotStatementsSeekOnPostgres(t *testing.T) {
	db := openLab(t, newPostgresLab)
	inWriter(t, db, func(tr *transaction) error {
		for _, query := range hotStatements {
			plan, err := planOf(tr, query)
			if err != nil {
				return err
			}
			if strings.Contains(plan, "Seq Scan") {
				t.Errorf("%s\nruns as\n%s", query, plan)
			}
		}
		return nil
	})
}

// TestBatchesSeekOnPostgres holds the statements that a batch sends for several
// of its members to a stricter rule: no index is read from end to end, and no
// subquery asked for each row of a table.
func TestBatchesSeekOnPostgres(t *testing.T) {
	db := openLab(t, newPostgresLab)
	inWriter(t, db, func(tr *transaction) error {
		for _, single := range batchStatements {
			var query string
			err := db.writer.conn.Raw(func(conn any) (err error) {
				query, err = new(together).text(t.Context(), conn.(batcher), db.dialect.writing(single))
				return err
			})
			if err != nil {
				return err
			}
			plan, err := planOf(tr, query)
			if err != nil {
				return err
			}
			if !seeks(plan) {
				t.Errorf("%s\nruns as\n%s", query, plan)
			}
		}
		return nil
	})
}

// batchStatements are those of ops, which may go together.
var batchStatements = []string{
	selectVerification, deliveriesOf, linksOfVerification, standingOfVerification, selectDelivery,
	selectOrder, deliveriesOfOrder, verificationOfOrder, linksOfOrder,
	selectOrderNumber, deliveriesOfOrderNumber, verificationOfOrderNumber, linksOfPhone,
	standingsOfPhone, begunOfPhone, selectOnce,
	updateVerification, updateDelivery, updateOrder,
	insertVerification, insertDelivery, insertEvent, insertOrder, insertOrderUpdate, upsertLink, upsertStanding, upsertOnce,
}

// seeks tells a plan that finds each row by an index.
func seeks(plan string) bool {
	lines := strings.Split(plan, "\n")
	for i, line := range lines {
		filtered := strings.Contains(line, "Filter: ") && strings.Contains(line, "SubPlan")
		byIndex := strings.Contains(line, "Index Scan") || strings.Contains(line, "Index Only Scan")
		if strings.Contains(line, "Seq Scan") || filtered || byIndex && (i+1 == len(lines) || !strings.Contains(lines[i+1], "Index Cond")) {
			return false
		}
	}
	return true
}

// planOf explains the statement for any arguments on a connection that has the
// writer's settings.
func planOf(tr *transaction, query string) (string, error) {
	if _, err := tr.exec("PREPARE hot AS " + query); err != nil {
		return "", err
	}
	args := make(map[string]bool)
	for _, name := range argument.FindAllString(query, -1) {
		args[name] = true
	}
	nulls := strings.TrimSuffix(strings.Repeat("NULL, ", len(args)), ", ")
	plan, err := all(&tr.session, func(scan func(...any) error) (line string, err error) {
		err = scan(&line)
		return line, err
	}, fmt.Sprintf("EXPLAIN EXECUTE hot(%s)", nulls))
	if err == nil {
		_, err = tr.exec("DEALLOCATE hot")
	}
	return strings.Join(plan, "\n"), err
}
