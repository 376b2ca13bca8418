package keyring

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"

	"otpravka/otpcore"
)

// A sealed value is: version (1 byte), id of the master key (4), nonce (24),
// ciphertext with its tag. Nonces of 24 bytes may be drawn at random for any
// number of values.
const (
	sealVersion = 1
	headerSize  = 1 + len(keyID{})
	nonceEnd    = headerSize + chacha20poly1305.NonceSizeX
)

// ErrBroken means that a sealed value was changed, cut, or moved from another
// place.
var ErrBroken = errors.New("sealed value is damaged or from another place")

// Seal encrypts plain for its place with XChaCha20-Poly1305.
func (r *Ring) Seal(at otpcore.Place, plain []byte) []byte {
	m := r.newest()
	out := make([]byte, nonceEnd, nonceEnd+len(plain)+m.seal.Overhead())
	out[0] = sealVersion
	copy(out[1:], m.id[:])
	// crypto/rand.Read never fails: it ends the process instead.
	_, _ = rand.Read(out[headerSize:])
	return m.seal.Seal(out, out[headerSize:nonceEnd], plain, placeData(out[:headerSize], at))
}

// Open gives back what Seal sealed for the same place, or an error that wraps
// otpcore.ErrKeyGone or ErrBroken.
func (r *Ring) Open(at otpcore.Place, sealed []byte) ([]byte, error) {
	if len(sealed) < nonceEnd || sealed[0] != sealVersion {
		return nil, openError(at, ErrBroken)
	}
	m := r.find(keyID(sealed[1:headerSize]))
	if m == nil {
		return nil, openError(at, otpcore.ErrKeyGone)
	}
	plain, err := m.seal.Open(nil, sealed[headerSize:nonceEnd], sealed[nonceEnd:], placeData(sealed[:headerSize], at))
	if err != nil {
		return nil, openError(at, ErrBroken)
	}
	return plain, nil
}

func openError(at otpcore.Place, err error) error {
	return fmt.Errorf("open %s.%s of %s: %w", at.Table, at.Column, at.Row, err)
}

// placeData is the associated data of a value. Each part carries its length, so
// that no two places read alike.
func placeData(header []byte, at otpcore.Place) []byte {
	data := append(make([]byte, 0, 128), header...)
	data = appendPart(data, at.Table)
	data = appendPart(data, at.Column)
	data = appendPart(data, string(at.Row))
	return appendPart(data, string(at.Business))
}

func appendPart[T string | []byte](data []byte, part T) []byte {
	data = binary.BigEndian.AppendUint32(data, uint32(len(part)))
	return append(data, part...)
}
