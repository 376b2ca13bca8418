package otpcore

import (
	"slices"
	"time"
)

// Endpoint is an address of a business that gets its events as they happen.
type Endpoint struct {
	ID          ID
	BusinessID  ID
	Mode        Mode
	URL         string
	Description string
	Types       []EventType // empty: all
	Secret      []byte      // sealed; signs what is sent
	OldSecret   []byte      // sealed; signs as well until OldUntil
	OldUntil    time.Time
	Status      EndpointStatus
	Reason      EndpointReason // of a disabled one
	StatusAt    time.Time

	// Position is a place in the list of the business's events, in the order of
	// their commits: those up to it were tried or not wanted.
	Position int64
	// ReplayPosition and ReplayUntil bound the events that are to be sent again.
	// ReplayUntil is zero while there is nothing to replay.
	ReplayPosition int64
	ReplayUntil    int64

	FailingSince time.Time // when the first try failed after the last that did not; zero: none
	CreatedAt    time.Time
}

// EndpointStatus tells whether an endpoint gets events.
type EndpointStatus string

// The statuses of an endpoint.
const (
	EndpointActive   EndpointStatus = "active"
	EndpointDisabled EndpointStatus = "disabled"
)

// EndpointReason tells why an endpoint is disabled.
type EndpointReason string

// The reasons for which an endpoint is disabled.
const (
	EndpointPaused  EndpointReason = "by_business"
	EndpointGone    EndpointReason = "gone"    // the receiver answered 410
	EndpointFailing EndpointReason = "failing" // nothing was taken for days
)

// failingDays is how long every try may fail before the endpoint is disabled
// (Standard Webhooks, "Deliverability": several days).
const failingDays = 5 * day

// Wants reports whether the endpoint asked for events of the type.
func (e *Endpoint) Wants(t EventType) bool { return len(e.Types) == 0 || slices.Contains(e.Types, t) }

// turn gives the endpoint a status. One that is active begins anew.
func (e *Endpoint) turn(to EndpointStatus, why EndpointReason, now time.Time) {
	if e.Status == to {
		return
	}
	e.Status, e.Reason, e.StatusAt, e.FailingSince = to, why, now, noTime
}

// account takes a try into the endpoint's health, which may disable it.
func (e *Endpoint) account(r PostResult) {
	switch {
	case e.Status != EndpointActive || r.Failure == PostNoEvent: // of which the receiver knows nothing
	case r.Failure == "":
		e.FailingSince = noTime
	case r.HTTPStatus == statusGone:
		e.turn(EndpointDisabled, EndpointGone, r.At)
	case e.FailingSince.IsZero():
		e.FailingSince = r.At
	case r.At.Sub(e.FailingSince) >= failingDays:
		e.turn(EndpointDisabled, EndpointFailing, r.At)
	}
}

// statusGone is the answer by which a receiver wants no more events, ever
// (Standard Webhooks, "Responding to webhooks").
const statusGone = 410
