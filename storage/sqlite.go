package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net/url"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// This file is all that knows SQLite from other databases: how to connect, how
// a transaction begins, and what its error codes mean.

// beginWrite takes the write lock at once. A transaction that began by reading
// could find on its first write that somebody else wrote meanwhile.
const beginWrite = "BEGIN IMMEDIATE"

// pragmas of every connection. FULL syncs the log on each commit, so that an
// answered request survives a power cut; secure_delete overwrites what is
// deleted, so that an erased seed or phone is not left in free pages.
func pragmas(readOnly bool) url.Values {
	list := []string{
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "secure_delete(ON)",
		"temp_store(MEMORY)", "cache_size(-32000)", "wal_autocheckpoint(8000)", "journal_size_limit(67108864)",
	}
	if readOnly {
		list = []string{"busy_timeout(5000)", "query_only(ON)", "temp_store(MEMORY)", "cache_size(-8000)"}
	}
	return url.Values{"_pragma": list}
}

// connectSQLite opens a pool on the file. Nothing is touched before the first
// connection.
func connectSQLite(path string, readOnly bool, conns int, wrap func(driver.Connector) driver.Connector) (*sql.DB, error) {
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

// isUnique reports a second row under one key. The driver tells primary keys
// from other unique indexes.
func isUnique(err error) bool {
	code := sqliteCode(err)
	return code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY || code == sqlite3.SQLITE_CONSTRAINT_UNIQUE
}

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
