package otpcore

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestKeysHaveTheirForm(t *testing.T) {
	b := &Business{ID: "biz_1"}
	now := time.Unix(1, 0)
	for _, mode := range []Mode{Live, Test} {
		key, text := NewKey(b, mode, "till", []Scope{ScopeCheck}, now)
		form := regexp.MustCompile(`^otp_` + string(mode) + `_[0-9a-z]{8}_[0-9A-Za-z]{32}[0-9A-Za-z]{6}$`)
		if !form.MatchString(text.Reveal()) {
			t.Errorf("text is %q", text.Reveal())
		}
		read, ok := ParseKey(text.Reveal())
		if !ok || read.Hash() != key.Hash || read.Public() != key.Public || key.BusinessID != b.ID || key.Mode != mode {
			t.Errorf("key %+v, read back: %v", key, ok)
		}
	}
}

func TestRefusedKeys(t *testing.T) {
	_, made := NewKey(&Business{}, Live, "", nil, time.Unix(1, 0))
	good := made.Reveal()
	flip := func(i int) string {
		b := []byte(good)
		if b[i] = '0'; good[i] == '0' {
			b[i] = '1'
		}
		return string(b)
	}
	for name, text := range map[string]string{
		"empty": "", "space before": " " + good, "space after": good + " ", "line end": good + "\n", "short": good[:len(good)-1],
		"long": good + "0", "other mode": "otp_test_" + good[len("otp_live_"):], "unknown mode": "otp_lite_" + good[len("otp_live_"):],
		"upper case": strings.ToUpper(good), "public changed": flip(9), "secret changed": flip(20), "checksum changed": flip(len(good) - 1),
		"huge": strings.Repeat("otp_live_", 200_000), "other alphabet": good[:30] + "-" + good[31:], "no checksum": good[:len(good)-6] + "______",
	} {
		if k, ok := ParseKey(text); ok || !k.IsZero() {
			t.Errorf("%s: taken, %v", name, k)
		}
	}
}

func TestKeyFormIsItsPattern(t *testing.T) {
	form := regexp.MustCompile(`^otp_(live|test)_[0-9a-z]{8}_[0-9A-Za-z]{38}$`)
	same := func(text string) {
		if got, want := hasKeyForm(text), form.MatchString(text); got != want {
			t.Errorf("%q has the form of a key: %v, want %v", text, got, want)
		}
	}
	for _, mode := range []Mode{Live, Test} {
		_, made := NewKey(&Business{}, mode, "", nil, time.Unix(1, 0))
		good := made.Reveal()
		same(good)
		for i := range good {
			same(good[:i])
			same(good[:i] + good[i+1:])
			for b := range 256 {
				same(good[:i] + string([]byte{byte(b)}) + good[i+1:])
				same(good[:i] + string([]byte{byte(b)}) + good[i:])
			}
		}
	}
}

func TestNoKeyHasNoParts(t *testing.T) {
	var none KeyText
	if none.Public() != "" || none.Reveal() != "" || !none.IsZero() {
		t.Errorf("public %q, text %q", none.Public(), none.Reveal())
	}
}

// Bytes that were reduced by their remainder would favour the first symbols:
// with 62 of them by a quarter.
func TestRandomTextHasNoBias(t *testing.T) {
	const n = 620_000
	counts := map[rune]int{}
	for _, r := range randomText(base62, n) {
		counts[r]++
	}
	chi := 0.0
	for _, r := range base62 {
		d := float64(counts[r] - n/62)
		chi += d * d / (n / 62)
	}
	wantPlausible(t, "symbols of keys", chi, 61)
}

func TestKeyRights(t *testing.T) {
	now := time.Unix(100, 0)
	k := &APIKey{Scopes: []Scope{ScopeCheck}}
	if !k.Allows(ScopeCheck) || k.Allows(ScopeStart) || k.Allows(ScopeAdmin) {
		t.Error("a key allows other things than its scopes")
	}
	k.Scopes = []Scope{ScopeAdmin}
	for _, s := range Scopes {
		if !k.Allows(s) {
			t.Errorf("admin does not allow %s", s)
		}
	}
	for _, tt := range []struct {
		name             string
		expires, revoked time.Time
		want             bool
	}{
		{"for ever", noTime, noTime, true},
		{"a second left", now.Add(time.Second), noTime, true},
		{"expired", now, noTime, false},
		{"revoked", noTime, now.Add(-time.Hour), false},
	} {
		k.ExpiresAt, k.RevokedAt = tt.expires, tt.revoked
		if got := k.Usable(now); got != tt.want {
			t.Errorf("%s: usable %v", tt.name, got)
		}
	}
}
