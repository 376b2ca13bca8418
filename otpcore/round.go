package otpcore

import (
	"context"
	"errors"
	"time"
)

// This file is the work on an endpoint, in rounds: look at what is to be sent
// next, have it posted, store what came of it. A crash between the receiver's
// answer and its storing has the event sent again, under the same id.

// Parcel is an event to be posted.
type Parcel struct {
	Posting  *Posting
	Event    ToldEvent
	Position int64 // of an event that is tried for the first time; zero otherwise
	Gone     bool  // the event is no longer kept: there is nothing to post
}

// Round is what to post to an endpoint next, in this order.
type Round struct {
	Endpoint *Endpoint
	Secrets  []string
	Parcels  []Parcel
	// Position is where the next look may begin once all parcels were tried.
	Position int64
	More     bool          // the next look finds something at once
	Rest     time.Duration // until something is to be tried again; zero: nothing is
}

// Active lists the endpoints that get events.
func (s *Endpoints) Active(ctx context.Context) ([]*Endpoint, error) {
	all, err := s.reader.Endpoints(ctx, "", "")
	if err != nil {
		return nil, err
	}
	var active []*Endpoint
	for _, e := range all {
		if e.Status == EndpointActive {
			active = append(active, e)
		}
	}
	return active, nil
}

// looksAhead bounds how many unwanted events one look passes over.
const looksAhead = 200

// Look gives the next round of at most limit parcels. Position is that of the
// round before, zero for the stored one. An endpoint that is not active has
// none: ErrNotFound.
func (s *Endpoints) Look(ctx context.Context, id ID, position int64, limit int) (*Round, error) {
	e, err := s.reader.Endpoint(ctx, id)
	if err != nil {
		return nil, err
	}
	if e.Status != EndpointActive {
		return nil, ErrNotFound
	}
	now := s.ledger.Now()
	r := &Round{Endpoint: e, Secrets: s.secrets(e, now), Position: max(position, e.Position)}
	due, err := s.reader.DuePostings(ctx, id, unfoldAtOnce+1)
	if err != nil {
		return nil, err
	}
	if e.ReplayUntil != 0 && len(due) <= unfoldAtOnce {
		if err := s.unfold(ctx, e); err != nil {
			return nil, err
		}
		if due, err = s.reader.DuePostings(ctx, id, unfoldAtOnce+1); err != nil {
			return nil, err
		}
		r.More = true
	}
	fresh, err := s.fresh(ctx, r, limit)
	if err != nil {
		return nil, err
	}
	again, err := s.again(ctx, r, due, now, limit)
	if err != nil {
		return nil, err
	}
	r.Parcels = mix(fresh, again)
	return r, nil
}

// fresh takes the wanted ones of the next events.
func (s *Endpoints) fresh(ctx context.Context, r *Round, limit int) ([]Parcel, error) {
	e, now := r.Endpoint, s.ledger.Now()
	ahead := min(limit+1, looksAhead)
	if len(e.Types) > 0 {
		ahead = looksAhead
	}
	found, err := s.reader.EventsBehind(ctx, EventsBehind{BusinessID: e.BusinessID, Mode: e.Mode, Behind: r.Position, Limit: ahead})
	if err != nil {
		return nil, err
	}
	r.More = r.More || len(found) == ahead
	var parcels []Parcel
	for i := range found {
		if !e.Wants(found[i].Type) {
			r.Position = found[i].Position
			continue
		}
		if len(parcels) == limit {
			r.More = true
			break
		}
		told, err := s.events.tell(ctx, found[i].SealedEvent)
		if err != nil {
			return nil, err
		}
		r.Position = found[i].Position
		parcels = append(parcels, Parcel{Posting: newPosting(e, &found[i].Event, PostedEvent, now), Event: told, Position: found[i].Position})
	}
	return parcels, nil
}

// again takes what is due for another try.
func (s *Endpoints) again(ctx context.Context, r *Round, waiting []*Posting, now time.Time, limit int) ([]Parcel, error) {
	var parcels []Parcel
	for _, p := range waiting {
		if p.DueAt.After(now) {
			r.Rest = p.DueAt.Sub(now)
			break
		}
		if len(parcels) == limit {
			r.More = true
			break
		}
		parcel := Parcel{Posting: p}
		sealed, err := s.reader.EventOf(ctx, p.BusinessID, r.Endpoint.Mode, p.EventID)
		switch {
		case errors.Is(err, ErrNotFound):
			parcel.Gone = true
		case err != nil:
			return nil, err
		default:
			if parcel.Event, err = s.events.tell(ctx, sealed.SealedEvent); err != nil {
				return nil, err
			}
		}
		parcels = append(parcels, parcel)
	}
	return parcels, nil
}

// mix takes from both in turn: neither do old failures hold up what happens
// now, nor the other way round.
func mix(a, b []Parcel) []Parcel {
	var out []Parcel
	for i := range max(len(a), len(b)) {
		if i < len(a) {
			out = append(out, a[i])
		}
		if i < len(b) {
			out = append(out, b[i])
		}
	}
	return out
}

// Tried is a parcel with what came of it.
type Tried struct {
	Posting *Posting
	Result  PostResult
}

// Report is what to store of a round.
type Report struct {
	EndpointID ID
	Tried      []Tried
	Position   int64 // zero: not moved
}

// Store stores reports, and gives the endpoints that they have disabled. What
// belongs to an endpoint that was removed is dropped.
func (s *Endpoints) Store(ctx context.Context, reports []Report) ([]*Endpoint, error) {
	var disabled []*Endpoint
	err := s.ledger.Write(ctx, func(tx Tx) error {
		disabled = nil
		for _, r := range reports {
			e, err := tx.Endpoint(r.EndpointID)
			if errors.Is(err, ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			was := e.Status
			if err := store(tx, e, r); err != nil {
				return err
			}
			if was == EndpointActive && e.Status == EndpointDisabled {
				disabled = append(disabled, e)
				if err := s.tellOwner(tx, e); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return disabled, nil
}

func store(tx Tx, e *Endpoint, r Report) error {
	was := e.Status
	for _, t := range r.Tried {
		p := *t.Posting // the transaction may run twice
		t.Result.At = tx.Now()
		p.settle(t.Result)
		e.account(t.Result)
		if err := tx.SavePosting(&p); err != nil {
			return err
		}
	}
	e.Position = max(e.Position, r.Position)
	if err := tx.SaveEndpoint(e); err != nil || e.Status == was {
		return err
	}
	return tx.AddEvent(Event{
		ID: NewID(PrefixEvent, tx.Now()), BusinessID: e.BusinessID, Mode: e.Mode, Type: EventWebhookDisabled, At: tx.Now(),
		Data: map[string]string{"webhook_id": string(e.ID), "reason": string(e.Reason)},
	})
}
