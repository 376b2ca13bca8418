package crash

import (
	"database/sql"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx
	_ "modernc.org/sqlite"             // the driver sqlite
)

// lost are rows that no crash may leave behind, each query counting them.
var lost = map[string]string{
	"verifications that never end":     `SELECT count(*) FROM verifications WHERE status = 'pending'`,
	"codes of what has ended":          `SELECT count(*) FROM verifications WHERE status <> 'pending' AND (seed IS NOT NULL OR wake_at IS NOT NULL)`,
	"ends without a time":              `SELECT count(*) FROM verifications WHERE ended_at = 0`,
	"deliveries that never end":        `SELECT count(*) FROM deliveries WHERE kind = 'code' AND status IN ('sending', 'queued', 'waiting_link')`,
	"deliveries of no verification":    `SELECT count(*) FROM deliveries WHERE verification_id IS NOT NULL AND verification_id NOT IN (SELECT id FROM verifications)`,
	"events of no verification":        `SELECT count(*) FROM events WHERE verification_id IS NOT NULL AND verification_id NOT IN (SELECT id FROM verifications)`,
	"verifications without a start":    `SELECT count(*) FROM verifications WHERE id NOT IN (SELECT verification_id FROM events WHERE type = 'verification.started' AND verification_id IS NOT NULL)`,
	"verifications without a delivery": `SELECT count(*) FROM verifications WHERE id NOT IN (SELECT verification_id FROM deliveries WHERE verification_id IS NOT NULL)`,
	"approvals that happened twice":    `SELECT count(*) FROM (SELECT verification_id FROM events WHERE type = 'verification.approved' GROUP BY verification_id HAVING count(*) > 1) AS twice`,
	"codes guessed too often":          `SELECT count(*) FROM verifications WHERE attempts > max_attempts`,
	"keys of no business":              `SELECT count(*) FROM api_keys WHERE business_id NOT IN (SELECT id FROM businesses)`,
	"businesses without their keys":    `SELECT count(*) FROM businesses WHERE (SELECT count(*) FROM api_keys WHERE business_id = businesses.id) <> 2`,
	"effects without their updates":    `SELECT CASE WHEN (SELECT count(*) FROM links WHERE status <> 'pending') > (SELECT count(*) FROM inbox) THEN 1 ELSE 0 END`,
}

// sound checks I3 and I8 in the database of a server that was stopped.
func (w *world) sound(people []*cycle) {
	w.Helper()
	driver, source := "pgx", w.database
	if path, ok := strings.CutPrefix(w.database, "sqlite://"); ok {
		driver, source = "sqlite", path
	}
	db, err := sql.Open(driver, source)
	w.must(err)
	defer func() { w.must(db.Close()) }()
	if driver == "sqlite" {
		var verdict string
		w.must(db.QueryRow("PRAGMA integrity_check").Scan(&verdict))
		if verdict != "ok" {
			w.Errorf("I8: integrity_check says %s", verdict)
		}
	}
	for what, query := range lost {
		var n int
		if err := db.QueryRow(query).Scan(&n); err != nil {
			w.Fatalf("%s: %v", what, err)
		}
		if n > 0 {
			w.Errorf("I8: %d %s", n, what)
		}
	}
	var began int
	w.must(db.QueryRow(`SELECT count(*) FROM verifications`).Scan(&began))
	if began != len(people) {
		w.Errorf("I8: %d verifications are stored, %d were answered", began, len(people))
	}
	for _, c := range people {
		var attempts int
		w.must(db.QueryRow(`SELECT attempts FROM verifications WHERE id = $1`, c.id).Scan(&attempts))
		if attempts < c.compared || attempts > c.checks {
			c.Errorf("I3: %d attempts of %s are stored; %d of %d checks were told the outcome", attempts, c.id, c.compared, c.checks)
		}
	}
}
