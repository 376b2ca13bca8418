package storage

import (
	"context"
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
	d, err := dialectOf(Config{URL: url})
	if err != nil {
		return err
	}
	pool, err := d.connect(true)
	if err != nil {
		return err
	}
	err = d.find(ctx, pool)
	if errors.Is(err, ErrNone) {
		err = fmt.Errorf("there is no database at %s: set OTPRAVKA_DATABASE_URL to the server's: %w", d.name(), err)
	}
	return errors.Join(d.explain(err), pool.Close())
}
