package storage

import (
	"encoding/json"
	"errors"
	"time"

	"otpravka/otpcore"
)

const (
	selectOnce = `SELECT fingerprint, result FROM idempotency
		WHERE business_id = $1 AND mode = $2 AND route = $3 AND key = $4 AND expires_at > $5`
	// A row that is there and was not found has expired and waits for the purge.
	upsertOnce = `INSERT INTO idempotency (business_id, mode, route, key, fingerprint, result, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (business_id, mode, route, key) DO UPDATE SET
			fingerprint = excluded.fingerprint, result = excluded.result, expires_at = excluded.expires_at`
)

func scanRemembered(scan func(...any) error) (*otpcore.Remembered, error) {
	var r otpcore.Remembered
	var fingerprint []byte
	var result string
	err := scan(&fingerprint, &result)
	copy(r.Fingerprint[:], fingerprint)
	r.Result = json.RawMessage(result)
	return &r, err
}

// remembered returns what the key has answered before, nil when it is new.
func (t *transaction) remembered(business otpcore.ID, mode otpcore.Mode, o *otpcore.Once) (*otpcore.Remembered, error) {
	r, err := one(&t.session, scanRemembered, selectOnce,
		string(business), string(mode), o.Route, o.Key, millis(t.now))
	if errors.Is(err, otpcore.ErrNotFound) {
		return nil, nil
	}
	return r, err
}

func putOnce(business otpcore.ID, mode otpcore.Mode, o *otpcore.Once, r *otpcore.Remembered, now time.Time) write {
	return write{query: upsertOnce, insert: true, args: []any{
		string(business), string(mode), o.Route, o.Key, r.Fingerprint[:], string(r.Result), millis(now.Add(o.Keep)),
	}}
}
