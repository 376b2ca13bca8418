package storage

import (
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
	goleak.VerifyTestMain(m)
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

func TestT01ParallelBruteForce(t *testing.T)      { storagetest.T01ParallelBruteForce(t, newLab) }
func TestT02CounterSurvives(t *testing.T)         { storagetest.T02CounterSurvives(t, newLab) }
func TestT03ApprovedOnce(t *testing.T)            { storagetest.T03ApprovedOnce(t, newLab) }
func TestT04ResendNeverResets(t *testing.T)       { storagetest.T04ResendNeverResets(t, newLab) }
func TestT05FailuresPerPhone(t *testing.T)        { storagetest.T05FailuresPerPhone(t, newLab) }
func TestT11CodeBoundToVerification(t *testing.T) { storagetest.T11CodeBoundToVerification(t, newLab) }
func TestT12ContextBound(t *testing.T)            { storagetest.T12ContextBound(t, newLab) }
func TestT41Idempotency(t *testing.T)             { storagetest.T41Idempotency(t, newLab) }
func TestT42LostAnswer(t *testing.T)              { storagetest.T42LostAnswer(t, newLab) }
