package storage

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"otpravka/internal/pgtest"
)

func TestFindMakesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "data", "otpravka.db")
	notFound(t, path, "there is no database at "+path)
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("it left %v (%v)", left, err)
	}
	foundBesideItsServer(t, path)
}

func TestFindMakesNothingOnPostgres(t *testing.T) {
	address := changed(t, pgtest.URL(t), func(*url.URL) {})
	for range 2 { // the first look made none
		notFound(t, address, "there is no database at postgres://")
	}
	foundBesideItsServer(t, address)
}

func notFound(t *testing.T, url, want string) {
	t.Helper()
	err := Find(t.Context(), url)
	if !errors.Is(err, ErrNone) || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), secretWord) {
		t.Errorf("before the first start: %v, want %q", err, want)
	}
}

func foundBesideItsServer(t *testing.T, url string) {
	t.Helper()
	db := mustOpen(t, url)
	defer mustClose(t, db)
	if err := Find(t.Context(), url); err != nil {
		t.Errorf("beside its server: %v", err)
	}
}

// A server that is stopped has taken its socket with it, which is no database that
// nobody has made.
func TestStoppedPostgresIsNoMissingDatabase(t *testing.T) {
	url := "postgres:///otpravka?user=otpravka&host=" + t.TempDir()
	for what, err := range map[string]error{"find": Find(t.Context(), url), "inspect": func() error { _, err := Inspect(t.Context(), url); return err }()} {
		if err == nil || errors.Is(err, ErrNone) || !strings.Contains(err.Error(), "cannot be reached: start PostgreSQL") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// What a look runs into is told as the database told it, and not in the words that
// callers of the API get.
func TestInspectSaysWhatTheDatabaseSaid(t *testing.T) {
	url := pgtest.URL(t)
	mustClose(t, mustOpen(t, url))
	inPostgres(t, url, "ALTER TABLE bots RENAME TO elsewhere")
	if _, err := Inspect(t.Context(), url); err == nil || !strings.Contains(err.Error(), `"bots"`) || strings.Contains(err.Error(), "could not be stored") {
		t.Errorf("without a table: %v", err)
	}
}
