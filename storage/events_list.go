package storage

import (
	"context"
	"errors"

	"otpravka/otpcore"
)

// told is the condition of the partial indexes on events; statements must
// repeat it word for word to be run by them.
const told = `type NOT LIKE 'note.%'`

const (
	eventSeq = `SELECT seq FROM events WHERE id = $1 AND business_id = $2 AND mode = $3 AND ` + told

	// Verifications lend their sealed phone; events of none have no row there.
	eventsAfter = `SELECT e.id, e.business_id, e.mode, e.type, COALESCE(e.verification_id, ''), e.delivery_id, e.at, e.data, v.phone_sealed
		FROM events e LEFT JOIN verifications v ON v.id = e.verification_id
		WHERE e.business_id = $1 AND e.mode = $2 AND e.seq > $3 AND e.` + told + ` ORDER BY e.seq LIMIT $4`

	lastEvent = `SELECT id FROM events WHERE business_id = $1 AND mode = $2 AND ` + told + ` ORDER BY seq DESC LIMIT 1`
)

// EventsAfter implements otpcore.Reader.
func (db *DB) EventsAfter(ctx context.Context, q otpcore.EventQuery) ([]otpcore.SealedEvent, error) {
	s := db.reader(ctx)
	var seq int64
	if q.After != "" {
		var err error
		if seq, err = value[int64](s, eventSeq, string(q.After), string(q.BusinessID), string(q.Mode)); err != nil {
			return nil, err
		}
	}
	return all(s, scanSealedEvent, eventsAfter, string(q.BusinessID), string(q.Mode), seq, q.Limit)
}

func scanSealedEvent(scan func(...any) error) (otpcore.SealedEvent, error) {
	var sealed otpcore.SealedEvent
	var err error
	sealed.Event, err = scanEvent(func(columns ...any) error { return scan(append(columns, &sealed.Phone)...) })
	return sealed, err
}

// LastEvent implements otpcore.Reader.
func (db *DB) LastEvent(ctx context.Context, business otpcore.ID, mode otpcore.Mode) (otpcore.ID, error) {
	id, err := value[string](db.reader(ctx), lastEvent, string(business), string(mode))
	if errors.Is(err, otpcore.ErrNotFound) {
		return "", nil
	}
	return otpcore.ID(id), err
}
