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
	ListBusinesses(context.Context, struct{}) ([]admin.BusinessLine, error)
}

// Operate hands fn the way in: the admin socket of the running server, or,
// when none runs, the database opened for the time of the command.
func Operate(ctx context.Context, cfg Config, fn func(Operator) error) error {
	path, err := storage.Location(cfg.DatabaseURL)
	if err != nil {
		return err
	}
	client, err := admin.Dial(ctx, admin.SocketPath(path))
	if err == nil {
		return fn(client)
	}
	h, err := open(ctx, cfg, &net.TCPAddr{})
	if err != nil {
		return err
	}
	return errors.Join(fn(h.admin), h.close())
}
