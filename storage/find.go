package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// ErrNone is why there is no database at a place where one may be made. A server that
// cannot be reached says nothing of the kind, though its socket may not exist.
var ErrNone = errors.New("nothing has been made there yet")

// Find returns nil when there is a database at url, and otherwise one sentence that
// says what to do; it wraps ErrNone when nothing has been made there yet. It
// makes nothing itself, and works beside a running server.
func Find(ctx context.Context, url string) error {
	d, pool, err := peek(ctx, url)
	switch {
	case errors.Is(err, ErrNone):
		return fmt.Errorf("there is no database at %s: set OTPRAVKA_DATABASE_URL to the server's: %w", d.name(), err)
	case err != nil:
		return err
	}
	return pool.Close()
}

// peek opens the database at url for reading where there is one, and makes nothing.
func peek(ctx context.Context, url string) (d dialect, pool *sql.DB, err error) {
	if d, err = dialectOf(Config{URL: url}); err != nil {
		return nil, nil, err
	}
	if pool, err = d.connect(true); err != nil {
		return d, nil, err
	}
	if err := d.find(ctx, pool); err != nil {
		return d, nil, errors.Join(d.explain(err), pool.Close())
	}
	return d, pool, nil
}
