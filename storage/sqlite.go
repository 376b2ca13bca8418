package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"sync"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteFile is a SQLite database.
type sqliteFile struct {
	path string
	wrap func(driver.Connector) driver.Connector
}

const sqliteReaders = 4

func (f *sqliteFile) name() string { return f.path }

// reserve makes the file and locks it against other processes.
func (f *sqliteFile) reserve() (io.Closer, error) {
	if err := prepareFile(f.path); err != nil {
		return nil, err
	}
	lock, err := takeLock(f.path)
	if err != nil {
		return nil, err
	}
	return lock, nil
}

func (f *sqliteFile) connect(readOnly bool) (*sql.DB, error) {
	conns := 1
	if readOnly {
		conns = sqliteReaders
	}
	return connectSQLite(f.path, readOnly, conns, f.wrap)
}

// find looks for the file, which SQLite would make.
func (f *sqliteFile) find(context.Context, *sql.DB) error {
	_, err := os.Stat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNone
	}
	return err
}

func (*sqliteFile) claim(context.Context, *sql.Conn) error { return nil } // the file is locked

func (*sqliteFile) schema() (goose.Dialect, string) { return goose.DialectSQLite3, "sqlite" }

func (*sqliteFile) nests() bool { return false }

func (*sqliteFile) writing(query string) string { return positional(query) }

func (*sqliteFile) begin() string { return beginWrite }

func (*sqliteFile) exchange(x *oneByOne) exchange { return x }

func (*sqliteFile) snapshot() sql.TxOptions { return sql.TxOptions{ReadOnly: true} }

// look sees nothing: the clock is the machine's, and a copy of the file cannot
// be told from the file.
func (*sqliteFile) look(*session) (sight, error) { return sight{}, nil }

// leave gives up what is still open because neither its commit nor its rollback
// came through: the log of a connection in a transaction cannot be emptied. There
// mostly is none, which SQLite calls an error.
func (*sqliteFile) leave(ctx context.Context, conn *sql.Conn) error {
	_, _ = conn.ExecContext(ctx, "ROLLBACK")
	return checkpoint(ctx, conn)
}

func (*sqliteFile) numbering() string { return "" }

func (*sqliteFile) settle(copiedTable) []string { return nil }

func (*sqliteFile) fitting(text string) string { return text }

func (f *sqliteFile) explain(err error) error { return explain(f.path, err) }

func explain(path string, err error) error {
	if isFull(err) {
		return fmt.Errorf("the disk of %s is full: free space there, and run this again: %w", path, err)
	}
	if isNotADatabase(err) {
		return fmt.Errorf("%w: %w", noDatabase(path), err)
	}
	return err
}

// beginWrite takes the write lock at once. A transaction that began by reading
// could find on its first write that somebody else wrote meanwhile.
const beginWrite = "BEGIN IMMEDIATE"

// pragmas of every connection. FULL syncs the log on each commit, so that an
// answered request survives a power cut; secure_delete overwrites what is
// deleted, so that an erased seed or phone is not left in free pages. A larger
// cache is no help: a commit that has split a page looks through all of it, and
// what it does not hold is in the system's.
func pragmas(readOnly bool) url.Values {
	list := []string{
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "secure_delete(ON)",
		"temp_store(MEMORY)", "cache_size(-16000)", "wal_autocheckpoint(8000)", "journal_size_limit(67108864)",
	}
	if readOnly {
		list = []string{"busy_timeout(5000)", "query_only(ON)", "temp_store(MEMORY)", "cache_size(-8000)"}
	}
	return url.Values{"_pragma": list}
}

// syncData makes commits sync what they wrote and the file's size, and not the
// time of the change, which on a journaling file system is most of what a sync
// waits for (fdatasync(2)). SQLite built from C does the same. Where the system
// has no such call all is synced.
var syncData = sync.OnceFunc(func() { _, _ = sqlite.Fdatasync(true) })

// connectSQLite opens a pool on the file. Nothing is touched before the first
// connection.
func connectSQLite(path string, readOnly bool, conns int, wrap func(driver.Connector) driver.Connector) (*sql.DB, error) {
	syncData()
	// Only a file URI passes through the driver unharmed by a "?" in the path.
	dsn := url.URL{Scheme: "file", Path: path, RawQuery: pragmas(readOnly).Encode()}
	c, err := sqlite.NewConnector(dsn.String())
	if err != nil {
		return nil, err
	}
	if wrap != nil {
		c = wrap(c)
	}
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

// sqliteCode returns the extended result code of a driver error, 0 for others.
func sqliteCode(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()
	}
	return 0
}

// isUnique reports a second row under one key, in either database. SQLite
// tells primary keys from other unique indexes.
func isUnique(err error) bool {
	code := sqliteCode(err)
	return code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY || code == sqlite3.SQLITE_CONSTRAINT_UNIQUE || sqlState(err) == uniqueViolation
}

// isFull reports a disk without room.
func isFull(err error) bool { return sqliteCode(err)&0xff == sqlite3.SQLITE_FULL }

// isNotADatabase reports a file that SQLite cannot read as one of its own.
func isNotADatabase(err error) bool {
	code := sqliteCode(err) & 0xff
	return code == sqlite3.SQLITE_NOTADB || code == sqlite3.SQLITE_CORRUPT
}

// checkpoint folds the log into the file and empties it, so that a stopped
// server leaves one file.
func checkpoint(ctx context.Context, c *sql.Conn) error {
	_, err := c.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return err
}
