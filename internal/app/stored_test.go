package app_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"

	_ "modernc.org/sqlite" // reads the file beside the server

	"otpravka/otpcore"
	"otpravka/storage"
)

// stored counts the rows that a start or a check may write, past the server.
func (w *world) stored() string {
	w.Helper()
	path, err := storage.Location(w.cfg.DatabaseURL)
	w.must(err)
	source := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{"_pragma": {"query_only(ON)", "busy_timeout(5000)"}}.Encode()}
	db, err := sql.Open("sqlite", source.String())
	w.must(err)
	defer func() { w.must(db.Close()) }()
	counts := ""
	for _, table := range []string{"verifications", "deliveries", "events", "standings", "idempotency"} {
		var n int
		w.must(db.QueryRowContext(context.Background(), "SELECT count(*) FROM "+table).Scan(&n))
		counts += fmt.Sprintf("%s %d, ", table, n)
	}
	var attempts sql.NullInt64
	w.must(db.QueryRowContext(context.Background(), "SELECT sum(attempts) FROM verifications").Scan(&attempts))
	return fmt.Sprintf("%sattempts %d", counts, attempts.Int64)
}

func noDefaultCountry(set *otpcore.Settings) { set.DefaultCountry = "" }

func countries(list ...string) func(*otpcore.Settings) {
	return func(set *otpcore.Settings) { set.Countries, set.DefaultCountry = list, list[0] }
}
