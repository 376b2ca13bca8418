package keyring

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"sync"

	"otpravka/otpcore"
)

// hasher computes HMAC-SHA-256 under one key. It keeps idle states, because
// setting a state up costs more than hashing a short value.
type hasher struct{ idle sync.Pool }

func newHasher(key []byte) *hasher {
	return &hasher{idle: sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

// sum hashes a purpose and its parts, each with its length in front.
func (h *hasher) sum(purpose string, parts ...[]byte) [sha256.Size]byte {
	var buf [192]byte
	msg := appendPart(buf[:0], purpose)
	for _, part := range parts {
		msg = appendPart(msg, part)
	}
	return h.hash(msg)
}

func (h *hasher) hash(msg []byte) (out [sha256.Size]byte) {
	mac := h.idle.Get().(hash.Hash)
	mac.Reset()
	mac.Write(msg)
	mac.Sum(out[:0])
	h.idle.Put(mac)
	return out
}

// Index returns the blind index of a value: an HMAC cut to 16 bytes. Values of
// different purposes never share one.
func (r *Ring) Index(purpose, value string) otpcore.Index {
	sum := r.oldest().index.sum(purpose, []byte(value))
	return otpcore.Index(sum[:len(otpcore.Index{})])
}

// MAC returns a keyed hash of the parts for a purpose. Parts do not run
// together: ("ab", "c") and ("a", "bc") differ.
func (r *Ring) MAC(purpose string, parts ...[]byte) [32]byte {
	return r.oldest().mac.sum(purpose, parts...)
}

// CodeMAC returns what derives codes with the key of the id.
func (r *Ring) CodeMAC(id string) (otpcore.CodeMAC, bool) {
	for i := range r.masters {
		if r.masters[i].id.String() == id {
			return r.masters[i].code, true
		}
	}
	return nil, false
}

// CodeKeyID names the key for new verifications.
func (r *Ring) CodeKeyID() string { return r.newest().id.String() }
