package storage

import (
	"context"
	"database/sql"

	"otpravka/otpcore"
)

var _ otpcore.Reader = (*DB)(nil)

// reader reads committed rows through the pool, one snapshot per statement.
func (db *DB) reader(ctx context.Context) *session {
	return &session{ctx: ctx, stmt: db.reads.get}
}

// snapshot runs fn on a single snapshot. While it holds its connection it asks
// the pool for no other one, not even to prepare a statement: readers that hold
// one each would wait for each other for ever.
func (db *DB) snapshot(ctx context.Context, fn func(*session) error) error {
	s := db.reader(ctx)
	opts := db.dialect.snapshot()
	read, err := db.pool.BeginTx(ctx, &opts)
	if err != nil {
		return s.fold(err)
	}
	var missed []string
	s.stmt = func(ctx context.Context, query string) (*sql.Stmt, error) {
		if st := db.reads.find(query); st != nil {
			return read.StmtContext(ctx, st), nil
		}
		missed = append(missed, query)
		return read.PrepareContext(ctx, query)
	}
	err = fn(s)
	_ = read.Rollback()
	for _, query := range missed {
		_, _ = db.reads.get(ctx, query) // for the next time
	}
	return err
}

// Business implements otpcore.Reader.
func (db *DB) Business(ctx context.Context, id otpcore.ID) (*otpcore.Business, error) {
	return db.reader(ctx).business(id)
}

// Businesses implements otpcore.Reader.
func (db *DB) Businesses(ctx context.Context) ([]*otpcore.Business, error) {
	return db.reader(ctx).businesses()
}

// KeyByPublic implements otpcore.Reader.
func (db *DB) KeyByPublic(ctx context.Context, public string) (*otpcore.APIKey, error) {
	return db.reader(ctx).keyByPublic(public)
}

// Keys implements otpcore.Reader.
func (db *DB) Keys(ctx context.Context, business otpcore.ID, mode otpcore.Mode) ([]*otpcore.APIKey, error) {
	return db.reader(ctx).keys(business, mode)
}

// Bot implements otpcore.Reader.
func (db *DB) Bot(ctx context.Context, id otpcore.ID) (*otpcore.Bot, error) {
	return db.reader(ctx).bot(id)
}

// Bots implements otpcore.Reader.
func (db *DB) Bots(ctx context.Context, business otpcore.ID) ([]*otpcore.Bot, error) {
	return db.reader(ctx).bots(business)
}

// Offset implements otpcore.Reader.
func (db *DB) Offset(ctx context.Context, bot otpcore.ID) (int64, error) {
	return db.reader(ctx).offset(bot)
}

// Link implements otpcore.Reader.
func (db *DB) Link(ctx context.Context, id otpcore.ID) (*otpcore.Link, error) {
	return db.reader(ctx).link(id)
}

// LinkByToken implements otpcore.Reader.
func (db *DB) LinkByToken(ctx context.Context, hash []byte) (*otpcore.Link, error) {
	return db.reader(ctx).linkByToken(hash)
}

// LinksOfPhone implements otpcore.Reader.
func (db *DB) LinksOfPhone(ctx context.Context, business otpcore.ID, phone otpcore.Index) ([]*otpcore.Link, error) {
	return db.reader(ctx).linksOfPhone(business, phone)
}

// StandingOf implements otpcore.Reader. A phone that nothing is known about
// has a blank standing.
func (db *DB) StandingOf(ctx context.Context, business otpcore.ID, phone otpcore.Index) (*otpcore.Standing, error) {
	return db.reader(ctx).standing(business, phone)
}

// CaseOf implements otpcore.Reader.
func (db *DB) CaseOf(ctx context.Context, business otpcore.ID, mode otpcore.Mode, id otpcore.ID) (*otpcore.Case, error) {
	c := &otpcore.Case{Now: db.Now(), Epoch: db.writer.epoch.Load(), Boot: db.writer.boot, BusinessID: business, Mode: mode}
	err := db.snapshot(ctx, func(s *session) error { return s.verificationCase(c, id) })
	if err != nil {
		return nil, err
	}
	return c, nil
}

// OrderOf implements otpcore.Reader.
func (db *DB) OrderOf(ctx context.Context, business otpcore.ID, mode otpcore.Mode, number string) (*otpcore.Case, error) {
	c := &otpcore.Case{Now: db.Now(), Epoch: db.writer.epoch.Load(), Boot: db.writer.boot, BusinessID: business, Mode: mode}
	err := db.snapshot(ctx, func(s *session) error {
		o, err := one(s, scanOrder, selectOrderNumber, string(business), string(mode), number)
		if err != nil {
			return err
		}
		return s.load(c, &otpcore.Op{Ref: otpcore.Ref{Order: o.ID}, BusinessID: business, Mode: mode})
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Order implements otpcore.Reader.
func (db *DB) Order(ctx context.Context, business otpcore.ID, mode otpcore.Mode, number string) (*otpcore.Order, error) {
	return one(db.reader(ctx), scanOrder, selectOrderNumber, string(business), string(mode), number)
}

// OrdersAfter implements otpcore.Reader.
func (db *DB) OrdersAfter(ctx context.Context, business otpcore.ID, mode otpcore.Mode, number string, limit int) ([]*otpcore.Order, error) {
	return all(db.reader(ctx), scanOrder, ordersAfter, string(business), string(mode), number, limit)
}

// OrderUpdates implements otpcore.Reader.
func (db *DB) OrderUpdates(ctx context.Context, order otpcore.ID) ([]*otpcore.OrderUpdate, error) {
	return db.reader(ctx).orderUpdates(order)
}

// Timeline implements otpcore.Reader.
func (db *DB) Timeline(ctx context.Context, verification otpcore.ID) ([]otpcore.Event, error) {
	return db.reader(ctx).timeline(verification)
}

// VerificationsOf implements otpcore.Reader.
func (db *DB) VerificationsOf(ctx context.Context, q otpcore.PhoneQuery) ([]*otpcore.Verification, error) {
	return db.reader(ctx).verificationsOf(q, db.Now())
}
