package api

import (
	"context"
	"encoding/json"
	"time"

	"otpravka/otpcore"
)

// Services are what the handlers translate for.
type Services struct {
	Verifications *otpcore.Verifications
	Orders        *otpcore.Orders
	Businesses    *otpcore.Businesses
	Links         *otpcore.Links
	Phones        *otpcore.Phones
	Events        *otpcore.Events
	Endpoints     *otpcore.Endpoints
	Templates     *otpcore.Templates
	Bots          Bots
	Numbers       otpcore.PhoneParser // of the phones that bots are linked to
	Vault         otpcore.Vault
	BaseURL       string // of this server, without a slash at its end, for addresses in answers
}

// Bots takes bots into service and out of it. Bots it returns hold no
// credential.
type Bots interface {
	Register(ctx context.Context, r otpcore.BotRequest) (*otpcore.Bot, error)
	List(ctx context.Context, business otpcore.ID) ([]*otpcore.Bot, error)
	Get(ctx context.Context, business, id otpcore.ID) (*otpcore.Bot, error)
	Remove(ctx context.Context, business, id otpcore.ID) error
	// Pair begins to link a bot to a phone and returns what to show; Pairing returns
	// that, and a channel that closes when it changes.
	Pair(ctx context.Context, business, id otpcore.ID, r otpcore.PairRequest) (otpcore.Pairing, error)
	Pairing(ctx context.Context, business, id otpcore.ID) (otpcore.Pairing, <-chan struct{}, error)
	// Templates tells of the texts that a bot's chat network has to approve;
	// SyncTemplates asks the network first, and hands in again what it has refused.
	Templates(ctx context.Context, business, id otpcore.ID) ([]otpcore.BotTemplate, error)
	SyncTemplates(ctx context.Context, business, id otpcore.ID) ([]otpcore.BotTemplate, error)
	// Callback is what the owner has to enter at the chat network by hand; empty:
	// nothing.
	Callback(id otpcore.ID) (url, verifyToken string)
}

// Handlers carry out the operations of the contract. They stand in one file
// per noun.
type Handlers struct{ Services }

var _ StrictServerInterface = (*Handlers)(nil)

// NewHandlers returns handlers over the services.
func NewHandlers(s Services) *Handlers { return &Handlers{s} }

// idempotency makes the domain's key from the client's. The fingerprint is a
// keyed hash of the body in canonical form: struct fields in their order, maps
// sorted.
func (h *Handlers) idempotency(key *IdempotencyKey, body any) (*otpcore.IdempotencyKey, error) {
	if key == nil {
		return nil, nil
	}
	canonical, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	return &otpcore.IdempotencyKey{Key: *key, Fingerprint: h.Vault.MAC("idempotency", canonical)}, nil
}

// at shows a time in UTC, or nothing for one that never was.
func at(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	utc := t.UTC()
	return &utc
}

// some shows a text, or nothing for an empty one.
func some[T ~string, S ~string](s S) *T {
	if s == "" {
		return nil
	}
	t := T(s)
	return &t
}

// given returns what the pointer holds, or the zero value.
func given[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// seconds reads a number of seconds, keeping "not given" apart from zero.
func seconds(n *int) *time.Duration {
	if n == nil {
		return nil
	}
	d := time.Duration(*n) * time.Second
	return &d
}

// in is the whole seconds from one time to a later one.
func in(from, to time.Time) int { return max(0, int(to.Sub(from).Round(time.Second)/time.Second)) }

func convert[T, S ~string](list []S) []T {
	out := make([]T, 0, len(list))
	for _, s := range list {
		out = append(out, T(s))
	}
	return out
}

func params[M ~map[string]Param](m M) map[string]otpcore.Param {
	if len(m) == 0 {
		return nil
	}
	out := make(map[string]otpcore.Param, len(m))
	for name, p := range m {
		out[name] = p.Param
	}
	return out
}
