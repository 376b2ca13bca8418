// Package events is how events leave: the shape in which a business reads
// them, and the signature by which it knows that they are ours.
package events

import (
	"time"

	"otpravka/otpcore"
)

// Payload is an event as a business sees it. It is thin: ids, words and a
// masked phone, so that whoever reads an endpoint's log learns no secret.
type Payload struct {
	ID        string            `json:"id"`
	Type      string            `json:"type"`
	CreatedAt time.Time         `json:"created_at"`
	Mode      string            `json:"mode"`
	Data      map[string]string `json:"data"`
}

// New makes the payload of an event. Names of the event's own words never
// stand in for its ids or its phone.
func New(e otpcore.ToldEvent) Payload {
	data := make(map[string]string, len(e.Data)+3)
	for name, word := range e.Data {
		data[name] = word
	}
	if e.VerificationID != "" {
		data["verification_id"] = string(e.VerificationID)
	}
	if e.DeliveryID != "" {
		data["delivery_id"] = string(e.DeliveryID)
	}
	if !e.Phone.IsZero() {
		data["phone"] = e.Phone.String()
	}
	return Payload{ID: string(e.ID), Type: string(e.Type), CreatedAt: e.At.UTC(), Mode: string(e.Mode), Data: data}
}
