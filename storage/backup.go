package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Copy is a finished backup.
type Copy struct {
	Path     string // absolute
	Bytes    int64
	KeyCheck string // check value of the master key that opens it; empty: none yet
}

// Backup writes a copy of the database at url to file, which must not be there
// yet. It works beside a running server: it reads one snapshot, for which the
// writer of a log-ahead database never waits. What was deleted is not in the
// copy. The file appears under its name only when it is whole, checked and
// durable; after an error nothing is left.
func Backup(ctx context.Context, url, file string) (Copy, error) {
	path, err := Location(url)
	if err != nil {
		return Copy{}, err
	}
	if _, err := os.Stat(path); err != nil {
		return Copy{}, fmt.Errorf("there is no database at %s to copy: set OTPRAVKA_DATABASE_URL to the server's: %w", path, err)
	}
	c := Copy{}
	if c.Path, err = filepath.Abs(file); err != nil {
		return c, err
	}
	if err := vacant(c.Path); err != nil {
		return c, err
	}
	// The name begins with a dot, so that no script that gathers backups takes
	// half of one. The file is made here: SQLite would make it for all to read.
	part, err := os.CreateTemp(filepath.Dir(c.Path), "."+filepath.Base(c.Path)+".part-*")
	if err != nil {
		return c, noPlace(filepath.Dir(c.Path), err)
	}
	err = errors.Join(explainCopy(path, c.Path, copyTo(ctx, path, part.Name())), part.Sync(), part.Close())
	if err == nil {
		err = c.take(ctx, part.Name())
	}
	if err != nil {
		return Copy{}, errors.Join(fmt.Errorf("no backup was made: %w", err), os.Remove(part.Name()), withoutJournal(part.Name()))
	}
	return c, nil
}

// explainCopy names the disk that is full: it is that of the copy, not ours.
func explainCopy(from, to string, err error) error {
	if isFull(err) {
		return explain(filepath.Dir(to), err)
	}
	return explain(from, err)
}

// withoutJournal removes what SQLite leaves beside a file when the disk is full.
func withoutJournal(path string) error {
	if err := os.Remove(path + "-journal"); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// vacant refuses a name that is taken: an older backup may be the only good
// one.
func vacant(path string) error {
	_, err := os.Lstat(path)
	switch {
	case err == nil:
		return fmt.Errorf("%s is there already and is not overwritten: name another file", path)
	case errors.Is(err, fs.ErrNotExist):
		return nil
	}
	return err
}

// noPlace tells why the directory takes no copy. The unfinished file that could
// not be made there is nothing that anybody has named.
func noPlace(dir string, err error) error {
	if made, ok := errors.AsType[*fs.PathError](err); ok {
		err = made.Err
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("no directory %s for the copy: make it, or name a file elsewhere: %w", dir, err)
	}
	return notWritten("the copy", dir, err)
}

// copyTo fills the empty file. VACUUM INTO reads the source and writes a
// database without free pages.
func copyTo(ctx context.Context, path, into string) error {
	pool, err := connectSQLite(path, false, 1, nil)
	if err != nil {
		return err
	}
	_, err = pool.ExecContext(ctx, "VACUUM INTO $1", into)
	return errors.Join(err, pool.Close())
}

// take checks the copy and gives it its name.
func (c *Copy) take(ctx context.Context, part string) error {
	if err := c.check(ctx, part); err != nil {
		return err
	}
	if err := vacant(c.Path); err != nil {
		return err
	}
	info, err := os.Stat(part)
	if err != nil {
		return err
	}
	c.Bytes = info.Size()
	if err := os.Rename(part, c.Path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(c.Path))
}

// check reads every page of the copy.
func (c *Copy) check(ctx context.Context, part string) error {
	pool, err := connectSQLite(part, true, 1, nil)
	if err != nil {
		return err
	}
	defer func() { _ = pool.Close() }() // nothing was written
	var verdict string
	if err := pool.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&verdict); err != nil {
		return err
	}
	if verdict != "ok" {
		return fmt.Errorf("the database is damaged, restore it from an older backup: %s", verdict)
	}
	err = pool.QueryRowContext(ctx, selectMeta, keyCheckMeta).Scan(&c.KeyCheck)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

// syncDir makes the new name durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
