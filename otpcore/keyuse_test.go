package otpcore_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

// till makes a key that may only check.
func (h *house) till() (*otpcore.APIKey, otpcore.KeyText) {
	h.t.Helper()
	key, text, err := h.Businesses.AddKey(h.t.Context(), h.by, otpcore.KeyRequest{Name: "till", Scopes: []otpcore.Scope{otpcore.ScopeCheck}})
	if err != nil {
		h.t.Fatal(err)
	}
	return key, text
}

// lastUse is what the list of keys shows.
func (h *house) lastUse(id otpcore.ID) time.Time {
	h.t.Helper()
	keys, err := h.Businesses.Keys(h.t.Context(), h.by)
	if err != nil {
		h.t.Fatal(err)
	}
	i := slices.IndexFunc(keys, func(k *otpcore.APIKey) bool { return k.ID == id })
	return keys[i].LastUsedAt
}

// writing is a Ledger that counts the cold writes and may refuse them.
type writing struct {
	otpcore.Ledger
	writes  int
	trouble error
}

func (w *writing) Write(ctx context.Context, fn func(otpcore.Tx) error) error {
	w.writes++
	if w.trouble != nil {
		return w.trouble
	}
	return w.Ledger.Write(ctx, fn)
}

// counted is the domain over the house's database with its writes counted.
func (h *house) counted() (*otpcore.Core, *writing) {
	ledger := &writing{Ledger: h.db}
	return otpcore.New(otpcore.Config{
		Ledger: ledger, Reader: h.db, Vault: h.vault, Carriers: h.carriers, Renderer: coretest.NewRenderer(),
		Phones: coretest.NewPhones(), Rules: otpcore.DefaultRules(),
	}), ledger
}

func TestT38UseOfAKeyIsStoredOnceADay(t *testing.T) {
	inHouse(t, func(h *house) {
		key, text := h.till()
		core, ledger := h.counted()
		if at := h.lastUse(key.ID); !at.IsZero() {
			t.Errorf("used at %v before it was", at)
		}
		day := func() time.Time { return h.db.Now().UTC().Truncate(24 * time.Hour) }
		for want := 1; want <= 2; want++ {
			if want > 1 {
				time.Sleep(24 * time.Hour)
			}
			for range 50 { // each a minute after the other, so that memory does not hide them
				if _, _, err := core.Businesses.Authenticate(h.t.Context(), text); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
			}
			if at := h.lastUse(key.ID); ledger.writes != want || !at.Equal(day()) {
				t.Errorf("day %d: %d writes, last use %v, want %v", want, ledger.writes, at, day())
			}
		}
	})
}

// Whoever knows the public part of a key, which lists and logs show, and the
// checksum, which is no secret, lacks the secret.
func TestT38APublicPartOpensNothing(t *testing.T) {
	inHouse(t, func(h *house) {
		key, text := h.till()
		whole := []byte(text.Reveal())
		secret := whole[len(whole)-38 : len(whole)-6]
		slices.Reverse(secret)
		forged, ok := otpcore.ParseKey(otpcore.WithChecksum(string(whole[:len(whole)-6])))
		if !ok || forged.Public() != key.Public || forged.Reveal() == text.Reveal() {
			t.Fatalf("%s is no forgery of %s", forged, text)
		}
		core, ledger := h.counted()
		for range 2 { // read, and from memory
			if _, _, err := core.Businesses.Authenticate(h.t.Context(), forged); otpcore.KindOf(err) != otpcore.KindUnauthorized {
				t.Errorf("another secret: %v", err)
			}
		}
		if at := h.lastUse(key.ID); ledger.writes != 0 || !at.IsZero() {
			t.Errorf("%d writes, last use %v", ledger.writes, at)
		}
	})
}

func TestT38ARevokedKeyIsNoUse(t *testing.T) {
	inHouse(t, func(h *house) {
		key, text := h.till()
		if err := h.Businesses.RevokeKey(h.t.Context(), h.by, key.ID); err != nil {
			t.Fatal(err)
		}
		core, ledger := h.counted()
		if _, _, err := core.Businesses.Authenticate(h.t.Context(), text); otpcore.KindOf(err) != otpcore.KindUnauthorized {
			t.Errorf("revoked: %v", err)
		}
		if at := h.lastUse(key.ID); ledger.writes != 0 || !at.IsZero() {
			t.Errorf("%d writes, last use %v", ledger.writes, at)
		}
	})
}

func TestT38UseThatCannotBeStoredRefusesNobody(t *testing.T) {
	inHouse(t, func(h *house) {
		key, text := h.till()
		core, ledger := h.counted()
		ledger.trouble = otpcore.Unavailable(errors.New("disk full"))
		for range 5 {
			if _, _, err := core.Businesses.Authenticate(h.t.Context(), text); err != nil {
				t.Errorf("refused: %v", err)
			}
			time.Sleep(time.Minute)
		}
		if ledger.writes != 1 || !h.lastUse(key.ID).IsZero() {
			t.Errorf("%d writes, last use %v", ledger.writes, h.lastUse(key.ID))
		}
	})
}

// Another node, or the operator's command line, changes the row behind this
// node's back: all it has is what it read up to five seconds ago.
func TestT38KeyRevokedElsewhereStopsWithinFiveSeconds(t *testing.T) {
	inHouse(t, func(h *house) {
		key, text := h.till()
		here, _ := h.counted()
		if _, _, err := here.Businesses.Authenticate(h.t.Context(), text); err != nil {
			t.Fatal(err)
		}
		if err := h.Businesses.RevokeKey(h.t.Context(), h.by, key.ID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		if _, _, err := here.Businesses.Authenticate(h.t.Context(), text); otpcore.KindOf(err) != otpcore.KindUnauthorized {
			t.Errorf("five seconds after its revocation: %v", err)
		}
	})
}
