package otpcore

import (
	"context"
	"slices"
	"time"
)

// KeyRequest asks for another API key of the caller's mode.
type KeyRequest struct {
	Name        string
	Scopes      []Scope
	ExpiresAt   time.Time // zero: never
	Idempotency *IdempotencyKey
}

// AddKey makes a key. A repeat under the same idempotency key returns the same
// key without its text, which was shown once and is stored nowhere.
func (b *Businesses) AddKey(ctx context.Context, by Caller, r KeyRequest) (*APIKey, KeyText, error) {
	if len(r.Scopes) == 0 {
		return nil, KeyText{}, invalid("scopes_missing", "/scopes", "Name at least one scope: start, check, orders, reach or admin.")
	}
	for _, s := range r.Scopes {
		if !slices.Contains(Scopes, s) {
			return nil, KeyText{}, invalid("scope_unknown", "/scopes", "Name scopes out of start, check, orders, reach and admin.")
		}
	}
	if !r.ExpiresAt.IsZero() && !r.ExpiresAt.After(b.ledger.Now()) {
		return nil, KeyText{}, invalid("expires_in_past", "/expires_at", "Send a time that lies ahead.")
	}
	var (
		key  *APIKey
		text KeyText
	)
	err := WriteOnce(ctx, b.ledger, by.Business.ID, by.Mode, r.Idempotency.Once("keys.add"), func(tx Tx, found ID) (ID, error) {
		if found != "" {
			var err error
			key, err = tx.Key(by.Business.ID, found)
			text = KeyText{}
			return found, err
		}
		key, text = NewKey(by.Business, by.Mode, r.Name, r.Scopes, tx.Now())
		key.ExpiresAt = r.ExpiresAt
		return key.ID, tx.SaveKey(key)
	})
	if err != nil {
		return nil, KeyText{}, err // the transaction of a caller that left may still write to key and text
	}
	return key, text, nil
}

// Keys lists the caller's keys of its mode.
func (b *Businesses) Keys(ctx context.Context, by Caller) ([]*APIKey, error) {
	return b.reader.Keys(ctx, by.Business.ID, by.Mode)
}

// RevokeKey stops a key for good. On this node it stops at once.
func (b *Businesses) RevokeKey(ctx context.Context, by Caller, id ID) error {
	err := b.ledger.Write(ctx, func(tx Tx) error {
		key, err := tx.Key(by.Business.ID, id)
		if err != nil {
			return err
		}
		if key.Mode != by.Mode {
			return ErrNotFound
		}
		if key.RevokedAt.IsZero() {
			key.RevokedAt = tx.Now()
		}
		return tx.SaveKey(key)
	})
	b.forget()
	return err
}

// noteUse stores on which day a key was used last, so that its business finds
// the keys that nobody needs. Only the first use of a day is written: it waits
// for the write, all others cost nothing. A write that fails refuses nobody and
// is not repeated that day.
func (b *Businesses) noteUse(ctx context.Context, k *APIKey, now time.Time) {
	today := now.UTC().Truncate(24 * time.Hour)
	if !k.LastUsedAt.Before(today) || !b.firstUse(k.ID, today) {
		return
	}
	// Whoever stops waiting for an answer has used the key all the same. A
	// database that stalls must not make anybody wait longer than they can.
	patient := context.WithoutCancel(ctx)
	if until, ok := ctx.Deadline(); ok {
		var done context.CancelFunc
		patient, done = context.WithDeadline(patient, until)
		defer done()
	}
	_ = b.ledger.Write(patient, func(tx Tx) error {
		key, err := tx.Key(k.BusinessID, k.ID)
		if err != nil {
			return err
		}
		key.LastUsedAt = today
		return tx.SaveKey(key)
	})
}

// firstUse reports whether this process has not yet stored a use on the day.
func (b *Businesses) firstUse(id ID, today time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.used[id].Equal(today) {
		return false
	}
	b.used[id] = today
	return true
}

// WriteOnce runs fn in a cold transaction, once per idempotency key; a nil key
// is no promise. Fn gets the id that an earlier request under the same key
// made, or "", and returns the id it made.
func WriteOnce(ctx context.Context, ledger Ledger, business ID, mode Mode, once *Once, fn func(tx Tx, found ID) (ID, error)) error {
	return ledger.Write(ctx, func(tx Tx) error {
		var ref startedRef
		if _, err := answered(tx, business, mode, once, &ref); err != nil {
			return err
		}
		id, err := fn(tx, ref.ID)
		if err != nil || ref.ID != "" {
			return err
		}
		return answer(tx, business, mode, once, startedRef{id})
	})
}

// answered reads what the key has answered before, and reports false when it is
// new, or when there is none.
func answered(tx Tx, business ID, mode Mode, once *Once, into any) (bool, error) {
	if once == nil {
		return false, nil
	}
	r, err := tx.Remembered(business, mode, *once)
	if err != nil {
		return false, err
	}
	return recall(&Case{Remembered: r}, once, into)
}

// answer stores result as the answer to the key, if there is one.
func answer(tx Tx, business ID, mode Mode, once *Once, result any) error {
	c := &Case{}
	if err := remember(c, once, result); err != nil || once == nil {
		return err
	}
	return tx.Remember(business, mode, *once, *c.changed.remember)
}
