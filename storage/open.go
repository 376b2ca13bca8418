package storage

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"sync"

	"otpravka/internal/failpoint"
	"otpravka/otpcore"
)

// Config says which database to open, and for which run of the program.
type Config struct {
	// URL is sqlite:///path/file.db, a bare path, or
	// postgres://user:password@host/database.
	URL string
	// Boot names this start of this process. Leases of any other one are void.
	Boot otpcore.ID
	// Logger gets what callers only learn as "unavailable"; nil discards it.
	Logger *slog.Logger
	// BindKey is told the check value of the master key that the database was
	// sealed with, empty for a new one, and returns the check value to keep. Its
	// error keeps the database closed. Nil: the caller has no key.
	BindKey func(bound string) (check string, err error)
	// QueueDepth bounds how much work may wait in each lane; zero: 4096.
	QueueDepth int

	// comesBack opens a database that was moved elsewhere, to begin an epoch.
	comesBack bool

	wrap func(driver.Connector) driver.Connector // lets a test break the disk
	// machineClock lets a test have a time of its own, which the database's
	// clock does not follow.
	machineClock bool
}

// DB is an open database. It implements otpcore.Ledger and otpcore.Reader.
type DB struct {
	dialect dialect
	lock    io.Closer
	pool    *sql.DB // for reading
	reads   *statements
	writer  *writer
	watched func()       // ends the watch
	closed  func() error // closes once, and answers the same each time
}

const defaultDepth = 4096

// Open opens the database, making it on the first start, brings its schema up
// to date, frees what earlier runs have leased, and starts the writer. Its
// errors are one sentence that says what to do.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	d, err := dialectOf(cfg)
	if err != nil {
		return nil, err
	}
	if cfg.Boot == "" {
		return nil, errors.New("storage needs the id of this start of the process")
	}
	db := &DB{dialect: d}
	if db.lock, err = d.reserve(); err != nil {
		return nil, err
	}
	if err := db.open(ctx, cfg); err != nil {
		return nil, errors.Join(d.explain(cause(err)), db.release())
	}
	db.closed = sync.OnceValue(db.close)
	go db.writer.run()
	db.watched = db.watch()
	return db, nil
}

// cause takes off the domain's word, which is for callers of the API: an operator
// reads what the database said.
func cause(err error) error {
	if e, ok := errors.AsType[*otpcore.Error](err); ok && e.Kind == otpcore.KindUnavailable && e.Err != nil {
		return e.Err
	}
	return err
}

func (db *DB) open(ctx context.Context, cfg Config) error {
	w := &writer{dialect: db.dialect, boot: cfg.Boot, log: cfg.Logger, done: make(chan struct{}), tally: newTally()}
	db.writer = w
	if w.log == nil {
		w.log = slog.New(slog.DiscardHandler)
	}
	w.queue = newQueue(cmp.Or(cfg.QueueDepth, defaultDepth))
	var err error
	if w.pool, err = db.dialect.connect(false); err != nil {
		return err
	}
	if err := w.connect(ctx); err != nil {
		return err
	}
	if err := migrate(ctx, db.dialect); err != nil { // nobody else does so now
		return err
	}
	if db.pool, err = db.dialect.connect(true); err != nil {
		return err
	}
	db.reads = newStatements(db.pool)
	return db.restore(ctx, cfg)
}

const (
	selectMeta = `SELECT value FROM meta WHERE name = $1`
	insertBoot = `INSERT INTO boots (id, started_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`
	// Every lease ends within seconds of now, so the rows between are few.
	voidLeases = `UPDATE deliveries SET due_at = $1 WHERE id IN (SELECT id FROM deliveries
		WHERE due_at > $1 AND status = 'sending' AND boot_id <> $2 LIMIT $3)`
)

// restore takes up where the last run ended: its time goes on, and what it had
// in hand is due now.
func (db *DB) restore(ctx context.Context, cfg Config) error {
	w := db.writer
	s := &session{ctx: ctx, stmt: w.statement}
	if err := refuseMarked(s, db.Name(), cfg.comesBack); err != nil {
		return err
	}
	if err := db.bindKey(s, cfg.BindKey); err != nil {
		return err
	}
	if err := w.resume(s); err != nil {
		return err
	}
	now := millis(w.clock.Now())
	if _, err := s.exec(insertBoot, string(w.boot), now); err != nil {
		return err
	}
	failpoint.Hit(failpoint.BeforeVoid)
	for {
		n, err := s.exec(voidLeases, now, string(w.boot), batchRows)
		if err != nil || n < batchRows {
			return err
		}
	}
}

func metaNumber(s *session, name string) (int64, error) {
	v, err := value[string](s, selectMeta, name)
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", name, err)
	}
	return strconv.ParseInt(v, 10, 64)
}

// Close finishes the batch in hand, answers everybody else that waits with
// unavailable, and lets go of the file. No goroutine is left behind. Closing
// again does nothing.
func (db *DB) Close() error { return db.closed() }

func (db *DB) close() error {
	for _, j := range db.writer.queue.close() {
		j.done(otpcore.Unavailable(errClosed))
	}
	<-db.writer.done
	db.watched()
	err := db.dialect.leave(context.Background(), db.writer.conn)
	return errors.Join(err, db.release())
}

// release closes whatever is open.
func (db *DB) release() error {
	var errs []error
	if w := db.writer; w != nil && w.pool != nil {
		w.disconnect()
		errs = append(errs, w.pool.Close())
	}
	if db.pool != nil {
		db.reads.close()
		errs = append(errs, db.pool.Close())
	}
	return errors.Join(append(errs, db.lock.Close())...)
}
