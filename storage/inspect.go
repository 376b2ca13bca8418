package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"otpravka/otpcore"
)

// Inspection is what a database says of itself.
type Inspection struct {
	KeyCheck  string    // check value of its master key; empty: none yet
	HighWater time.Time // the latest time it has seen
	Bots      []*otpcore.Bot
}

// Inspect reads the database at path and changes nothing in it, neither the
// schema nor the lock, so it also works beside a running server. The error
// wraps fs.ErrNotExist when there is no database yet.
func Inspect(ctx context.Context, path string) (in Inspection, err error) {
	// SQLite makes the file that it does not find.
	if _, err := os.Stat(path); err != nil {
		return in, err
	}
	pool, err := connectSQLite(path, true, 1, nil)
	if err != nil {
		return in, err
	}
	s := &session{ctx: ctx, stmt: newStatements(pool).get}
	in, err = inspect(s)
	if s.failed != nil { // says more to an operator than the domain's word for it
		err = fmt.Errorf("read %s: %w", path, s.failed)
	}
	return in, errors.Join(explain(path, err), pool.Close())
}

func inspect(s *session) (in Inspection, err error) {
	in.KeyCheck, err = value[string](s, selectMeta, keyCheckMeta)
	if err != nil && !errors.Is(err, otpcore.ErrNotFound) {
		return in, err
	}
	mark, err := metaNumber(s, "high_water")
	if err != nil {
		return in, err
	}
	in.HighWater = fromMillis(mark)
	in.Bots, err = s.bots("")
	return in, err
}

// CheckWritable returns nil when the database at path can be written, or made
// there, and otherwise one sentence that says what to do. It leaves nothing
// behind.
func CheckWritable(path string) error {
	dir := filepath.Dir(path)
	probe, err := os.CreateTemp(dir, ".probe-*")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // the first start makes the directory
	case err != nil:
		return unwritable(dir, err)
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return unwritable(dir, err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return unwritable(path, err)
	}
	return f.Close()
}
