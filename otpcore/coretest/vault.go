package coretest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"sync"

	"otpravka/otpcore"
)

// Vault keeps otpcore.Vault's promises with keys that everybody can read here.
type Vault struct {
	aead cipher.AEAD

	mu      sync.RWMutex
	current string
	keys    map[string][]byte
}

var _ otpcore.Vault = (*Vault)(nil)

var errSealBroken = errors.New("sealed value changed or moved")

// NewVault returns a vault whose one code key has the id "k1".
func NewVault() *Vault {
	v := &Vault{aead: sealer(), keys: make(map[string][]byte)}
	v.RotateCodeKey("k1")
	return v
}

func sealer() cipher.AEAD {
	key := sha256.Sum256([]byte("coretest seal"))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // the key has 32 bytes
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES has blocks of 16 bytes
	}
	return aead
}

// Seal encrypts plain for its place.
func (v *Vault) Seal(at otpcore.Place, plain []byte) []byte {
	nonce := make([]byte, v.aead.NonceSize())
	// crypto/rand.Read never fails: it ends the process instead.
	_, _ = rand.Read(nonce)
	return v.aead.Seal(nonce, nonce, plain, associated(at))
}

// Open returns what Seal was given for the same place.
func (v *Vault) Open(at otpcore.Place, sealed []byte) ([]byte, error) {
	n := v.aead.NonceSize()
	if len(sealed) < n {
		return nil, errSealBroken
	}
	plain, err := v.aead.Open(nil, sealed[:n], sealed[n:], associated(at))
	if err != nil {
		return nil, errSealBroken
	}
	return plain, nil
}

// Index returns the blind index of the value within the purpose.
func (v *Vault) Index(purpose, value string) otpcore.Index {
	mac := v.MAC("index:"+purpose, []byte(value))
	return otpcore.Index(mac[:16])
}

// MAC returns a keyed hash of the parts, each with its length, so that no two
// lists of parts look alike.
func (v *Vault) MAC(purpose string, parts ...[]byte) [32]byte {
	h := hmac.New(sha256.New, []byte("coretest mac"))
	h.Write(framed([]byte(purpose)))
	for _, p := range parts {
		h.Write(framed(p))
	}
	return [32]byte(h.Sum(nil))
}

// CodeMAC hashes with the key of the id, and is false once LoseCodeKey took it.
func (v *Vault) CodeMAC(id string) (otpcore.CodeMAC, bool) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	key, ok := v.keys[id]
	return func(msg []byte) [32]byte {
		h := hmac.New(sha256.New, key)
		h.Write(msg)
		return [32]byte(h.Sum(nil))
	}, ok
}

// CodeKeyID returns the id of the key for new verifications.
func (v *Vault) CodeKeyID() string {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.current
}

// RotateCodeKey adds a key under the id and uses it for new verifications.
func (v *Vault) RotateCodeKey(id string) {
	key := v.MAC("code key", []byte(id))
	v.mu.Lock()
	defer v.mu.Unlock()
	v.current, v.keys[id] = id, key[:]
}

// LoseCodeKey forgets a key, as when an operator removes it from the ring too
// soon.
func (v *Vault) LoseCodeKey(id string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.keys, id)
}

func associated(at otpcore.Place) []byte {
	var ad []byte
	for _, s := range []string{at.Table, at.Column, string(at.Row), string(at.Business)} {
		ad = append(ad, framed([]byte(s))...)
	}
	return ad
}

func framed(part []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(part))), part...)
}
