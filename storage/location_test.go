package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestUnwritablePlacesNameTheCommand(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "otpravka.db")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	chown := fmt.Sprintf("chown %d:%d ", os.Getuid(), os.Getgid())
	missing := filepath.Join(dir, "data")
	for path, command := range map[string]string{
		file:                                  "`" + chown + file + "`",
		filepath.Join(dir, "other.db"):        "`" + chown + dir + "`",
		filepath.Join(missing, "otpravka.db"): "`mkdir -p " + missing + " && " + chown + missing + "`",
	} {
		if err := unwritable(path, fs.ErrPermission); !strings.Contains(err.Error(), command) || !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%v, want %s", err, command)
		}
	}
	if err := unwritable(file, fs.ErrInvalid); strings.Contains(err.Error(), "chown") {
		t.Errorf("another owner does not help here: %v", err)
	}
}

// A file whose name was mistaken for a database's belongs to somebody: root would
// have kept all others from reading it.
func TestForeignFilesStayWhatTheyAre(t *testing.T) {
	for name, text := range map[string]string{"a letter": strings.Repeat("Dear all, ", 10), "a word": "hosts"} {
		path := filepath.Join(t.TempDir(), "letter.txt")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := openAt(t, path); err == nil || !strings.Contains(err.Error(), "is not a SQLite database") {
			t.Errorf("%s is opened with %v", name, err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o644 || found(path+".lock") {
			t.Errorf("%s is left as %v (%v), lock %v", name, info.Mode(), err, found(path+".lock"))
		}
	}
}

// What a power cut in the first transaction leaves is a file of zeros: SQLite looks
// after it.
func TestZerosAreNoForeignFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "otpravka.db")
	if err := os.WriteFile(path, make([]byte, 4096), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := prepareFile(path); err != nil {
		t.Error(err)
	}
}
