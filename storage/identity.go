package storage

import (
	"context"
	"errors"
	"fmt"
	"strconv"

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

// Name tells people which database this is: the file of SQLite, the address of
// PostgreSQL without its password.
func (db *DB) Name() string { return db.dialect.name() }

// Name is DB.Name of the database at url, which is not opened.
func Name(url string) (string, error) {
	d, err := dialectOf(Config{URL: url})
	if err != nil {
		return "", err
	}
	return d.name(), nil
}

// Ping returns nil while the database answers and can be written.
func (db *DB) Ping(ctx context.Context) error {
	if db.writer.away.Load() {
		return errAway
	}
	return db.pool.PingContext(ctx)
}

// Prove returns nil once a transaction that writes has come through. It stores
// the time, which every other one stores as well.
func (db *DB) Prove(ctx context.Context) error {
	return db.Write(ctx, func(x otpcore.Tx) error {
		_, err := x.(tx).t.exec(storeMark, strconv.FormatInt(millis(x.Now()), 10))
		return err
	})
}
