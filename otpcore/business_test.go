package otpcore_test

import (
	"context"
	"testing"
	"time"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

func TestAuthenticate(t *testing.T) {
	inHouse(t, func(h *house) {
		made, err := h.Businesses.Create(h.t.Context(), "Other", otpcore.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []otpcore.KeyText{made.Live, made.Test} {
			key, business, err := h.Businesses.Authenticate(h.t.Context(), text)
			if err != nil || business.ID != made.Business.ID || key.Public != text.Public() {
				t.Errorf("%s: %+v, %v", text, key, err)
			}
		}
		_, stranger := otpcore.NewKey(made.Business, otpcore.Live, "", nil, time.Now())
		for _, text := range []otpcore.KeyText{{}, stranger} {
			if _, _, err := h.Businesses.Authenticate(h.t.Context(), text); otpcore.KindOf(err) != otpcore.KindUnauthorized {
				t.Errorf("%s: %v", text, err)
			}
		}
	})
}

func TestRevokedKeyStopsAtOnce(t *testing.T) {
	inHouse(t, func(h *house) {
		key, text, err := h.Businesses.AddKey(h.t.Context(), h.by, otpcore.KeyRequest{Name: "till", Scopes: []otpcore.Scope{otpcore.ScopeCheck}})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := h.Businesses.Authenticate(h.t.Context(), text); err != nil {
			t.Fatal(err)
		}
		trial := otpcore.Caller{Business: h.by.Business, Mode: otpcore.Test}
		if err := h.Businesses.RevokeKey(h.t.Context(), trial, key.ID); otpcore.KindOf(err) != otpcore.KindNotFound {
			t.Errorf("revoked with a key of the other mode: %v", err)
		}
		if err := h.Businesses.RevokeKey(h.t.Context(), h.by, key.ID); err != nil {
			t.Fatal(err)
		}
		if _, _, err := h.Businesses.Authenticate(h.t.Context(), text); otpcore.KindOf(err) != otpcore.KindUnauthorized {
			t.Errorf("a revoked key: %v", err)
		}
	})
}

// racing is a Reader in which something happens between the reading of a key
// and the use of what was read.
type racing struct {
	otpcore.Reader
	meanwhile func()
}

func (r *racing) KeyByPublic(ctx context.Context, public string) (*otpcore.APIKey, error) {
	key, err := r.Reader.KeyByPublic(ctx, public)
	if meanwhile := r.meanwhile; meanwhile != nil {
		r.meanwhile = nil
		meanwhile()
	}
	return key, err
}

func TestKeyReadWhileItIsRevokedIsNotKept(t *testing.T) {
	inHouse(t, func(h *house) {
		reader := &racing{Reader: h.db}
		core := otpcore.New(otpcore.Config{
			Ledger: h.db, Reader: reader, Vault: h.vault, Carriers: h.carriers, Renderer: coretest.NewRenderer(), Phones: coretest.NewPhones(), Rules: otpcore.DefaultRules(),
		})
		key, text, err := core.Businesses.AddKey(h.t.Context(), h.by, otpcore.KeyRequest{Scopes: []otpcore.Scope{otpcore.ScopeCheck}})
		if err != nil {
			t.Fatal(err)
		}
		reader.meanwhile = func() { _ = core.Businesses.RevokeKey(h.t.Context(), h.by, key.ID) }
		_, _, _ = core.Businesses.Authenticate(h.t.Context(), text) // began before the revocation
		if _, _, err := core.Businesses.Authenticate(h.t.Context(), text); otpcore.KindOf(err) != otpcore.KindUnauthorized {
			t.Errorf("a revoked key: %v", err)
		}
	})
}

func TestAddKeyOnce(t *testing.T) {
	inHouse(t, func(h *house) {
		r := otpcore.KeyRequest{Scopes: []otpcore.Scope{otpcore.ScopeCheck}, Idempotency: &otpcore.IdempotencyKey{Key: "k"}}
		first, text, err := h.Businesses.AddKey(h.t.Context(), h.by, r)
		if err != nil || text.IsZero() {
			t.Fatalf("%v", err)
		}
		again, text, err := h.Businesses.AddKey(h.t.Context(), h.by, r)
		if err != nil || again.ID != first.ID || !text.IsZero() {
			t.Errorf("again: %+v, %v", again, err)
		}
		r.Idempotency = &otpcore.IdempotencyKey{Key: "k", Fingerprint: [32]byte{1}}
		if _, _, err := h.Businesses.AddKey(h.t.Context(), h.by, r); otpcore.CodeOf(err) != "key_reused" {
			t.Errorf("another request under the key: %v", err)
		}
		keys, err := h.Businesses.Keys(h.t.Context(), h.by)
		if err != nil || len(keys) != 2 {
			t.Errorf("%d keys, %v", len(keys), err)
		}
	})
}

func TestChangedSettingsServeTheNextStart(t *testing.T) {
	inHouse(t, func(h *house) {
		_, err := h.Businesses.Change(h.t.Context(), h.by.Business.ID, func(name *string, set *otpcore.Settings) {
			*name, set.CodeLength = "New name", 8
		})
		if err != nil {
			t.Fatal(err)
		}
		business, err := h.Businesses.Get(h.t.Context(), h.by.Business.ID)
		if err != nil || business.Name != "New name" || business.Settings.CodeLength != 8 {
			t.Errorf("%+v, %v", business, err)
		}
	})
}

func TestRefusedSettings(t *testing.T) {
	inHouse(t, func(h *house) {
		for code, set := range map[string]otpcore.Settings{
			"country_invalid":             {Countries: []string{"KZ", "kz"}},
			"channel_unknown":             {Route: []otpcore.Channel{sm, sm}},
			"locale_invalid":              {Locale: "../../etc"},
			"currency_invalid":            {Currency: "tenge"},
			"when_unlinked_invalid":       {WhenUnlinked: "later"},
			"fallback_on_invalid":         {FallbackOn: "never"},
			"link_proof_invalid":          {LinkProof: "word"},
			"time_zone_invalid":           {TimeZone: "Mars/Olympus"},
			"ttl_out_of_range":            {TTL: 29 * time.Second},
			"fallback_after_out_of_range": {TTL: 60 * time.Second, FallbackAfter: 61 * time.Second},
			"code_length_out_of_range":    {CodeLength: 5},
			"link_max_age_out_of_range":   {LinkMaxAge: 6 * 24 * time.Hour},
		} {
			if _, err := h.Businesses.Create(h.t.Context(), "Shop", set); otpcore.CodeOf(err) != code {
				t.Errorf("%v, want %s", err, code)
			}
		}
		for _, name := range []string{"", "  ", "a\u202eb", "a\nb", string(make([]byte, 65)), "\xff", "https://evil.com", "Shop @evil", "WWW.evil.com"} {
			if _, err := h.Businesses.Create(h.t.Context(), name, otpcore.Settings{}); otpcore.CodeOf(err) != "name_invalid" {
				t.Errorf("name %q: %v", name, err)
			}
		}
	})
}

func TestPhonesLookupAndUnblock(t *testing.T) {
	inHouse(t, func(h *house) {
		h.linkUser("100")
		for i := range 2 {
			s := h.begin()
			wrong := []byte(coretest.CodeIn(h.carriers.Of(tg).Await(i + 1)[i]))
			wrong[0] = '0' + (wrong[0]-'0'+1)%10
			for range 5 {
				h.check(s.Verification.ID, string(wrong))
			}
		}
		view, err := h.Phones.Lookup(h.t.Context(), h.by, "8 701 123-45-67", "")
		if err != nil || len(view.Links) != 1 || view.Failures != 10 || time.Until(view.LockedUntil) != time.Hour {
			t.Fatalf("%+v, %v", view, err)
		}
		if err := h.Phones.Unblock(h.t.Context(), h.by, user, ""); err != nil {
			t.Fatal(err)
		}
		if view, _ = h.Phones.Lookup(h.t.Context(), h.by, user, ""); view.Failures != 0 || !view.LockedUntil.IsZero() {
			t.Errorf("unblocked: %+v", view)
		}
		h.begin()
	})
}

func TestFallbackOfTheSettings(t *testing.T) {
	inHouse(t, func(h *house) {
		for _, c := range []struct{ ttl, set, want time.Duration }{
			{want: 45 * time.Second},                                                  // ours
			{ttl: 60 * time.Second, want: 30 * time.Second},                           // ours, at most half of the life
			{ttl: 300 * time.Second, set: 200 * time.Second, want: 200 * time.Second}, // the business's wish, as it is
		} {
			b := &otpcore.Business{Settings: otpcore.Settings{TTL: c.ttl, FallbackAfter: c.set}}
			if got := h.Businesses.InForce(b).FallbackAfter; got != c.want {
				t.Errorf("ttl %s, fallback_after %s: %s in force, want %s", c.ttl, c.set, got, c.want)
			}
		}
	})
}
