// Package keyring holds the master key. From it come all other keys: those
// that seal values at rest, index them blindly, authenticate tokens and derive
// codes. The master key never leaves this package and never reaches the
// database or a backup.
//
// A ring holds one or more master keys. The first one seals new values and
// derives new codes; every one opens and derives what was made under it. The
// last one, the oldest, also makes the blind indexes and the MACs, so that
// rows stay findable and tokens valid when a new key is put in front. Removing
// the oldest key therefore needs every row to be rewritten first.
package keyring

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"

	"otpravka/otpcore"
)

var _ otpcore.Vault = (*Ring)(nil)

// keySize is the size of master keys and of every key made from them.
const keySize = 32

// The labels separate the keys that HKDF (RFC 5869) makes from one master key.
// Changing one makes everything under it unreadable.
const (
	labelKeyID  = "otpravka/key-id/v1"
	labelCode   = "otp-code"
	labelColumn = "column"
	labelIndex  = "blind-index"
	labelMAC    = "mac"
	labelCheck  = "key-check"
)

// keyID is the public name of a master key: the first bytes of a hash of it.
type keyID [4]byte

func (k keyID) String() string { return hex.EncodeToString(k[:]) }

// master is one master key, held only as the keys that were made from it.
type master struct {
	id    keyID
	code  otpcore.CodeMAC
	seal  cipher.AEAD
	index *hasher
	mac   *hasher
	check *hasher
}

// Ring is the set of master keys in use. It never changes and is safe for
// concurrent use. It prints as the names of its keys.
type Ring struct {
	masters []master // newest first; never empty
	source  string   // where the keys came from, for sentences
}

// newRing returns the ring of raw keys, newest first.
func newRing(source string, keys [][]byte) (*Ring, error) {
	r := &Ring{source: source}
	for i, key := range keys {
		m, err := newMaster(key)
		if err != nil {
			return nil, fmt.Errorf("key %d of %s: %w", i+1, source, err)
		}
		if r.find(m.id) != nil {
			return nil, fmt.Errorf("key %d of %s stands there twice: remove one of the two lines", i+1, source)
		}
		r.masters = append(r.masters, m)
	}
	if len(r.masters) == 0 {
		return nil, fmt.Errorf("%s holds no key: put one there, made with `%s`", source, makeKey)
	}
	return r, nil
}

func newMaster(key []byte) (master, error) {
	sum := sha256.Sum256(slices.Concat([]byte(labelKeyID), []byte{0}, key))
	m := master{id: keyID(sum[:len(keyID{})])}
	var err error
	derive := func(label string) []byte {
		sub, e := hkdf.Key(sha256.New, key, nil, label, keySize)
		err = errors.Join(err, e)
		return sub
	}
	m.code = newHasher(derive(labelCode + "\x00" + m.id.String())).hash
	m.index, m.mac, m.check = newHasher(derive(labelIndex)), newHasher(derive(labelMAC)), newHasher(derive(labelCheck))
	column := derive(labelColumn)
	if err != nil {
		return master{}, fmt.Errorf("derive keys: %w", err)
	}
	m.seal, err = chacha20poly1305.NewX(column)
	return m, err
}

// find returns the key with the id, or nil.
func (r *Ring) find(id keyID) *master {
	for i := range r.masters {
		if r.masters[i].id == id {
			return &r.masters[i]
		}
	}
	return nil
}

func (r *Ring) newest() *master { return &r.masters[0] }
func (r *Ring) oldest() *master { return &r.masters[len(r.masters)-1] }

// String names the keys and hides them.
func (r *Ring) String() string {
	ids := make([]string, len(r.masters))
	for i := range r.masters {
		ids[i] = r.masters[i].id.String()
	}
	return "keyring(" + strings.Join(ids, " ") + ")"
}

// Format hides the keys under every verb.
func (r *Ring) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(r.String())) }

// LogValue hides the keys in structured logs.
func (r *Ring) LogValue() slog.Value { return slog.StringValue(r.String()) }

// MarshalText hides the keys in JSON and in text formats.
func (r *Ring) MarshalText() ([]byte, error) { return []byte(r.String()), nil }
