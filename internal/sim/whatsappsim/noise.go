//go:build !nowhatsmeow

package whatsappsim

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"go.mau.fi/whatsmeow/socket"
	"golang.org/x/crypto/curve25519"
)

// noise is the responder's state of a Noise_XX_25519_AESGCM_SHA256 handshake.
// The library's own state cannot answer, only ask.
type noise struct {
	hash    []byte
	salt    []byte
	key     cipher.AEAD
	counter uint32
}

// newNoise begins a handshake; the prologue is the header that opens the stream.
func newNoise(prologue []byte) (*noise, error) {
	start := []byte(socket.NoiseStartPattern)
	key, err := newGCM(start)
	if err != nil {
		return nil, err
	}
	n := &noise{hash: start, salt: start, key: key}
	n.mixHash(prologue)
	return n, nil
}

func (n *noise) mixHash(data []byte) {
	sum := sha256.New()
	sum.Write(n.hash)
	sum.Write(data)
	n.hash = sum.Sum(nil)
}

// mixShared mixes the secret of two keys into the cipher.
func (n *noise) mixShared(private, public []byte) error {
	secret, err := curve25519.X25519(private, public)
	if err != nil {
		return fmt.Errorf("shared secret: %w", err)
	}
	salt, key, err := n.derive(secret)
	if err != nil {
		return err
	}
	n.salt, n.counter = salt, 0
	n.key, err = newGCM(key)
	return err
}

func (n *noise) derive(secret []byte) (first, second []byte, err error) {
	out, err := hkdf.Key(sha256.New, secret, n.salt, "", 64)
	if err != nil {
		return nil, nil, fmt.Errorf("derive handshake key: %w", err)
	}
	return out[:32], out[32:], nil
}

func (n *noise) seal(plain []byte) []byte {
	sealed := n.key.Seal(nil, nonce(n.counter), plain, n.hash)
	n.counter++
	n.mixHash(sealed)
	return sealed
}

func (n *noise) open(sealed []byte) ([]byte, error) {
	plain, err := n.key.Open(nil, nonce(n.counter), sealed, n.hash)
	if err != nil {
		return nil, fmt.Errorf("open handshake: %w", err)
	}
	n.counter++
	n.mixHash(sealed)
	return plain, nil
}

// split ends the handshake: what the client writes we read with the first key.
func (n *noise) split() (read, write cipher.AEAD, err error) {
	first, second, err := n.derive(nil)
	if err != nil {
		return nil, nil, err
	}
	if read, err = newGCM(first); err != nil {
		return nil, nil, err
	}
	write, err = newGCM(second)
	return read, write, err
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("frame cipher: %w", err)
	}
	return cipher.NewGCM(block)
}

func nonce(counter uint32) []byte {
	var n [12]byte
	binary.BigEndian.PutUint32(n[8:], counter)
	return n[:]
}
