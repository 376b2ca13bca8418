package storage

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"otpravka/storage/storagetest"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		fmt.Fprintln(os.Stderr, writeForEver(path))
		os.Exit(1)
	}
	if to := os.Getenv(backupEnv); to != "" {
		_, err := Backup(context.Background(), os.Getenv(backupFromEnv), to)
		fmt.Fprintln(os.Stderr, err)
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// fewerDraws lets properties be tried with fewer values: what they are about is
// decided by the same code over either database, and this one takes longer.
func fewerDraws(t *testing.T) {
	t.Helper()
	const name = "rapid.checks"
	before := flag.Lookup(name).Value.String()
	if err := flag.Set(name, "20"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = flag.Set(name, before) })
}

// sqliteLab opens one SQLite file for the contract suite.
type sqliteLab struct {
	path   string
	faults faults
}

func newLab(t testing.TB) storagetest.Lab {
	return &sqliteLab{path: filepath.Join(t.TempDir(), "data", "otpravka.db")}
}

func (l *sqliteLab) Open(t testing.TB, o storagetest.Options) storagetest.Engine {
	t.Helper()
	db, err := Open(t.Context(), Config{URL: "sqlite://" + l.path, Boot: o.Boot, QueueDepth: o.Depth, wrap: l.faults.wrap})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return db
}

func (l *sqliteLab) Break(fail func(statement string) error) { l.faults.set(fail) }

func TestSQLiteKeepsTheContract(t *testing.T) { storagetest.Run(t, newLab) }

// onBoth runs a test on each database.
func onBoth(t *testing.T, test func(*testing.T, storagetest.NewLab)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, newLab) })
	t.Run("postgres", func(t *testing.T) {
		fewerDraws(t)
		test(t, newPostgresLab)
	})
}

func TestT01ParallelBruteForce(t *testing.T)      { onBoth(t, storagetest.T01ParallelBruteForce) }
func TestT02CounterSurvives(t *testing.T)         { onBoth(t, storagetest.T02CounterSurvives) }
func TestT03ApprovedOnce(t *testing.T)            { onBoth(t, storagetest.T03ApprovedOnce) }
func TestT04ResendNeverResets(t *testing.T)       { onBoth(t, storagetest.T04ResendNeverResets) }
func TestT05FailuresPerPhone(t *testing.T)        { onBoth(t, storagetest.T05FailuresPerPhone) }
func TestT11CodeBoundToVerification(t *testing.T) { onBoth(t, storagetest.T11CodeBoundToVerification) }
func TestT12ContextBound(t *testing.T)            { onBoth(t, storagetest.T12ContextBound) }
func TestT41Idempotency(t *testing.T)             { onBoth(t, storagetest.T41Idempotency) }
func TestT42LostAnswer(t *testing.T)              { onBoth(t, storagetest.T42LostAnswer) }
