package app

import (
	"context"
	"errors"
	"net"

	"otpravka/internal/app/admin"
	"otpravka/storage"
)

// Operator is what the operator's commands do, on a running server or on the
// database itself.
type Operator interface {
	CreateBusiness(context.Context, admin.NewBusiness) (admin.CreatedBusiness, error)
	CreateKey(context.Context, admin.NewKey) (admin.CreatedKey, error)
	ListBusinesses(context.Context, struct{}) ([]admin.BusinessLine, error)
}

// Operate hands fn the way in: the admin socket of the running server, or,
// when none runs, the database opened for the time of the command. A database
// that is not there is refused and not made: from another directory than the
// server's, an empty one would answer that there is no business.
func Operate(ctx context.Context, cfg Config, fn func(Operator) error) error {
	_, err := operate(ctx, cfg, fn, storage.Find)
	return err
}

// Establish is Operate for the command that may come before the first start: it
// makes the database and the master key where they are not there. It returns
// which database it opened; empty: that of a running server.
func Establish(ctx context.Context, cfg Config, fn func(Operator) error) (opened string, err error) {
	return operate(ctx, cfg, fn, func(context.Context, string) error { return nil })
}

// operate asks admit about the database before it is opened.
func operate(ctx context.Context, cfg Config, fn func(Operator) error, admit func(ctx context.Context, url string) error) (opened string, err error) {
	path, err := adminPath(cfg)
	if err != nil {
		return "", err
	}
	if client, err := admin.Dial(ctx, path); err == nil {
		return "", fn(client)
	}
	if err := admit(ctx, cfg.DatabaseURL); err != nil {
		return "", err
	}
	h, err := open(ctx, cfg, &net.TCPAddr{})
	if err != nil {
		return "", err
	}
	return h.db.Name(), errors.Join(fn(h.admin), h.close())
}
