package otpcore

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Events tells a business what happened to it, and lets its programs wait for
// what happens next.
type Events struct {
	desk   *desk
	reader Reader
	waits  *waits
}

func newEvents(d *desk, cfg Config) *Events {
	return &Events{desk: d, reader: cfg.Reader, waits: newWaits()}
}

// The places in the list of events that have no event's id.
const (
	FromBeginning = "beginning" // the oldest event kept
	FromLatest    = "latest"    // whatever commits from now on
)

// EventsRequest asks for the events behind a place.
type EventsRequest struct {
	Listener ID          // the API key, whose waiting requests are counted
	After    string      // an event's id or a named place; empty: FromBeginning
	Types    []EventType // empty: all
	Limit    int
	Wait     time.Duration // how long to wait for the first event; zero: not at all
}

// EventPage is a part of the list of events, oldest first.
type EventPage struct {
	Events []ToldEvent
	Next   string // After of the next request; never empty
	More   bool   // the next request need not wait
}

// SealedEvent is an event as it rests in the database, with the phone of its
// verification: nil where there is no verification, or its phone is erased.
type SealedEvent struct {
	Event
	Phone []byte
}

// ToldEvent is an event as its business hears of it. The phone is zero where
// the event concerns none.
type ToldEvent struct {
	Event
	Phone Phone
}

// List gives the events behind a place. While there are none, it waits until
// one commits; the page is empty when none did in time, or when the server is
// about to stop.
func (e *Events) List(ctx context.Context, by Caller, r EventsRequest) (*EventPage, error) {
	if r.Wait <= 0 {
		return e.look(ctx, by, r)
	}
	seat, err := e.waits.join(r.Listener, eventScope{by.Business.ID, by.Mode})
	if err != nil {
		return nil, err
	}
	defer seat.leave()
	over := time.NewTimer(r.Wait)
	defer over.Stop()
	for {
		rings := seat.rings() // asked before the look, so that nothing falls between the two
		page, err := e.look(ctx, by, r)
		if err != nil || len(page.Events) > 0 || page.More {
			return page, err
		}
		r.After = page.Next
		select {
		case <-rings:
		case <-over.C:
			return page, nil
		case <-e.waits.closing:
			return page, nil
		case <-ctx.Done():
			return nil, Unavailable(context.Cause(ctx))
		}
	}
}

// Run lets requests wait until ctx ends, and ends the waiting of all of them
// then: a server that stops has no half minute for each listener.
func (e *Events) Run(ctx context.Context) error {
	<-ctx.Done()
	e.waits.close()
	return nil
}

// looks bounds how many pages of unwanted types one request passes over.
const looks = 10

func (e *Events) look(ctx context.Context, by Caller, r EventsRequest) (*EventPage, error) {
	after, err := e.place(ctx, by, r.After)
	if err != nil {
		return nil, err
	}
	page := &EventPage{Next: or(string(after), FromBeginning)}
	q := EventQuery{BusinessID: by.Business.ID, Mode: by.Mode, After: after, Limit: r.Limit + 1}
	for range looks {
		found, err := e.reader.EventsAfter(ctx, q)
		if errors.Is(err, ErrNotFound) {
			return nil, errBadCursor
		}
		if err != nil {
			return nil, err
		}
		page.More = len(found) > r.Limit
		found = found[:min(len(found), r.Limit)]
		for _, sealed := range found {
			q.After, page.Next = sealed.ID, string(sealed.ID)
			if len(r.Types) > 0 && !slices.Contains(r.Types, sealed.Type) {
				continue
			}
			told, err := e.tell(ctx, sealed)
			if err != nil {
				return nil, err
			}
			page.Events = append(page.Events, told)
		}
		if len(page.Events) > 0 || !page.More {
			break
		}
	}
	return page, nil
}

var errBadCursor = &Error{
	Kind: KindInvalid, Code: "bad_cursor", Field: "query/after",
	Detail: "Send the next_after of the page before, the id of an event of this business and mode that is still kept, beginning or latest.",
}

// place finds the event that the list begins behind, none for the beginning.
func (e *Events) place(ctx context.Context, by Caller, after string) (ID, error) {
	switch after {
	case "", FromBeginning:
		return "", nil
	case FromLatest:
		return e.reader.LastEvent(ctx, by.Business.ID, by.Mode)
	}
	id, ok := ParseID(PrefixEvent, after)
	if !ok {
		return "", errBadCursor
	}
	return id, nil
}

// tell adds the phone: of the verification, the link or the order that the event
// is about. A phone that is erased, or that no key opens any more, is left out:
// what happened stays true without it.
func (e *Events) tell(ctx context.Context, sealed SealedEvent) (ToldEvent, error) {
	told := ToldEvent{Event: sealed.Event}
	at := Place{Table: "verifications", Column: "phone", Row: sealed.VerificationID, Business: sealed.BusinessID}
	phone := SealedPhone{Sealed: sealed.Phone}
	if id, ok := ParseID(PrefixLink, sealed.Data["link_id"]); ok && phone.Sealed == nil {
		link, err := e.reader.Link(ctx, id)
		if errors.Is(err, ErrNotFound) {
			return told, nil
		}
		if err != nil {
			return told, err
		}
		at, phone = linkPhonePlace(link), link.Phone
	}
	if number := sealed.Data["order_id"]; number != "" && sealed.VerificationID == "" {
		order, err := e.reader.Order(ctx, sealed.BusinessID, sealed.Mode, number)
		if errors.Is(err, ErrNotFound) {
			return told, nil
		}
		if err != nil {
			return told, err
		}
		at, phone = orderPhonePlace(order), order.Phone
	}
	if phone.Sealed == nil {
		return told, nil
	}
	if opened, err := e.desk.openPhone(at, phone); err == nil {
		told.Phone = opened
	}
	return told, nil
}
