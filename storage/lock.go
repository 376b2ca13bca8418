package storage

import (
	"errors"
	"fmt"
	"os"
)

// errInUse is what whoever comes second is told.
var errInUse = errors.New("another otpravka process uses the database")

// takeLock makes this process the only one on the database. Two processes on
// one SQLite file starve each other and would tell two different times. The
// lock is a file of its own, because SQLite drops its locks on the database
// whenever any handle of the process on that file closes.
func takeLock(path string) (*os.File, error) {
	name := path + ".lock"
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, unwritable(name, err)
	}
	held, err := lockFile(f)
	switch {
	case err != nil:
		_ = f.Close()
		return nil, fmt.Errorf("cannot lock %s: put the database on a local disk: %w", name, err)
	case !held:
		_ = f.Close()
		return nil, fmt.Errorf("%w (it holds %s): stop it, or give this one a database of its own", errInUse, name)
	}
	return f, nil
}
