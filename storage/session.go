package storage

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"otpravka/otpcore"
)

// preparer makes prepared statements: the writer's connection, or the pool of
// readers.
type preparer interface {
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// statements keeps every statement prepared that ran once.
type statements struct {
	on     preparer
	mu     sync.RWMutex
	byText map[string]*sql.Stmt
}

func newStatements(on preparer) *statements {
	return &statements{on: on, byText: make(map[string]*sql.Stmt)}
}

// find returns the prepared statement, nil when it has not run yet.
func (s *statements) find(query string) *sql.Stmt {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.byText[query]
}

// get returns the statement and prepares it if need be. Preparing may wait for
// a free connection, so no lock is held meanwhile.
func (s *statements) get(ctx context.Context, query string) (*sql.Stmt, error) {
	if st := s.find(query); st != nil {
		return st, nil
	}
	st, err := s.on.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if first := s.byText[query]; first != nil {
		_ = st.Close()
		return first, nil
	}
	s.byText[query] = st
	return st, nil
}

func (s *statements) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range s.byText {
		_ = st.Close()
	}
	clear(s.byText)
}

// session runs statements, inside the writer's transaction or for a reader.
// Its methods return domain errors: ErrNotFound for a missing row, unavailable
// for whatever the driver says.
type session struct {
	ctx  context.Context
	stmt func(context.Context, string) (*sql.Stmt, error)

	// failed is the first statement error. A transaction that had one is lost,
	// whatever its function makes of it.
	failed error
	wrote  bool // something was executed

	executed func(query string) // is told of what was executed, if set
}

// exec runs a statement and returns how many rows it touched.
func (s *session) exec(query string, args ...any) (int64, error) {
	st, err := s.stmt(s.ctx, query)
	if err != nil {
		return 0, s.fold(err)
	}
	s.wrote = true
	if s.executed != nil {
		s.executed(query)
	}
	res, err := st.ExecContext(s.ctx, args...)
	if err != nil {
		return 0, s.fold(err)
	}
	n, err := res.RowsAffected()
	return n, s.fold(err)
}

// value reads one value of one row, or answers ErrNotFound.
func value[T any](s *session, query string, args ...any) (T, error) {
	return one(s, func(scan func(...any) error) (v T, err error) {
		err = scan(&v)
		return v, err
	}, query, args...)
}

// one reads the single row of a query, or answers ErrNotFound.
func one[T any](s *session, read func(scan func(...any) error) (T, error), query string, args ...any) (T, error) {
	var none T
	st, err := s.stmt(s.ctx, query)
	if err != nil {
		return none, s.fold(err)
	}
	v, err := read(st.QueryRowContext(s.ctx, args...).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return none, otpcore.ErrNotFound
	}
	return v, s.fold(err)
}

// all reads every row of a query.
func all[T any](s *session, read func(scan func(...any) error) (T, error), query string, args ...any) ([]T, error) {
	st, err := s.stmt(s.ctx, query)
	if err != nil {
		return nil, s.fold(err)
	}
	rows, err := st.QueryContext(s.ctx, args...)
	if err != nil {
		return nil, s.fold(err)
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		v, err := read(rows.Scan)
		if err != nil {
			return nil, s.fold(err)
		}
		list = append(list, v)
	}
	return list, s.fold(rows.Err())
}

// fold turns any error of the driver into the domain's, once and for all. A
// full or failing disk, a broken connection, a canceled reader: to the caller
// they are one thing, nothing was decided.
func (s *session) fold(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*otpcore.Error](err); ok {
		return err
	}
	e := otpcore.Unavailable(err)
	if s.failed == nil {
		s.failed = e
	}
	return e
}
