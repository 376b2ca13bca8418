package app

import (
	"context"
	"errors"
	"net"

	"otpravka/internal/app/admin"
)

// Operator is what the operator's commands do, on a running server or on the
// database itself.
type Operator interface {
	CreateBusiness(context.Context, admin.NewBusiness) (admin.CreatedBusiness, error)
	CreateKey(context.Context, admin.NewKey) (admin.CreatedKey, error)
	ListBusinesses(context.Context, struct{}) ([]admin.BusinessLine, error)
}

// Operate hands fn the way in: the admin socket of the running server, or,
// when none runs, the database opened for the time of the command.
func Operate(ctx context.Context, cfg Config, fn func(Operator) error) error {
	path, err := adminPath(cfg)
	if err != nil {
		return err
	}
	if client, err := admin.Dial(ctx, path); err == nil {
		return fn(client)
	}
	h, err := open(ctx, cfg, &net.TCPAddr{})
	if err != nil {
		return err
	}
	return errors.Join(fn(h.admin), h.close())
}
