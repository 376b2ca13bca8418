package pgtest

import (
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestURLIsAnEmptySchema(t *testing.T) {
	for range 2 {
		url := URL(t)
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), "CREATE TABLE once (id TEXT)"); err != nil {
			t.Error(err)
		}
		if err := conn.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
