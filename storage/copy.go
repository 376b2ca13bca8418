package storage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Transfer copies everything from one database to another one of either kind.
//
// Nobody else may use them meanwhile: it holds the locks of both. The target is
// new, or the unfinished copy of the same source. Rows go in the order of their
// keys, some at a time, and the place that was reached is committed with them,
// so a transfer that was killed goes on where it stopped. Until every row has
// been read back and found equal, no server starts on the target; from then on
// none starts on the source, because two servers would each approve the same
// code.
type Transfer struct {
	From, To string // database URLs
	// Key is told the check value of the master key that the source was sealed
	// with. Its error ends the transfer before anything is written.
	Key func(bound string) error
	// StartOver empties a target that holds an unfinished copy, of whatever
	// source, and only such a target.
	StartOver bool
	// Told is called after each batch of rows; nil: nobody looks.
	Told func(Progress)

	batch int // rows of a transaction; zero: copyBatch
}

// Progress is how far a transfer is.
type Progress struct {
	Table    string
	Rows     int64 // of the table, from its beginning
	Checking bool  // they are read back, and no longer written
}

// Transferred is a finished transfer.
type Transferred struct {
	From, To string // names of the databases, without a password
	Tables   []TableCount
	Resumed  bool // an earlier run had begun it
}

// TableCount is the number of rows that are equal in both databases.
type TableCount struct {
	Table string
	Rows  int64
}

// copyBatch rows keep a transaction well below a second, and the log of a
// database small.
const copyBatch = 1000

// Run copies, compares and closes the source for servers. After an error the
// same call goes on where this one ended.
func (t Transfer) Run(ctx context.Context) (done Transferred, err error) {
	from, to, err := t.ends()
	if err != nil {
		return done, err
	}
	keyCheck, err := t.askKey(ctx, from)
	if err != nil {
		return done, err
	}
	source, err := hold(ctx, from)
	if err != nil {
		return done, fmt.Errorf("the source: %w", err)
	}
	defer func() { err = errors.Join(err, source.close()) }()
	target, err := hold(ctx, to)
	if err != nil {
		return done, ofTarget{err}
	}
	defer func() { err = errors.Join(err, target.close()) }()
	c := &copying{Transfer: t, source: source, target: target, keyCheck: keyCheck}
	if c.batch == 0 {
		c.batch = copyBatch
	}
	if c.mark.Origin, err = source.origin(ctx); err != nil {
		return done, err
	}
	done.From, done.To = from.name(), to.name()
	if done.Resumed, err = c.admit(ctx); err != nil {
		return done, err
	}
	done.Tables, err = c.run(ctx)
	switch {
	case err == nil:
		return done, nil
	case ctx.Err() != nil: // whatever the driver makes of it
		return done, fmt.Errorf("the copy was stopped, run the same command again and it goes on: %w", ctx.Err())
	}
	return done, fmt.Errorf("the copy is not finished, run the same command again and it goes on: %w", err)
}

// ends reads the two URLs.
func (t Transfer) ends() (from, to dialect, err error) {
	if from, err = dialectOf(Config{URL: t.From}); err != nil {
		return nil, nil, fmt.Errorf("the source: %w", err)
	}
	if to, err = dialectOf(Config{URL: t.To}); err != nil {
		return nil, nil, ofTarget{err}
	}
	if from.name() == to.name() || sameFile(from, to) {
		return nil, nil, fmt.Errorf("source and target are one database, %s: name two", from.name())
	}
	return from, to, nil
}

// ofTarget is an error of the database that is copied to. Its advice names the
// setting that gives the target, and not the server's, which gives the source.
type ofTarget struct{ error }

func (e ofTarget) Error() string {
	return "the target: " + strings.ReplaceAll(e.error.Error(), "OTPRAVKA_DATABASE_URL", "OTPRAVKA_COPY_TO (--to)")
}

func (e ofTarget) Unwrap() error { return e.error }

func sameFile(a, b dialect) bool {
	x, file := a.(*sqliteFile)
	y, too := b.(*sqliteFile)
	if !file || !too {
		return false
	}
	one, err := os.Stat(x.path)
	if err != nil {
		return false
	}
	other, err := os.Stat(y.path)
	return err == nil && os.SameFile(one, other)
}

// askKey looks at the source beside whoever may use it, and writes nothing. It
// returns the check value of its key.
func (t Transfer) askKey(ctx context.Context, from dialect) (string, error) {
	pool, err := from.connect(true)
	if err != nil {
		return "", err
	}
	defer func() { _ = pool.Close() }() // nothing was written
	err = from.find(ctx, pool)
	if errors.Is(err, ErrNone) {
		return "", fmt.Errorf("there is no database at %s to copy: name the server's: %w", from.name(), err)
	}
	var bound []string
	if err == nil {
		bound, err = readTexts(ctx, pool, selectMeta, keyCheckMeta)
	}
	switch {
	case err != nil:
		return "", from.explain(fmt.Errorf("look at %s: %w", from.name(), err))
	case len(bound) == 0 || bound[0] == "":
		return "", fmt.Errorf("no server has run on %s yet: there is nothing to copy", from.name())
	case t.Key == nil:
		return bound[0], nil
	}
	return bound[0], t.Key(bound[0])
}
