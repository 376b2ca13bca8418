package storage

import (
	"errors"
	"io/fs"
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
	if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), secretWord) {
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
