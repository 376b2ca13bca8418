package otpcore_test

import (
	"testing"
	"time"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

func (h *house) forget(key *otpcore.IdempotencyKey) *otpcore.Forgotten {
	h.t.Helper()
	f, err := h.Phones.Forget(h.t.Context(), h.by, user, "", key)
	if err != nil {
		h.t.Fatalf("forget: %v", err)
	}
	return f
}

// counts compares a receipt but for what is drawn anew.
func counts(t *testing.T, got *otpcore.Forgotten, want otpcore.Forgotten) {
	t.Helper()
	if _, ok := otpcore.ParseID(otpcore.PrefixForgotten, string(got.ID)); !ok || got.At.IsZero() {
		t.Errorf("receipt %s of %s", got.ID, got.At)
	}
	want.ID, want.At = got.ID, got.At
	if *got != want {
		t.Errorf("receipt %+v, want %+v", *got, want)
	}
}

func TestForgetErasesThePerson(t *testing.T) {
	inHouse(t, func(h *house) {
		link := h.linkUser("100")
		old := h.begin(func(r *otpcore.StartRequest) {
			r.OrderID, r.ClientIP, r.Metadata = "42", "192.0.2.1", map[string]string{"cart": "7"}
		})
		code := coretest.CodeIn(h.carriers.Of(tg).Await(1)[0])
		if r := h.check(old.Verification.ID, code); !r.Valid {
			t.Fatalf("check: %+v", r)
		}
		live := h.begin()
		h.carriers.Of(tg).Await(2)
		h.press("100", "")          // and the chat is in the middle of something
		time.Sleep(5 * time.Second) // the chat takes a message a second

		edits := len(h.carriers.Of(tg).Edits())
		counts(t, h.forget(nil), otpcore.Forgotten{Verifications: 2, Deliveries: 4, Links: 1})
		for _, id := range []otpcore.ID{old.Verification.ID, live.Verification.ID} {
			v := h.view(id)
			if !v.Phone.IsZero() || v.Phone.Region() != "KZ" || !v.Verification.Phone.Index.IsZero() {
				t.Errorf("%s still has the phone %s of %s", id, v.Phone, v.Phone.Region())
			}
			if v.Verification.OrderID != "" || v.Verification.ClientIP != "" || v.Verification.Metadata != nil {
				t.Errorf("%s still tells what it was asked with: %+v", id, v.Verification)
			}
		}
		if v := h.view(live.Verification.ID); v.Verification.Status != otpcore.Canceled {
			t.Errorf("the live code is %s", v.Verification.Status)
		}
		time.Sleep(time.Second)
		if n := len(h.carriers.Of(tg).Edits()); n != edits+1 {
			t.Errorf("%d edits took the code out of the chat, want 1", n-edits)
		}
		kept := h.linkOf(link.ID)
		if kept.Status != otpcore.LinkRevoked || kept.EndReason != "forgotten" || !kept.Phone.IsZero() || !kept.Chat.Index.IsZero() {
			t.Errorf("link %+v", kept.Link)
		}
		if a := h.share("100", user); a.Outcome != otpcore.AcceptNoSession {
			t.Errorf("the chat's conversation went on: %s", a.Outcome)
		}
		counts(t, h.forget(nil), otpcore.Forgotten{})

		time.Sleep(25 * time.Minute) // the edit has long arrived
		if _, err := h.db.Purge(h.t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, d := range h.view(live.Verification.ID).Deliveries {
			if d.Target != nil || d.MessageID != "" || d.LinkID != "" {
				t.Errorf("delivery %s still leads to the person", d.Kind)
			}
		}
	})
}

// A person whom nobody knows any more may come back as a new one.
func TestForgottenPhoneStartsAnew(t *testing.T) {
	inHouse(t, func(h *house) {
		h.linkUser("100")
		h.forget(nil)
		s := h.begin()
		code := coretest.CodeIn(h.carriers.Of(sm).Await(1)[0])
		if r := h.check(s.Verification.ID, code); !r.Valid {
			t.Errorf("check: %+v", r)
		}
		h.linkUser("100")
		h.begin()
		h.carriers.Of(tg).Await(1)
	})
}

// Otherwise whoever guesses at codes would ask to be forgotten in between.
func TestForgetLiftsNoLock(t *testing.T) {
	inHouse(t, func(h *house) {
		for n := 1; n <= 2; n++ {
			s := h.begin()
			for range 5 {
				h.check(s.Verification.ID, otherThan(coretest.CodeIn(h.carriers.Of(sm).Await(n)[n-1])))
			}
		}
		if _, code := h.attempt(); code != "phone_locked" {
			t.Fatalf("after ten wrong codes, a start is answered %q", code)
		}
		h.forget(nil)
		if _, code := h.attempt(); code != "phone_locked" {
			t.Errorf("after forgetting, a start is answered %q", code)
		}
		if err := h.Phones.Unblock(h.t.Context(), h.by, user, ""); err != nil {
			t.Fatal(err)
		}
		if _, code := h.attempt(); code != "" {
			t.Errorf("unblocked, a start is answered %q", code)
		}
	})
}

// Otherwise whoever floods a person with codes would do the same.
func TestForgetLiftsNoLimitOfStarts(t *testing.T) {
	inHouse(t, func(h *house) {
		for range 5 {
			h.begin()
			h.forget(nil)
		}
		if _, code := h.attempt(); code != "too_many_starts" {
			t.Errorf("forgotten after each start, the sixth is answered %q", code)
		}
		time.Sleep(24 * time.Hour)
		if _, code := h.attempt(); code != "" {
			t.Errorf("a day later, a start is answered %q", code)
		}
	})
}

func TestForgetAnswersOnce(t *testing.T) {
	inHouse(t, func(h *house) {
		h.begin()
		key := &otpcore.IdempotencyKey{Key: "k", Fingerprint: [32]byte{1}}
		first := h.forget(key)
		counts(t, first, otpcore.Forgotten{Verifications: 1, Deliveries: 1})
		h.begin()
		time.Sleep(time.Second)
		if again := h.forget(key); *again != *first {
			t.Errorf("the repeat is answered %+v, want %+v", *again, *first)
		}
		key.Fingerprint[0]++
		if _, err := h.Phones.Forget(h.t.Context(), h.by, user, "", key); otpcore.CodeOf(err) != "key_reused" {
			t.Errorf("another request with the key: %v", err)
		}
		counts(t, h.forget(nil), otpcore.Forgotten{Verifications: 1, Deliveries: 1})
	})
}

// A start whose answer was lost is repeated after the person was forgotten.
func TestRepeatedStartOfAForgottenPerson(t *testing.T) {
	inHouse(t, func(h *house) {
		key := func(r *otpcore.StartRequest) {
			r.Idempotency = &otpcore.IdempotencyKey{Key: "k", Fingerprint: [32]byte{1}}
		}
		first := h.begin(key)
		h.forget(nil)
		again := h.begin(key)
		if again.Verification.ID != first.Verification.ID || !again.Phone.IsZero() {
			t.Errorf("the repeat is answered with %s for %s", again.Verification.ID, again.Phone)
		}
		if !again.Verification.ExpiresAt.Equal(first.Verification.ExpiresAt) {
			t.Errorf("it expires at %s, want %s", again.Verification.ExpiresAt, first.Verification.ExpiresAt)
		}
	})
}

// Test keys and live keys see rows of their own, and so do businesses.
func TestForgetStaysInItsScope(t *testing.T) {
	inHouse(t, func(h *house) {
		mine, link := h.begin(), h.linkUser("100")
		trial := otpcore.Caller{Business: h.by.Business, Mode: otpcore.Test}
		other := h.business("Other", "bot_00000000000000000000000009")
		for _, by := range []otpcore.Caller{trial, other} {
			f, err := h.Phones.Forget(h.t.Context(), by, user, "", nil)
			if err != nil {
				t.Fatal(err)
			}
			counts(t, f, otpcore.Forgotten{})
		}
		if v := h.view(mine.Verification.ID); v.Phone.E164() != user || v.Verification.Status != otpcore.Pending {
			t.Errorf("others forgot ours: %s, %s", v.Phone, v.Verification.Status)
		}
		if l := h.linkOf(link.ID); l.Status != otpcore.LinkActive {
			t.Errorf("the link is %s", l.Status)
		}
	})
}

// otherThan is a wrong code of the same length.
func otherThan(code string) string { return string('0'+(code[0]-'0'+1)%10) + code[1:] }

// Over a shared bot the chat may be linking for another business, which is none of
// this one's.
func TestForgetLeavesTheConversationWithAnotherBusiness(t *testing.T) {
	inHouse(t, func(h *house) {
		link := h.linkUser("100")
		other := h.business("Other", otpcore.NewID(otpcore.PrefixBot, time.Now()))
		h.write(func(tx otpcore.Tx) error {
			return tx.SaveSession(&otpcore.LinkSession{
				BotID: link.BotID, Chat: link.Chat.Index, BusinessID: other.Business.ID, ExpiresAt: tx.Now().Add(time.Hour),
			})
		})
		h.forget(nil)
		h.write(func(tx otpcore.Tx) error {
			if _, err := tx.Session(link.BotID, link.Chat.Index); err != nil {
				t.Errorf("the other business's question: %v", err)
			}
			return nil
		})
	})
}
