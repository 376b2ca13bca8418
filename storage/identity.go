package storage

import (
	"context"
	"errors"
	"fmt"

	"otpravka/otpcore"
)

const keyCheckMeta = "key_check"

const saveMeta = `INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`

// bindKey ties the database to its master key: a key that cannot open what the
// database holds must not seal more into it.
func (db *DB) bindKey(s *session, bind func(bound string) (string, error)) error {
	if bind == nil {
		return nil
	}
	bound, err := value[string](s, selectMeta, keyCheckMeta)
	if err != nil && !errors.Is(err, otpcore.ErrNotFound) {
		return fmt.Errorf("read %s: %w", keyCheckMeta, err)
	}
	check, err := bind(bound)
	if err != nil || check == bound {
		return err
	}
	_, err = s.exec(saveMeta, keyCheckMeta, check)
	return err
}

// Path returns the database file.
func (db *DB) Path() string { return db.path }

// Ping returns nil while the database answers.
func (db *DB) Ping(ctx context.Context) error { return db.pool.PingContext(ctx) }
