package otpcore

import (
	"context"
	"errors"
	"time"
)

// ReplayRequest asks to send again one event, or all of a stretch of time that
// the endpoint wants.
type ReplayRequest struct {
	EventID     ID
	From, Until time.Time // Until zero: now
	Idempotency *IdempotencyKey
}

// Replay is what is being sent again.
type Replay struct {
	EndpointID ID
	EventID    ID
	From       time.Time
	Until      time.Time
}

var (
	errReplayRange  = invalid("replay_range_invalid", "/from", "Send either event_id, or from and an until that lies behind it.")
	errEventUnknown = invalid("event_unknown", "/event_id", "Send the id of an event of this business and mode that is still kept.")
)

// Replay has events sent again, under the same ids as before. They wait in
// line behind what was to be sent anyway.
func (s *Endpoints) Replay(ctx context.Context, by Caller, id ID, r ReplayRequest) (*Replay, error) {
	now := s.ledger.Now()
	if r.EventID == "" {
		r.Until = or(r.Until, now)
		if r.From.IsZero() || !r.From.Before(r.Until) {
			return nil, errReplayRange
		}
	} else if !r.From.IsZero() || !r.Until.IsZero() {
		return nil, errReplayRange
	}
	again, err := s.stretch(ctx, by, r)
	if err != nil {
		return nil, err
	}
	_, err = s.change(ctx, by, id, r.Idempotency.Once("endpoints.replay:"+string(id)), func(tx Tx, e *Endpoint) error {
		switch {
		case e.Status != EndpointActive:
			return &Error{Kind: KindConflict, Code: "webhook_disabled", Detail: "The endpoint is disabled. Make it active first: it then goes on where it stopped."}
		case again.event != nil:
			return tx.SavePosting(newPosting(e, &again.event.Event, PostedReplay, tx.Now()))
		case e.ReplayUntil != 0:
			return &Error{Kind: KindConflict, Code: "replay_running", Detail: "A replay of this endpoint is under way. Wait until it is over."}
		}
		e.ReplayPosition, e.ReplayUntil = again.from, again.until
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &Replay{EndpointID: id, EventID: r.EventID, From: r.From, Until: r.Until}, nil
}

// stretch is what a replay sends: one event, or those behind from up to until.
type stretch struct {
	event       *NumberedEvent
	from, until int64
}

func (s *Endpoints) stretch(ctx context.Context, by Caller, r ReplayRequest) (out stretch, err error) {
	if r.EventID != "" {
		out.event, err = s.reader.EventOf(ctx, by.Business.ID, by.Mode, r.EventID)
		if errors.Is(err, ErrNotFound) {
			err = errEventUnknown
		}
		return out, err
	}
	if out.from, err = s.reader.PositionAt(ctx, by.Business.ID, by.Mode, r.From); err != nil {
		return out, err
	}
	out.until, err = s.reader.PositionAt(ctx, by.Business.ID, by.Mode, r.Until)
	if out.until <= out.from {
		out.from, out.until = 0, 0
	}
	return out, err
}

func newPosting(e *Endpoint, what *Event, why PostingCause, now time.Time) *Posting {
	return &Posting{
		ID: NewID(PrefixPosting, now), EndpointID: e.ID, BusinessID: e.BusinessID, EventID: what.ID, EventType: what.Type,
		Cause: why, Status: PostingWaiting, DueAt: now, CreatedAt: now,
	}
}

// unfoldAtOnce bounds the postings that a replay keeps waiting.
const unfoldAtOnce = 100

// unfold turns the next part of a replay into postings.
func (s *Endpoints) unfold(ctx context.Context, e *Endpoint) error {
	found, err := s.reader.EventsBehind(ctx, EventsBehind{
		BusinessID: e.BusinessID, Mode: e.Mode, Behind: e.ReplayPosition, Until: e.ReplayUntil, Limit: unfoldAtOnce,
	})
	if err != nil {
		return err
	}
	from := e.ReplayPosition
	return s.ledger.Write(ctx, func(tx Tx) error {
		e, err := tx.Endpoint(e.ID)
		if err != nil || e.ReplayUntil == 0 || e.ReplayPosition != from {
			return err // it was removed
		}
		for i := range found {
			if e.ReplayPosition = found[i].Position; !e.Wants(found[i].Type) {
				continue
			}
			if err := tx.SavePosting(newPosting(e, &found[i].Event, PostedReplay, tx.Now())); err != nil {
				return err
			}
		}
		if len(found) < unfoldAtOnce {
			e.ReplayPosition, e.ReplayUntil = 0, 0
		}
		return tx.SaveEndpoint(e)
	})
}
