package otpcore_test

import (
	"testing"

	"otpravka/otpcore"
)

// attempt starts a verification and returns the code of the refusal.
func (h *house) attempt() (*otpcore.Started, string) {
	h.t.Helper()
	s, err := h.Verifications.Start(h.t.Context(), h.by, otpcore.StartRequest{Phone: user})
	return s, otpcore.CodeOf(err)
}

// T7: whoever recognised the person in another way gets them codes at once.
func TestT07UnblockLiftsTheLimitOfStarts(t *testing.T) {
	inHouse(t, func(h *house) {
		for range 4 {
			s := h.begin()
			if _, err := h.Verifications.Cancel(h.t.Context(), h.by, s.Verification.ID, nil); err != nil {
				t.Fatal(err)
			}
		}
		h.begin()
		if _, code := h.attempt(); code != "too_many_starts" {
			t.Fatalf("the sixth start is answered %q", code)
		}
		if err := h.Phones.Unblock(h.t.Context(), h.by, user, ""); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, code := h.attempt(); code != "" {
				t.Fatalf("unblocked, a start is answered %q", code)
			}
		}
		if _, code := h.attempt(); code != "too_many_live" {
			t.Errorf("the fourth live code is answered %q: unblocking must not forget live ones", code)
		}
	})
}

// The limit over all businesses guards the person against any one of them.
func TestUnblockKeepsTheLimitOverAllBusinesses(t *testing.T) {
	inHouse(t, func(h *house) {
		starts := 0
		for {
			s, code := h.attempt()
			if code == "too_many_starts" {
				if err := h.Phones.Unblock(h.t.Context(), h.by, user, ""); err != nil {
					t.Fatal(err)
				}
				if s, code = h.attempt(); code == "too_many_starts" {
					break
				}
			}
			if code != "" {
				t.Fatalf("start %d: %s", starts+1, code)
			}
			starts++
			if _, err := h.Verifications.Cancel(h.t.Context(), h.by, s.Verification.ID, nil); err != nil {
				t.Fatal(err)
			}
		}
		if want := otpcore.DefaultRules().StartsEverywhere.Count; starts != want {
			t.Errorf("%d starts in spite of unblocking, want %d", starts, want)
		}
	})
}
