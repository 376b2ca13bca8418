package storage

import (
	"context"
	"encoding/json"

	"otpravka/otpcore"
)

const (
	endpointColumns = `id, business_id, mode, url, description, types, secret, old_secret, old_until, status, reason, status_at,
		position, replay_position, replay_until, failing_since, created_at`
	selectEndpoint = `SELECT ` + endpointColumns + ` FROM endpoints WHERE id = $1`
	listEndpoints  = `SELECT ` + endpointColumns + ` FROM endpoints WHERE (business_id = $1 AND mode = $2) OR $1 = '' ORDER BY id`
	upsertEndpoint = `INSERT INTO endpoints (` + endpointColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
		ON CONFLICT (id) DO UPDATE SET url = excluded.url, description = excluded.description, types = excluded.types,
			secret = excluded.secret, old_secret = excluded.old_secret, old_until = excluded.old_until,
			status = excluded.status, reason = excluded.reason, status_at = excluded.status_at, position = excluded.position,
			replay_position = excluded.replay_position, replay_until = excluded.replay_until, failing_since = excluded.failing_since
		WHERE endpoints.business_id = excluded.business_id`
	deleteEndpoint = `DELETE FROM endpoints WHERE id = $1`
)

func scanEndpoint(scan func(...any) error) (*otpcore.Endpoint, error) {
	var e otpcore.Endpoint
	var types string
	var oldUntil, statusAt, failing, created int64
	err := scan((*string)(&e.ID), (*string)(&e.BusinessID), (*string)(&e.Mode), &e.URL, &e.Description, &types, &e.Secret, &e.OldSecret,
		&oldUntil, (*string)(&e.Status), (*string)(&e.Reason), &statusAt,
		&e.Position, &e.ReplayPosition, &e.ReplayUntil, &failing, &created)
	if err != nil {
		return nil, err
	}
	e.OldUntil, e.StatusAt = fromMillis(oldUntil), fromMillis(statusAt)
	e.FailingSince, e.CreatedAt = fromMillis(failing), fromMillis(created)
	return &e, json.Unmarshal([]byte(types), &e.Types)
}

func (s *session) endpoint(id otpcore.ID) (*otpcore.Endpoint, error) {
	return one(s, scanEndpoint, selectEndpoint, string(id))
}

func (s *session) endpoints(business otpcore.ID, mode otpcore.Mode) ([]*otpcore.Endpoint, error) {
	return all(s, scanEndpoint, listEndpoints, string(business), string(mode))
}

func (s *session) saveEndpoint(e *otpcore.Endpoint) error {
	_, err := s.exec(upsertEndpoint, string(e.ID), string(e.BusinessID), string(e.Mode), e.URL, e.Description, toJSON(e.Types),
		e.Secret, e.OldSecret, millis(e.OldUntil), string(e.Status), string(e.Reason), millis(e.StatusAt),
		e.Position, e.ReplayPosition, e.ReplayUntil, millis(e.FailingSince), millis(e.CreatedAt))
	return err
}

func (s *session) deleteEndpoint(id otpcore.ID) error {
	n, err := s.exec(deleteEndpoint, string(id))
	if err == nil && n == 0 {
		return otpcore.ErrNotFound
	}
	return err
}

// Endpoint implements otpcore.Reader.
func (db *DB) Endpoint(ctx context.Context, id otpcore.ID) (*otpcore.Endpoint, error) {
	return db.reader(ctx).endpoint(id)
}

// Endpoints implements otpcore.Reader.
func (db *DB) Endpoints(ctx context.Context, business otpcore.ID, mode otpcore.Mode) ([]*otpcore.Endpoint, error) {
	return db.reader(ctx).endpoints(business, mode)
}
