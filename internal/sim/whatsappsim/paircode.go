//go:build !nowhatsmeow

package whatsappsim

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/util/keys"
	"golang.org/x/crypto/curve25519"

	"otpravka/internal/sim/feed"
)

// codeRounds is what makes eight characters slow to guess.
const codeRounds = 2 << 16

// wrappedSize is a salt of 32 bytes, an IV of 16 and an enciphered key of 32.
const wrappedSize = 80

// hello is a device that waits for somebody to type its code into a phone.
type hello struct {
	conn    *conn
	ref     string
	wrapped []byte
	bundle  chan []byte // what the device answers once the phone has spoken
}

// linkCode takes both steps of a device that is linked by code.
func (c *conn) linkCode(n, reg node) {
	number := address(reg, "jid").User
	switch text(reg, "stage") {
	case "companion_hello":
		h := &hello{
			conn: c, ref: rand.Text(), bundle: make(chan []byte, 1),
			wrapped: content(reg, "link_code_pairing_wrapped_companion_ephemeral_pub"),
		}
		c.srv.mu.Lock()
		c.srv.codes[number] = h
		p := c.srv.byNumber[number]
		c.srv.mu.Unlock()
		c.send(result(n, node{Tag: "link_code_companion_reg", Content: []node{
			{Tag: "link_code_pairing_ref", Content: []byte(h.ref)},
		}}))
		if p != nil {
			p.changed.Notify()
		}
	case "companion_finish":
		c.send(result(n))
		c.srv.mu.Lock()
		h := c.srv.codes[number]
		c.srv.mu.Unlock()
		if h != nil && h.ref == string(content(reg, "link_code_pairing_ref")) {
			select {
			case h.bundle <- content(reg, "link_code_pairing_wrapped_key_bundle"):
			default:
			}
		}
	}
}

// TypeCode types the code that a device shows into the phone, with or without
// "-", and links the device. It waits for a device that asks for this phone.
func (p *Phone) TypeCode(ctx context.Context, code string) error {
	h, err := feed.Await(ctx, &p.changed, p.srv.host.Closing(), func() (*hello, bool) {
		p.srv.mu.Lock()
		defer p.srv.mu.Unlock()
		h := p.srv.codes[p.number]
		return h, h != nil
	})
	if err != nil {
		return err
	}
	code = strings.ReplaceAll(code, "-", "")
	if len(h.wrapped) != wrappedSize {
		return fmt.Errorf("type code: %w", ErrBadCode)
	}
	theirs, err := stretch(code, h.wrapped[:48], h.wrapped[48:])
	if err != nil {
		return err
	}
	ours := keys.NewKeyPair()
	head := make([]byte, 48)
	_, _ = rand.Read(head) // it never fails
	wrapped, err := stretch(code, head, ours.Pub[:])
	if err != nil {
		return err
	}
	h.conn.send(node{
		Tag:   "notification",
		Attrs: attrs{"from": types.ServerJID, "type": "link_code_companion_reg", "id": rand.Text(), "t": p.srv.unix()},
		Content: []node{{Tag: "link_code_companion_reg", Attrs: attrs{"stage": "primary_hello"}, Content: []node{
			{Tag: "link_code_pairing_wrapped_primary_ephemeral_pub", Content: join(head, wrapped)},
			{Tag: "primary_identity_pub", Content: p.keys.self.Pub[:]},
			{Tag: "link_code_pairing_ref", Content: []byte(h.ref)},
		}}},
	})
	select {
	case bundle := <-h.bundle:
		secret, err := p.advSecret(ours, theirs, bundle, h.conn)
		if err != nil {
			return err
		}
		return p.link(ctx, h.conn, secret)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// stretch enciphers or deciphers a key by a code; head is salt and IV.
func stretch(code string, head, data []byte) ([]byte, error) {
	key, err := pbkdf2.Key(sha256.New, code, head[:32], codeRounds, 32)
	if err != nil {
		return nil, fmt.Errorf("stretch code: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("code cipher: %w", err)
	}
	out := make([]byte, len(data))
	cipher.NewCTR(block, head[32:]).XORKeyStream(out, data)
	return out, nil
}

// advSecret opens the device's answer, which succeeds only where both ends know
// the same code, and derives the secret that a QR code would have carried.
func (p *Phone) advSecret(ours *keys.KeyPair, theirs, bundle []byte, c *conn) ([]byte, error) {
	if len(bundle) < 44 {
		return nil, fmt.Errorf("type code: %w", ErrBadCode)
	}
	shared, err := curve25519.X25519(ours.Priv[:], theirs)
	if err != nil {
		return nil, fmt.Errorf("type code: %w", ErrBadCode)
	}
	key, err := hkdf.Key(sha256.New, shared, bundle[:32], "link_code_pairing_key_bundle_encryption_key", 32)
	if err != nil {
		return nil, fmt.Errorf("bundle key: %w", err)
	}
	gcm, err := newGCM(key)
	if err != nil {
		return nil, err
	}
	plain, err := gcm.Open(nil, bundle[32:44], bundle[44:], nil)
	if err != nil || len(plain) != 96 || !slices.Equal(plain[:32], c.payload.GetDevicePairingData().GetEIdent()) ||
		!slices.Equal(plain[32:64], p.keys.self.Pub[:]) {
		return nil, fmt.Errorf("type code: %w", ErrBadCode)
	}
	mutual, err := curve25519.X25519(p.keys.self.Priv[:], plain[:32])
	if err != nil {
		return nil, fmt.Errorf("identities: %w", err)
	}
	return hkdf.Key(sha256.New, join(shared, mutual, plain[64:]), nil, "adv_secret", 32)
}
