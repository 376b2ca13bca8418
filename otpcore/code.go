package otpcore

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Code is a one-time code. It prints as dots wherever it is formatted, logged
// or marshalled; Reveal gives the symbols to the message that carries it.
//
// The symbols lie behind a pointer because fmt calls no methods on unexported
// fields of other structs, nor for some broken verbs: all it finds then is an
// address.
type Code struct{ symbols *string }

// NewCode wraps symbols that a business chose or a user typed.
func NewCode(symbols string) Code { return Code{&symbols} }

// Reveal returns the symbols. Only rendering, checking and test answers may
// call it.
func (c Code) Reveal() string {
	if c.symbols == nil {
		return ""
	}
	return *c.symbols
}

// Len returns the number of bytes, which is the number of symbols in every
// code that we make or accept.
func (c Code) Len() int { return len(c.Reveal()) }

// String hides the code.
func (c Code) String() string { return "••••" }

// GoString hides the code.
func (c Code) GoString() string { return c.String() }

// Format hides the code under every verb.
func (c Code) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(c.String())) }

// MarshalText hides the code in JSON and in text formats.
func (c Code) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// LogValue hides the code in structured logs.
func (c Code) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Equal compares in constant time, over digests, so that neither the content
// nor the length of a code shows in the time taken.
func (c Code) Equal(other Code) bool {
	a, b := sha256.Sum256([]byte(c.Reveal())), sha256.Sum256([]byte(other.Reveal()))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// Alphabet is the set of symbols that a derived code draws from.
type Alphabet uint8

// The alphabets. Unambiguous leaves out symbols that people confuse.
const (
	Digits      Alphabet = 1
	Unambiguous Alphabet = 2
)

func (a Alphabet) symbols() string {
	if a == Unambiguous {
		return "23456789ABCDEFGHJKMNPQRSTVWXYZ"
	}
	return "0123456789"
}

// CodeInput is what a derived code depends on. Neither the seed (in the
// database) nor the key (outside of it) alone gives the code.
type CodeInput struct {
	Business, Verification [16]byte
	Seed                   [32]byte
	Length                 int
	Alphabet               Alphabet
}

// CodeMAC is HMAC-SHA-256 under one key. It is safe for concurrent use.
type CodeMAC func(msg []byte) [sha256.Size]byte

// DeriveCode draws the code by rejection sampling from HMAC-SHA-256 in counter
// mode, so that every code is equally likely. The same input gives the same
// code, which is how a fallback and a restart repeat it without storing it.
func DeriveCode(mac CodeMAC, in CodeInput) Code {
	alphabet := in.Alphabet.symbols()
	limit := 256 / len(alphabet) * len(alphabet)
	msg := in.message()
	out := make([]byte, 0, in.Length)
	for counter := uint32(0); ; counter++ {
		for _, b := range mac(binary.BigEndian.AppendUint32(msg, counter)) {
			if int(b) < limit {
				out = append(out, alphabet[int(b)%len(alphabet)])
			}
			if len(out) == in.Length {
				return NewCode(string(out))
			}
		}
	}
}

func (in CodeInput) message() []byte {
	msg := append(make([]byte, 0, 96), "otp-code/v1\x00"...)
	msg = append(msg, in.Business[:]...)
	msg = append(msg, in.Verification[:]...)
	msg = append(msg, in.Seed[:]...)
	return append(msg, byte(in.Length), byte(in.Alphabet))
}

// NormaliseCode folds what keyboards and people do to a code: spaces and
// hyphens vanish, decimal digits of any script become ASCII, letters become
// upper case. It reports false when control characters or more than 64 bytes
// show that no person typed this.
func NormaliseCode(typed string) (Code, bool) {
	if len(typed) > 64 {
		return Code{}, false
	}
	var b strings.Builder
	for _, r := range typed {
		switch {
		case unicode.IsControl(r) || r == utf8.RuneError:
			return Code{}, false
		case unicode.Is(unicode.Zs, r) || unicode.Is(unicode.Pd, r):
		default:
			b.WriteRune(foldSymbol(r))
		}
	}
	return NewCode(b.String()), true
}

func foldSymbol(r rune) rune {
	if 'a' <= r && r <= 'z' {
		return r - 'a' + 'A'
	}
	if r < utf8.RuneSelf || !unicode.Is(unicode.Nd, r) {
		return r
	}
	return '0' + digitValue(r)
}

// digitValue returns what a decimal digit counts. Unicode encodes the digits of
// a script in one run from zero to nine, so the value is the distance from the
// start of the range, also where several runs follow one another.
func digitValue(r rune) rune {
	for _, run := range unicode.Nd.R16 {
		if rune(run.Lo) <= r && r <= rune(run.Hi) {
			return (r - rune(run.Lo)) % 10
		}
	}
	for _, run := range unicode.Nd.R32 {
		if rune(run.Lo) <= r && r <= rune(run.Hi) {
			return (r - rune(run.Lo)) % 10
		}
	}
	return 0
}
