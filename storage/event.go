package storage

import (
	"encoding/json"

	"otpravka/otpcore"
)

const (
	eventColumns = `id, business_id, mode, type, verification_id, delivery_id, at, data`
	insertEvent  = `INSERT INTO events (` + eventColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	timeline     = `SELECT ` + eventColumns + ` FROM events WHERE verification_id = $1 ORDER BY seq`
)

func scanEvent(scan func(...any) error) (otpcore.Event, error) {
	var e otpcore.Event
	var at int64
	var data string
	err := scan((*string)(&e.ID), (*string)(&e.BusinessID), (*string)(&e.Mode), (*string)(&e.Type),
		(*string)(&e.VerificationID), (*string)(&e.DeliveryID), &at, &data)
	if err != nil {
		return e, err
	}
	e.At = fromMillis(at)
	return e, json.Unmarshal([]byte(data), &e.Data)
}

func (s *session) timeline(verification otpcore.ID) ([]otpcore.Event, error) {
	return all(s, scanEvent, timeline, string(verification))
}

func putEvent(e *otpcore.Event) write {
	return write{query: insertEvent, insert: true, args: []any{
		string(e.ID), string(e.BusinessID), string(e.Mode), string(e.Type),
		orNull(string(e.VerificationID)), string(e.DeliveryID), millis(e.At), toJSON(e.Data),
	}}
}
