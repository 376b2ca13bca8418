package storage

import (
	"testing"

	"otpravka/internal/pgtest"
	"otpravka/storage/storagetest"
)

// postgresLab opens one schema of a PostgreSQL server for the contract suite.
//
// A bubble of testing/synctest may hold connections: between statements nobody
// waits on them, and while a statement is under way time stands still. Only the
// server's clock is none of the bubble's, so it is not asked.
type postgresLab struct {
	url    string
	faults faults
}

func newPostgresLab(t testing.TB) storagetest.Lab { return &postgresLab{url: pgtest.URL(t)} }

func (l *postgresLab) Open(t testing.TB, o storagetest.Options) storagetest.Engine {
	t.Helper()
	db, err := Open(t.Context(), Config{
		URL: l.url, Boot: o.Boot, QueueDepth: o.Depth, wrap: l.faults.wrap, machineClock: true,
	})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return db
}

func (l *postgresLab) Break(fail func(statement string) error) { l.faults.set(fail) }

func TestPostgresKeepsTheContract(t *testing.T) { storagetest.Run(t, newPostgresLab) }
