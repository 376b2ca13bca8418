package otpcore

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"hash/crc32"
	"log/slog"
	"strings"
	"time"
)

// KeyText is the text of an API key: otp_live_<id8>_<32 base62><crc6>. It
// prints without its secret, which lies behind a pointer for the same reason
// as a Code's symbols.
type KeyText struct{ text *string }

// Reveal returns the whole key, for the one answer that shows it.
func (k KeyText) Reveal() string {
	if k.IsZero() {
		return ""
	}
	return *k.text
}

// IsZero reports whether no key is held.
func (k KeyText) IsZero() bool { return k.text == nil }

// String shows the mode and the public part only.
func (k KeyText) String() string {
	if k.IsZero() {
		return "otp_•••"
	}
	return k.Reveal()[:publicEnd] + "_•••"
}

// GoString hides the secret.
func (k KeyText) GoString() string { return k.String() }

// Format hides the secret under every verb.
func (k KeyText) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(k.String())) }

// MarshalText hides the secret in JSON and in text formats.
func (k KeyText) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// LogValue hides the secret in structured logs.
func (k KeyText) LogValue() slog.Value { return slog.StringValue(k.String()) }

// Public returns the eight characters that name the key, nothing of no key.
func (k KeyText) Public() string {
	if k.IsZero() {
		return ""
	}
	return k.Reveal()[keyPrefixLen:publicEnd]
}

// Hash returns what is stored of the key.
func (k KeyText) Hash() [32]byte { return sha256.Sum256([]byte(k.Reveal())) }

const (
	base62       = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	keyPrefixLen = len("otp_live_")
	publicEnd    = keyPrefixLen + 8
)

// ParseKey reads a key as a client sends it. The checksum tells a mistyped key
// from a wrong one without asking the database.
func ParseKey(text string) (KeyText, bool) {
	if !hasKeyForm(text) {
		return KeyText{}, false
	}
	body, sum := text[:len(text)-6], text[len(text)-6:]
	if checksum(body) != sum {
		return KeyText{}, false
	}
	return KeyText{&text}, true
}

// hasKeyForm reports whether the text is ^otp_(live|test)_[0-9a-z]{8}_[0-9A-Za-z]{38}$.
// Every request asks, so no regular expression answers.
func hasKeyForm(text string) bool {
	return len(text) == publicEnd+1+38 &&
		(text[:keyPrefixLen] == "otp_live_" || text[:keyPrefixLen] == "otp_test_") &&
		!strings.ContainsFunc(text[keyPrefixLen:publicEnd], beyondBase36) &&
		text[publicEnd] == '_' && !strings.ContainsFunc(text[publicEnd+1:], beyondBase62)
}

func beyondBase36(r rune) bool { return (r < '0' || r > '9') && (r < 'a' || r > 'z') }
func beyondBase62(r rune) bool { return beyondBase36(r) && (r < 'A' || r > 'Z') }

// NewKey makes a key of a business and its text, which nobody can make again.
func NewKey(b *Business, mode Mode, name string, scopes []Scope, now time.Time) (*APIKey, KeyText) {
	id := strings.ToLower(randomText(base62[:36], 8))
	body := "otp_" + string(mode) + "_" + id + "_" + randomText(base62, 32)
	whole := body + checksum(body)
	text := KeyText{&whole}
	return &APIKey{
		ID: NewID(PrefixKey, now), BusinessID: b.ID, Mode: mode, Public: id, Hash: text.Hash(),
		Name: name, Scopes: scopes, CreatedAt: now,
	}, text
}

// checksum is CRC-32 in six base62 digits.
func checksum(body string) string {
	n := crc32.ChecksumIEEE([]byte(body))
	var out [6]byte
	for i := len(out) - 1; i >= 0; i-- {
		out[i] = base62[n%62]
		n /= 62
	}
	return string(out[:])
}

// randomText draws symbols without bias: bytes beyond the last whole multiple
// of the alphabet are drawn again.
func randomText(alphabet string, n int) string {
	limit := 256 / len(alphabet) * len(alphabet)
	out := make([]byte, 0, n)
	var b [64]byte
	for len(out) < n {
		_, _ = rand.Read(b[:]) // never fails: it ends the process instead
		for _, x := range b {
			if int(x) < limit && len(out) < n {
				out = append(out, alphabet[int(x)%len(alphabet)])
			}
		}
	}
	return string(out)
}
