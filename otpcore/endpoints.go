package otpcore

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// Postman reaches the endpoints of businesses.
type Postman interface {
	// Admit refuses an address that events must not be sent to: an Error of kind
	// invalid at /url. It may ask the name service.
	Admit(ctx context.Context, url string) error
	// NewSecret draws a signing secret.
	NewSecret() string
	// Post sends the event once, signed with every secret, and tells what came
	// of it. When it was is left to the caller.
	Post(ctx context.Context, url string, secrets []string, e ToldEvent) PostResult
}

// Endpoints keeps the addresses to which businesses have their events sent.
type Endpoints struct {
	desk    *desk
	ledger  Ledger
	reader  Reader
	events  *Events
	postman Postman
	linking *Linking
	words   Renderer

	changed atomic.Pointer[func(*Endpoint)]
	testing sync.Map // ids of the endpoints of which a test runs
}

// Bounds of what a business may register.
const (
	endpointsPerScope = 10
	longestWhatFor    = 200
	oldSecretLife     = day
)

// OnChange names who is told of every endpoint that was made, changed or, as a
// disabled one, removed. Tell must not block.
func (s *Endpoints) OnChange(tell func(*Endpoint)) { s.changed.Store(&tell) }

func (s *Endpoints) tellChange(e *Endpoint) {
	if tell := s.changed.Load(); tell != nil {
		(*tell)(e)
	}
}

// EndpointRequest asks for an endpoint.
type EndpointRequest struct {
	URL         string
	Description string
	Types       []EventType
	Idempotency *IdempotencyKey
}

// Create makes an endpoint, which gets what happens from now on. The secret is
// told this once; a repeat under the same idempotency key tells none.
func (s *Endpoints) Create(ctx context.Context, by Caller, r EndpointRequest) (*Endpoint, string, error) {
	e := &Endpoint{URL: r.URL, Description: r.Description, Types: r.Types}
	if err := s.check(ctx, e, true); err != nil {
		return nil, "", err
	}
	var secret string
	err := WriteOnce(ctx, s.ledger, by.Business.ID, by.Mode, r.Idempotency.Once("endpoints.create"), func(tx Tx, found ID) (ID, error) {
		if secret = ""; found != "" {
			var err error
			e, err = tx.Endpoint(found)
			return found, err
		}
		all, err := tx.EndpointsOf(by.Business.ID, by.Mode)
		if err != nil {
			return "", err
		}
		if len(all) >= endpointsPerScope {
			return "", &Error{Kind: KindConflict, Code: "too_many_webhooks", Detail: "The business has ten endpoints in this mode. Remove one first."}
		}
		last, err := tx.LastPosition(by.Business.ID, by.Mode)
		if err != nil {
			return "", err
		}
		made := *e
		made.ID, made.BusinessID, made.Mode = NewID(PrefixEndpoint, tx.Now()), by.Business.ID, by.Mode
		made.Status, made.StatusAt, made.CreatedAt, made.Position = EndpointActive, tx.Now(), tx.Now(), last
		secret = s.postman.NewSecret()
		made.Secret = s.desk.vault.Seal(secretPlace(&made), []byte(secret))
		e = &made
		return e.ID, tx.SaveEndpoint(e)
	})
	if err != nil {
		return nil, "", err // the transaction of a caller that left may still write to both
	}
	s.tellChange(e)
	return e, secret, nil
}

// check refuses what an endpoint cannot be.
func (s *Endpoints) check(ctx context.Context, e *Endpoint, address bool) error {
	if utf8.RuneCountInString(e.Description) > longestWhatFor {
		return invalid("invalid_value", "/description", "Describe the endpoint in at most 200 characters.")
	}
	for i, t := range e.Types {
		if !slices.Contains(EventTypes, t) || t == EventWebhookTest || slices.Contains(e.Types[:i], t) {
			return invalid("invalid_value", "/types", "Name types that the contract lists, each once, and leave types out for all of them.")
		}
	}
	if !address {
		return nil
	}
	return s.postman.Admit(ctx, e.URL)
}

// List gives the endpoints of the business in the caller's mode, oldest first.
func (s *Endpoints) List(ctx context.Context, by Caller) ([]*Endpoint, error) {
	return s.reader.Endpoints(ctx, by.Business.ID, by.Mode)
}

// Get gives one of them.
func (s *Endpoints) Get(ctx context.Context, by Caller, id ID) (*Endpoint, error) {
	return own(by)(s.reader.Endpoint(ctx, id))
}

// own hides the endpoints of others.
func own(by Caller) func(*Endpoint, error) (*Endpoint, error) {
	return func(e *Endpoint, err error) (*Endpoint, error) {
		if err == nil && (e.BusinessID != by.Business.ID || e.Mode != by.Mode) {
			return nil, ErrNotFound
		}
		return e, err
	}
}

