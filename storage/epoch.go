package storage

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"otpravka/otpcore"
)

const (
	storeEpoch = `UPDATE meta SET value = $1 WHERE name = 'recovery_epoch'`
	// Whatever is pending and not due yet becomes due. The wake-up times of
	// what a batch has been through are not above now any more.
	wakeOlder = `UPDATE verifications SET wake_at = $1 WHERE id IN (SELECT id FROM verifications
		WHERE wake_at > $1 AND status = 'pending' AND epoch < $2 LIMIT $3)`
)

// Epoch is what BeginEpoch did.
type Epoch struct {
	Number int64 // of the epoch that is in force now
	Ended  int   // verifications of older ones that the next start ends
}

// BeginEpoch starts a new recovery epoch in the database at url, which must be
// there and in nobody's use. A restored backup holds verifications with the
// attempts that were left when it was made, and codes that have been approved
// since. From here on no code of theirs is right, and the next start ends each
// of them at once. A database that was moved elsewhere is such a backup of the
// one that it went to, and opens again after this.
func BeginEpoch(ctx context.Context, url string) (Epoch, error) {
	var e Epoch
	if !IsPostgres(url) { // which is not made by being opened
		path, err := Location(url)
		if err != nil {
			return e, err
		}
		if _, err := os.Stat(path); err != nil {
			return e, fmt.Errorf("there is no database at %s: put the backup there first: %w", path, err)
		}
	}
	db, err := Open(ctx, Config{URL: url, Boot: otpcore.NewID(otpcore.PrefixBoot, time.Now()), comesBack: true})
	if err != nil {
		return e, err
	}
	if err = db.beginEpoch(ctx, &e); err != nil {
		err = db.dialect.explain(cause(err))
	}
	if closeErr := db.Close(); err == nil {
		err = closeErr
	}
	return e, err
}

// beginEpoch does all of it or nothing. Nobody else waits for the writer.
func (db *DB) beginEpoch(ctx context.Context, e *Epoch) error {
	e.Number = db.writer.epoch.Load() + 1
	return db.Write(ctx, func(x otpcore.Tx) (err error) {
		s := &x.(tx).t.session
		if _, err := s.exec(storeEpoch, strconv.FormatInt(e.Number, 10)); err != nil {
			return err
		}
		if _, err := s.exec(deleteMeta, movedMeta); err != nil {
			return err
		}
		e.Ended, err = db.writer.wakeOlder(s, e.Number)
		return err
	})
}
