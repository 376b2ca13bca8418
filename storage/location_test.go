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
