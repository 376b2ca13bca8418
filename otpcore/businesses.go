package otpcore

import (
	"context"
	"crypto/subtle"
	"errors"
	"slices"
	"sync"
	"time"
)

// Businesses makes businesses and keys, changes settings, and tells who stands
// behind an API key.
type Businesses struct {
	desk     *desk
	phones   PhoneParser
	ledger   Ledger
	reader   Reader
	renderer Renderer
	rules    Rules

	mu      sync.RWMutex
	changes int // grows with every change; what was read before one is not kept after it
	known   map[ID]cached[*Business]
	keys    map[string]cached[*APIKey] // by public part
	used    map[ID]time.Time           // the day of each key's last use that this process has stored
}

type cached[T any] struct {
	value T
	until time.Time
}

// memory is how long a business or a key is believed without asking the
// database: a key revoked on another node stops working within this time.
const memory = 5 * time.Second

func newBusinesses(d *desk, cfg Config) *Businesses {
	return &Businesses{
		desk: d, phones: cfg.Phones,
		ledger: cfg.Ledger, reader: cfg.Reader, renderer: cfg.Renderer, rules: cfg.Rules,
		known: make(map[ID]cached[*Business]), keys: make(map[string]cached[*APIKey]),
		used: make(map[ID]time.Time),
	}
}

var errUnauthorized = &Error{Kind: KindUnauthorized, Code: "unauthorized", Detail: "Send the API key as Authorization: Bearer otp_live_… or otp_test_…."}

// Authenticate returns the key and its business. Every refusal is the same
// Error, whatever was wrong with the key.
func (b *Businesses) Authenticate(ctx context.Context, text KeyText) (*APIKey, *Business, error) {
	if text.IsZero() {
		return nil, nil, errUnauthorized
	}
	key, err := b.key(ctx, text.Public())
	if errors.Is(err, ErrNotFound) {
		return nil, nil, errUnauthorized
	}
	if err != nil {
		return nil, nil, err
	}
	hash, now := text.Hash(), b.ledger.Now()
	if subtle.ConstantTimeCompare(hash[:], key.Hash[:]) != 1 || !key.Usable(now) {
		return nil, nil, errUnauthorized
	}
	b.noteUse(ctx, key, now)
	business, err := b.Get(ctx, key.BusinessID)
	if err != nil {
		return nil, nil, err
	}
	return key, business, nil
}

// Get returns a business, at most five seconds old. Nobody may change it.
func (b *Businesses) Get(ctx context.Context, id ID) (*Business, error) {
	return fromMemory(b, b.known, id, func() (*Business, error) { return b.reader.Business(ctx, id) })
}

func (b *Businesses) key(ctx context.Context, public string) (*APIKey, error) {
	return fromMemory(b, b.keys, public, func() (*APIKey, error) { return b.reader.KeyByPublic(ctx, public) })
}

// fromMemory answers from memory, or reads. What was read while somebody
// changed something is given out once and not kept.
func fromMemory[K comparable, V any](b *Businesses, memories map[K]cached[V], key K, read func() (V, error)) (V, error) {
	b.mu.RLock()
	c, ok := memories[key]
	before := b.changes
	b.mu.RUnlock()
	if ok && b.ledger.Now().Before(c.until) {
		return c.value, nil
	}
	value, err := read()
	if err != nil {
		return value, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.changes == before {
		memories[key] = cached[V]{value, b.ledger.Now().Add(memory)}
	}
	return value, nil
}

func (b *Businesses) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.changes++
	clear(b.known)
	clear(b.keys)
}

// Created is a new business with the keys that are shown once.
type Created struct {
	Business *Business
	Live     KeyText
	Test     KeyText
}

// Create makes a business with one live and one test key.
func (b *Businesses) Create(ctx context.Context, name string, set Settings) (*Created, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	if err := b.checkSettings(set); err != nil {
		return nil, err
	}
	out := &Created{}
	err := b.ledger.Write(ctx, func(tx Tx) error {
		business := &Business{ID: NewID(PrefixBusiness, tx.Now()), Name: name, Settings: set, CreatedAt: tx.Now()}
		if err := tx.SaveBusiness(business); err != nil {
			return err
		}
		live, liveText := NewKey(business, Live, "first key", []Scope{ScopeAdmin}, tx.Now())
		test, testText := NewKey(business, Test, "first test key", []Scope{ScopeAdmin}, tx.Now())
		if err := errors.Join(tx.SaveKey(live), tx.SaveKey(test)); err != nil {
			return err
		}
		*out = Created{Business: business, Live: liveText, Test: testText}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// List returns every business of the installation, for its operator.
func (b *Businesses) List(ctx context.Context) ([]*Business, error) { return b.reader.Businesses(ctx) }

// Change applies fn to the settings and stores what it made of them.
func (b *Businesses) Change(ctx context.Context, id ID, fn func(name *string, set *Settings)) (*Business, error) {
	var changed *Business
	err := b.ledger.Write(ctx, func(tx Tx) error {
		business, err := tx.Business(id)
		if err != nil {
			return err
		}
		hosts := slices.Clone(business.Settings.ReturnHosts)
		fn(&business.Name, &business.Settings)
		if err := checkName(business.Name); err != nil {
			return err
		}
		if err := b.checkSettings(business.Settings); err != nil {
			return err
		}
		if err := b.checkHostsLeft(tx, business, hosts); err != nil {
			return err
		}
		changed = business
		return tx.SaveBusiness(business)
	})
	if err != nil {
		return nil, err
	}
	b.forget()
	return changed, nil
}
