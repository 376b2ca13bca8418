package storage

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Location turns a database URL into the path of the file. A bare path is
// taken as it is.
func Location(url string) (string, error) {
	scheme, rest, found := strings.Cut(url, ":")
	path := url
	switch {
	case found && scheme == "sqlite":
		path = strings.TrimPrefix(rest, "//")
	case found && (scheme == "postgres" || scheme == "postgresql") && !strings.HasPrefix(rest, "//"):
		return "", errBadAddress
	case found && (scheme == "postgres" || scheme == "postgresql"):
		return "", errors.New("this is for a SQLite file: use the tools of PostgreSQL for a PostgreSQL database")
	case found && strings.HasPrefix(rest, "//"):
		return "", fmt.Errorf("unknown database URL scheme %q: use sqlite:///path/file.db, or postgres://user:password@host/database", scheme)
	}
	switch {
	case path == "":
		return "", errors.New("the database URL names no file: use sqlite:///path/file.db")
	case strings.Contains(path, "?"):
		return "", errors.New("the database URL takes no options after \"?\": use sqlite:///path/file.db")
	}
	return filepath.Abs(path)
}

// prepareFile makes the directory and the file, readable by nobody else. The
// files that SQLite puts beside the database take over its permissions.
func prepareFile(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return unwritable(dir, err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		if info, statErr := os.Stat(path); statErr == nil && info.IsDir() {
			return fmt.Errorf("the database path %s is a directory: name a file in it, for example %s", path, filepath.Join(path, "otpravka.db"))
		}
		return unwritable(path, err)
	}
	return errors.Join(adopt(f), f.Close())
}

// sqliteMagic is what every SQLite file begins with (https://sqlite.org/fileformat.html,
// section 1.2).
const sqliteMagic = "SQLite format 3\x00"

// adopt makes a database, or a file that is about to be one, readable by nobody else.
// Somebody else's file, whose name was mistaken for a database's, stays what it is.
func adopt(f *os.File) error {
	var head [len(sqliteMagic)]byte
	switch n, err := io.ReadFull(f, head[:]); {
	case errors.Is(err, io.EOF):
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return unwritable(f.Name(), err)
	case string(head[:n]) != sqliteMagic && strings.Trim(string(head[:n]), "\x00") != "": // a power cut leaves zeros
		return noDatabase(f.Name())
	}
	if err := f.Chmod(0o600); err != nil {
		return unwritable(f.Name(), err)
	}
	return nil
}

func noDatabase(path string) error {
	return fmt.Errorf("%s is not a SQLite database: name another file, or restore this one from a backup", path)
}

// unwritable tells why the database, or what lies beside it, cannot be written.
func unwritable(path string, err error) error { return notWritten("the database", path, err) }

// notWritten says what to run where the file belongs to somebody else, as
// directories do that a container engine made.
func notWritten(what, path string, err error) error {
	if !errors.Is(err, fs.ErrPermission) || os.Getuid() < 0 { // Windows has no such owners
		return fmt.Errorf("cannot write %s: let the user that runs otpravka own it, or put %s elsewhere: %w", path, what, err)
	}
	return fmt.Errorf("cannot write %s: run `%s`, or put %s elsewhere: %w", path, takeOver(path), what, err)
}

// takeOver is the command that makes path writable for this process: it gives
// it the file, or the file's directory, and nothing above that.
func takeOver(path string) string {
	owner := fmt.Sprintf("chown %d:%d", os.Getuid(), os.Getgid())
	dir := filepath.Dir(path)
	switch {
	case found(path):
		return owner + " " + path
	case found(dir):
		return owner + " " + dir
	}
	return "mkdir -p " + dir + " && " + owner + " " + dir
}

func found(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
