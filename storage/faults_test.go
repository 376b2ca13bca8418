package storage

import (
	"cmp"
	"context"
	"database/sql/driver"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"
)

// faults is a driver between database/sql and the database that fails the statements
// a test names, the way a full or broken disk does.
type faults struct {
	mu   sync.Mutex
	fail func(statement string) error
}

func (f *faults) set(fail func(statement string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = fail
}

func (f *faults) check(statement string) error {
	f.mu.Lock()
	fail := f.fail
	f.mu.Unlock()
	if fail == nil {
		return nil
	}
	return fail(statement)
}

func (f *faults) wrap(c driver.Connector) driver.Connector { return faultyConnector{c, f} }

type faultyConnector struct {
	driver.Connector
	faults *faults
}

func (c faultyConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return faultyConn{conn.(fullConn), c.faults}, nil
}

// fullConn lists what database/sql looks for on a connection.
type fullConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.SessionResetter
}

type faultyConn struct {
	fullConn
	faults *faults
}

func (c faultyConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	st, err := c.fullConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return faultyStmt{st.(fullStmt), query, c.faults}, nil
}

// CheckNamedValue leaves the arguments to the driver where it wants that.
func (c faultyConn) CheckNamedValue(v *driver.NamedValue) error {
	if own, ok := c.fullConn.(driver.NamedValueChecker); ok {
		return own.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

// SendBatch has the server itself fail the statement that the test names, with
// the code of a PgError: what was sent behind it is skipped there.
func (c faultyConn) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	for _, q := range b.QueuedQueries {
		if err := c.faults.check(q.SQL); err != nil {
			q.SQL = fmt.Sprintf(`DO $$ BEGIN RAISE 'broken by a test' USING ERRCODE = '%s'; END $$`, cmp.Or(sqlState(err), "58030"))
			q.Arguments = nil
			break
		}
	}
	return c.fullConn.(batcher).SendBatch(ctx, b)
}

func (c faultyConn) ArgTypes(ctx context.Context, query string) ([]string, error) {
	return c.fullConn.(batcher).ArgTypes(ctx, query)
}

// IsClosed tells that the connection is lost.
func (c faultyConn) IsClosed() bool { return c.fullConn.(batcher).IsClosed() }

type fullStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type faultyStmt struct {
	fullStmt
	query  string
	faults *faults
}

func (s faultyStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if err := s.faults.check(s.query); err != nil {
		return nil, err
	}
	return s.fullStmt.ExecContext(ctx, args)
}

func (s faultyStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if err := s.faults.check(s.query); err != nil {
		return nil, err
	}
	return s.fullStmt.QueryContext(ctx, args)
}
