package storage

import (
	"context"
	"errors"
	"math"
	"time"

	"otpravka/otpcore"
)

// The position of an event is its seq. The newest event of a business outlives
// the purge, so a position is never given to another one.
const (
	numberedColumns = `e.seq, e.id, e.business_id, e.mode, e.type, COALESCE(e.verification_id, ''), e.delivery_id, e.at, e.data, v.phone_sealed
		FROM events e LEFT JOIN verifications v ON v.id = e.verification_id`
	eventsBehind = `SELECT ` + numberedColumns + `
		WHERE e.business_id = $1 AND e.mode = $2 AND e.seq > $3 AND e.seq <= $4 AND e.` + told + ` ORDER BY e.seq LIMIT $5`
	eventOf      = `SELECT ` + numberedColumns + ` WHERE e.id = $1 AND e.business_id = $2 AND e.mode = $3 AND e.` + told
	lastPosition = `SELECT COALESCE(MAX(seq), 0) FROM events WHERE business_id = $1 AND mode = $2 AND ` + told
	firstBehind  = `SELECT seq, at FROM events WHERE business_id = $1 AND mode = $2 AND seq > $3 AND ` + told + ` ORDER BY seq LIMIT 1`
)

func scanNumberedEvent(scan func(...any) error) (*otpcore.NumberedEvent, error) {
	var e otpcore.NumberedEvent
	var err error
	e.SealedEvent, err = scanSealedEvent(func(columns ...any) error { return scan(append([]any{&e.Position}, columns...)...) })
	return &e, err
}

// EventsBehind implements otpcore.Reader.
func (db *DB) EventsBehind(ctx context.Context, q otpcore.EventsBehind) ([]otpcore.NumberedEvent, error) {
	until := q.Until
	if until == 0 {
		until = math.MaxInt64
	}
	return all(db.reader(ctx), func(scan func(...any) error) (otpcore.NumberedEvent, error) {
		e, err := scanNumberedEvent(scan)
		return *e, err
	}, eventsBehind, string(q.BusinessID), string(q.Mode), q.Behind, until, q.Limit)
}

// EventOf implements otpcore.Reader.
func (db *DB) EventOf(ctx context.Context, business otpcore.ID, mode otpcore.Mode, id otpcore.ID) (*otpcore.NumberedEvent, error) {
	return one(db.reader(ctx), scanNumberedEvent, eventOf, string(id), string(business), string(mode))
}

// PositionAt implements otpcore.Reader. Events were committed in the order of
// their times, so it halves the list until it has the place: some twenty looks
// at the index, however long the list is.
func (db *DB) PositionAt(ctx context.Context, business otpcore.ID, mode otpcore.Mode, at time.Time) (int64, error) {
	s := db.reader(ctx)
	low, wanted := int64(0), millis(at) // everything up to low is older
	high, err := value[int64](s, lastPosition, string(business), string(mode))
	if err != nil {
		return 0, err
	}
	for low < high {
		middle := low + (high-low)/2
		next, err := one(s, func(scan func(...any) error) (found [2]int64, err error) {
			err = scan(&found[0], &found[1])
			return found, err
		}, firstBehind, string(business), string(mode), middle)
		switch {
		case errors.Is(err, otpcore.ErrNotFound) || err == nil && next[1] >= wanted:
			high = middle
		case err != nil:
			return 0, err
		default:
			low = next[0]
		}
	}
	return low, nil
}
