package app_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"otpravka/internal/app"
	"otpravka/internal/pgtest"
)

// eachDatabase runs a scenario over SQLite, as every world does unless told
// otherwise, and over PostgreSQL.
func eachDatabase(t *testing.T, scenario func(t *testing.T, on func(*app.Config))) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		scenario(t, func(*app.Config) {})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		url := pgtest.URL(t)
		scenario(t, func(cfg *app.Config) { cfg.DatabaseURL = url })
	})
}

// dump is every value of every table of a PostgreSQL database, as the bytes
// that it holds.
func (w *world) dump() []byte {
	w.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, w.cfg.DatabaseURL)
	w.must(err)
	defer func() { w.must(conn.Close(ctx)) }()
	rows, err := conn.Query(ctx, "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
	w.must(err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	w.must(err)
	var all bytes.Buffer
	for _, table := range tables {
		rows, err := conn.Query(ctx, "SELECT * FROM "+pgx.Identifier{table}.Sanitize())
		w.must(err)
		for rows.Next() {
			for _, value := range rows.RawValues() {
				all.Write(value)
				all.WriteByte('\n')
			}
		}
		w.must(rows.Err())
	}
	if len(tables) < 10 || all.Len() == 0 {
		w.Fatalf("%d tables and %d bytes were dumped", len(tables), all.Len())
	}
	return all.Bytes()
}
