//go:build !nowhatsmeow

package whatsappsim

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"go.mau.fi/libsignal/ecc"
	"go.mau.fi/libsignal/keys/identity"
	"go.mau.fi/libsignal/keys/prekey"
	"go.mau.fi/libsignal/protocol"
	"go.mau.fi/libsignal/session"
	"go.mau.fi/libsignal/util/optional"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
)

// errPadding is a plaintext whose last byte does not tell its padding.
var errPadding = errors.New("bad padding")

// decipher reads an enc node from a device.
func (k *keystore) decipher(from *protocol.SignalAddress, enc node) (*waE2E.Message, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	data, _ := enc.Content.([]byte)
	ctx := context.Background()
	var plain []byte
	switch kind := text(enc, "type"); kind {
	case "pkmsg":
		m, err := protocol.NewPreKeySignalMessageFromBytes(data, serializer.PreKeySignalMessage, serializer.SignalMessage)
		if err != nil {
			return nil, fmt.Errorf("parse first message: %w", err)
		}
		if plain, err = k.with(from).DecryptMessage(ctx, m); err != nil {
			return nil, fmt.Errorf("decipher first message: %w", err)
		}
	case "msg":
		m, err := protocol.NewSignalMessageFromBytes(data, serializer.SignalMessage)
		if err != nil {
			return nil, fmt.Errorf("parse message: %w", err)
		}
		if plain, err = k.with(from).Decrypt(ctx, m); err != nil {
			return nil, fmt.Errorf("decipher message: %w", err)
		}
	default:
		return nil, fmt.Errorf("cipher %q: %w", kind, errors.ErrUnsupported)
	}
	return unpad(plain)
}

// encipher writes an enc node to a device. fresh gives the device's keys where
// there is no session yet; it is not called otherwise.
func (k *keystore) encipher(to *protocol.SignalAddress, m *waE2E.Message, fresh func() []node) (node, error) {
	ctx := context.Background()
	k.mu.Lock()
	known, _ := k.ContainsSession(ctx, to)
	k.mu.Unlock()
	var bundle *prekey.Bundle
	if !known {
		bundle = readBundle(to.DeviceID(), fresh())
	}
	plain, err := proto.Marshal(m)
	if err != nil {
		return node{}, fmt.Errorf("message: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if bundle != nil {
		if err := k.builder(to).ProcessBundle(ctx, bundle); err != nil {
			return node{}, fmt.Errorf("begin session: %w", err)
		}
	}
	sealed, err := k.with(to).Encrypt(ctx, append(plain, 1)) // one byte of padding
	if err != nil {
		return node{}, fmt.Errorf("encipher: %w", err)
	}
	kind := "msg"
	if sealed.Type() == protocol.PREKEY_TYPE {
		kind = "pkmsg"
	}
	return node{Tag: "enc", Attrs: attrs{"v": 2, "type": kind}, Content: sealed.Serialize()}, nil
}

// reset forgets the session with a device; the next message begins a new one.
func (k *keystore) reset(with *protocol.SignalAddress) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.sessions, with.String())
}

func (k *keystore) builder(with *protocol.SignalAddress) *session.Builder {
	return session.NewBuilder(k, k, k, k, with, serializer)
}

func (k *keystore) with(a *protocol.SignalAddress) *session.Cipher {
	return session.NewCipher(k.builder(a), a)
}

// readBundle reads the nodes of a device's keys, which the device itself made.
func readBundle(id uint32, nodes []node) *prekey.Bundle {
	all := node{Content: nodes}
	signed, _ := child(all, "skey")
	number, public := optional.NewEmptyUint32(), ecc.ECPublicKeyable(nil)
	if key, ok := child(all, "key"); ok {
		number = optional.NewOptionalUint32(readKeyID(content(key, "id")))
		public = ecc.NewDjbECPublicKey([32]byte(content(key, "value")))
	}
	return prekey.NewBundle(
		binary.BigEndian.Uint32(content(all, "registration")), id,
		number, readKeyID(content(signed, "id")),
		public, ecc.NewDjbECPublicKey([32]byte(content(signed, "value"))), [64]byte(content(signed, "signature")),
		identity.NewKey(ecc.NewDjbECPublicKey([32]byte(content(all, "identity")))),
	)
}

func unpad(plain []byte) (*waE2E.Message, error) {
	if len(plain) == 0 || int(plain[len(plain)-1]) > len(plain) {
		return nil, errPadding
	}
	var m waE2E.Message
	if err := proto.Unmarshal(plain[:len(plain)-int(plain[len(plain)-1])], &m); err != nil {
		return nil, fmt.Errorf("message: %w", err)
	}
	return &m, nil
}
