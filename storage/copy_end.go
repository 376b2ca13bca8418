package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
)

// end is one of the two databases of a transfer, held against everybody else.
type end struct {
	dialect dialect
	lock    io.Closer
	pool    *sql.DB
	// conn is the connection that the lock of PostgreSQL lives with: whoever has
	// lost the lock cannot write any more.
	conn *sql.Conn
}

// runner runs statements on a connection or in a transaction.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// hold takes the database and brings its schema up to date, as a server does.
func hold(ctx context.Context, d dialect) (*end, error) {
	e := &end{dialect: d}
	var err error
	if e.lock, err = d.reserve(); err != nil {
		return nil, inUse(d, err)
	}
	if err := e.open(ctx); err != nil {
		return nil, errors.Join(inUse(d, d.explain(err)), e.close())
	}
	return e, nil
}

func (e *end) open(ctx context.Context) (err error) {
	if e.pool, err = e.dialect.connect(false); err != nil {
		return err
	}
	if e.conn, err = e.pool.Conn(ctx); err != nil {
		return err
	}
	if err := e.dialect.claim(ctx, e.conn); err != nil {
		return err
	}
	if err := migrate(ctx, e.dialect); err != nil {
		return fmt.Errorf("%s: %w", e.dialect.name(), err)
	}
	return nil
}

// inUse says whom to stop. Any other error stays.
func inUse(d dialect, err error) error {
	if !errors.Is(err, errInUse) {
		return err
	}
	return fmt.Errorf("another otpravka process uses %s: stop it, and nothing changes while the copy is made", d.name())
}

// close lets go of the database. A SQLite file is left without its log.
func (e *end) close() error {
	var errs []error
	if e.conn != nil {
		errs = append(errs, e.dialect.leave(context.Background(), e.conn))
		_ = e.conn.Close() // which a lost one refuses
	}
	if e.pool != nil {
		errs = append(errs, e.pool.Close())
	}
	return errors.Join(append(errs, e.lock.Close())...)
}

// inTransaction runs fn in one transaction, or changes nothing.
func (e *end) inTransaction(ctx context.Context, fn func(runner) error) error {
	tx, err := e.conn.BeginTx(ctx, nil)
	if err != nil {
		return withoutRows(err)
	}
	if err := fn(tx); err != nil {
		_ = tx.Rollback() // the connection may be gone
		return err
	}
	return withoutRows(tx.Commit())
}

// readTexts reads a query of one column.
func readTexts(ctx context.Context, on interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}, query string, args ...any,
) (list []string, err error) {
	rows, err := on.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, withoutRows(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, withoutRows(err)
		}
		list = append(list, text)
	}
	return list, withoutRows(rows.Err())
}
