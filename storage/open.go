package storage

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"sync"
	"time"

	"otpravka/otpcore"
)

// Config says which database to open, and for which run of the program.
type Config struct {
	// URL is sqlite:///path/file.db, or a bare path.
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

	wrap func(driver.Connector) driver.Connector // lets a test break the disk
}

// DB is an open database. It implements otpcore.Ledger and otpcore.Reader.
type DB struct {
	path   string
	lock   *os.File
	pool   *sql.DB // for reading
	reads  *statements
	writer *writer
	closed func() error // closes once, and answers the same each time

	walk   sync.Mutex // held by a purge of standings
	walked phoneKey   // where the last one stopped
}

const (
	defaultDepth = 4096
	readers      = 4
)

// Open opens the database, making it on the first start, brings its schema up
// to date, frees what earlier runs have leased, and starts the writer. Its
// errors are one sentence that says what to do.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	path, err := Location(cfg.URL)
	if err != nil {
		return nil, err
	}
	if cfg.Boot == "" {
		return nil, errors.New("storage needs the id of this start of the process")
	}
	if err := prepareFile(path); err != nil {
		return nil, err
	}
	db := &DB{path: path}
	if db.lock, err = takeLock(path); err != nil {
		return nil, err
	}
	if err := db.open(ctx, cfg); err != nil {
		return nil, errors.Join(explain(path, err), db.release())
	}
	db.closed = sync.OnceValue(db.close)
	go db.writer.run()
	return db, nil
}

func explain(path string, err error) error {
	if isNotADatabase(err) {
		return fmt.Errorf("%s is not a SQLite database: name another file, or restore this one from a backup: %w", path, err)
	}
	return err
}

func (db *DB) open(ctx context.Context, cfg Config) error {
	w := &writer{boot: cfg.Boot, log: cfg.Logger, done: make(chan struct{})}
	db.writer = w
	if w.log == nil {
		w.log = slog.New(slog.DiscardHandler)
	}
	w.queue = newQueue(cmp.Or(cfg.QueueDepth, defaultDepth))
	var err error
	if w.pool, err = connectSQLite(db.path, false, 1, cfg.wrap); err != nil {
		return err
	}
	if err := migrate(ctx, w.pool); err != nil {
		return err
	}
	if w.conn, err = w.pool.Conn(ctx); err != nil {
		return err
	}
	w.stmts = newStatements(w.conn)
	if db.pool, err = connectSQLite(db.path, true, readers, cfg.wrap); err != nil {
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
	s := &session{ctx: ctx, stmt: w.stmts.get}
	var err error
	if err = db.bindKey(s, cfg.BindKey); err != nil {
		return err
	}
	if w.epoch, err = metaNumber(s, "recovery_epoch"); err != nil {
		return err
	}
	if w.mark, err = metaNumber(s, "high_water"); err != nil {
		return err
	}
	w.clock = newClock(fromMillis(w.mark))
	if behind := time.Until(fromMillis(w.mark)); w.mark > 0 && behind > time.Minute {
		w.log.Warn("the machine's clock is behind the database's: check it", "behind", behind.String())
	}
	now := millis(w.clock.Now())
	if _, err := s.exec(insertBoot, string(w.boot), now); err != nil {
		return err
	}
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
	err := checkpoint(context.Background(), db.writer.conn)
	return errors.Join(err, db.release())
}

// release closes whatever is open.
func (db *DB) release() error {
	var errs []error
	if w := db.writer; w != nil && w.pool != nil {
		if w.stmts != nil {
			w.stmts.close()
		}
		if w.conn != nil {
			errs = append(errs, w.conn.Close())
		}
		errs = append(errs, w.pool.Close())
	}
	if db.pool != nil {
		db.reads.close()
		errs = append(errs, db.pool.Close())
	}
	return errors.Join(append(errs, db.lock.Close())...)
}
