package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
)

// Find returns nil when there is a database at url, and otherwise one sentence that
// says what to do; it wraps fs.ErrNotExist when nothing has been made there yet. It
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
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("there is no database at %s: set OTPRAVKA_DATABASE_URL to the server's: %w", d.name(), err)
	}
	return errors.Join(d.explain(err), pool.Close())
}