// EndpointChange is what to change; nil stays.
type EndpointChange struct {
	URL         *string
	Description *string
	Types       *[]EventType
	Active      *bool
}

// Change changes an endpoint. One that is made active goes on where it
// stopped, with what is still kept.
func (s *Endpoints) Change(ctx context.Context, by Caller, id ID, c EndpointChange) (*Endpoint, error) {
	if c.URL != nil {
		if err := s.postman.Admit(ctx, *c.URL); err != nil {
			return nil, err
		}
	}
	return s.change(ctx, by, id, nil, func(tx Tx, e *Endpoint) error {
		if c.URL != nil && *c.URL != e.URL {
			e.FailingSince = noTime // that was another receiver
		}
		e.URL, e.Description, e.Types = given(c.URL, e.URL), given(c.Description, e.Description), given(c.Types, e.Types)
		switch {
		case c.Active == nil:
		case *c.Active:
			e.turn(EndpointActive, "", tx.Now())
		default:
			e.turn(EndpointDisabled, EndpointPaused, tx.Now())
		}
		return s.check(ctx, e, false)
	})
}

func given[T any](p *T, old T) T {
	if p == nil {
		return old
	}
	return *p
}

// change applies fn to an endpoint, once per idempotency key.
func (s *Endpoints) change(ctx context.Context, by Caller, id ID, once *Once, fn func(Tx, *Endpoint) error) (*Endpoint, error) {
	var changed *Endpoint
	err := WriteOnce(ctx, s.ledger, by.Business.ID, by.Mode, once, func(tx Tx, found ID) (ID, error) {
		e, err := own(by)(tx.Endpoint(id))
		if changed = e; err != nil || found != "" {
			return found, err
		}
		if err := fn(tx, e); err != nil {
			return "", err
		}
		return id, tx.SaveEndpoint(e)
	})
	if err != nil {
		return nil, err
	}
	s.tellChange(changed)
	return changed, nil
}

// Remove deletes an endpoint. What waits for it is never sent.
func (s *Endpoints) Remove(ctx context.Context, by Caller, id ID) error {
	err := s.ledger.Write(ctx, func(tx Tx) error {
		if _, err := own(by)(tx.Endpoint(id)); err != nil {
			return err
		}
		return tx.DeleteEndpoint(id)
	})
	if err == nil {
		s.tellChange(&Endpoint{ID: id, Status: EndpointDisabled})
	}
	return err
}

// Rotate draws a new secret, told this once. For a day the secret before it
// signs as well, so that the receiver can change over without losing anything.
func (s *Endpoints) Rotate(ctx context.Context, by Caller, id ID, key *IdempotencyKey) (*Endpoint, string, error) {
	var secret string
	e, err := s.change(ctx, by, id, key.Once("endpoints.rotate:"+string(id)), func(tx Tx, e *Endpoint) error {
		old, err := s.desk.vault.Open(secretPlace(e), e.Secret)
		if e.OldSecret, e.OldUntil = nil, noTime; err == nil { // else no message could be signed with it either
			e.OldSecret, e.OldUntil = s.desk.vault.Seal(oldSecretPlace(e), old), tx.Now().Add(oldSecretLife)
		}
		secret = s.postman.NewSecret()
		e.Secret = s.desk.vault.Seal(secretPlace(e), []byte(secret))
		return nil
	})
	if err != nil {
		return nil, "", err
	}
	return e, secret, nil
}

func secretPlace(e *Endpoint) Place {
	return Place{Table: "endpoints", Column: "secret", Row: e.ID, Business: e.BusinessID}
}

func oldSecretPlace(e *Endpoint) Place {
	return Place{Table: "endpoints", Column: "old_secret", Row: e.ID, Business: e.BusinessID}
}

// secrets are what signs for the endpoint, the newest first.
func (s *Endpoints) secrets(e *Endpoint, now time.Time) []string {
	var all []string
	if plain, err := s.desk.vault.Open(secretPlace(e), e.Secret); err == nil {
		all = append(all, string(plain))
	}
	if plain, err := s.desk.vault.Open(oldSecretPlace(e), e.OldSecret); err == nil && now.Before(e.OldUntil) {
		all = append(all, string(plain))
	}
	return all
}

// PostingQuery asks for a page of an endpoint's log.
type PostingQuery struct {
	EndpointID ID
	Before     ID // empty: from the newest on
	Status     PostingStatus
	Limit      int
}

// Postings gives the log of an endpoint, newest first.
func (s *Endpoints) Postings(ctx context.Context, by Caller, q PostingQuery) ([]*Posting, error) {
	if _, err := s.Get(ctx, by, q.EndpointID); err != nil {
		return nil, err
	}
	return s.reader.PostingsOf(ctx, q)
}
