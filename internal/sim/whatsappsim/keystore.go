//go:build !nowhatsmeow

package whatsappsim

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"

	"go.mau.fi/libsignal/ecc"
	"go.mau.fi/libsignal/keys/identity"
	"go.mau.fi/libsignal/protocol"
	"go.mau.fi/libsignal/serialize"
	"go.mau.fi/libsignal/state/record"
	"go.mau.fi/libsignal/state/store"
	"go.mau.fi/whatsmeow/util/keys"
)

// errNoKey is the answer for a prekey that was never made or is used up.
var errNoKey = errors.New("no such prekey")

var serializer = serialize.NewProtoBufSerializer()

// keystore holds the keys and sessions of one phone in memory. Its users hold
// its lock; the methods of libsignal's interfaces do not take it.
type keystore struct {
	mu           sync.Mutex
	self         *keys.KeyPair
	registration uint32
	signed       *keys.PreKey
	lastKey      uint32
	oneTime      map[uint32]*keys.PreKey
	sessions     map[string][]byte
}

var (
	_ store.Session      = (*keystore)(nil)
	_ store.PreKey       = (*keystore)(nil)
	_ store.SignedPreKey = (*keystore)(nil)
	_ store.IdentityKey  = (*keystore)(nil)
)

func newKeystore(registration uint32) *keystore {
	k := &keystore{
		self: keys.NewKeyPair(), registration: registration,
		oneTime: make(map[uint32]*keys.PreKey), sessions: make(map[string][]byte),
	}
	k.signed = k.self.CreateSignedPreKey(1)
	return k
}

// bundle shows the public keys to somebody who wants to write, with a one-time
// key made for the occasion. The registration id stands apart, because a retry
// receipt carries it outside the keys.
func (k *keystore) bundle() (registration []byte, rest []node) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lastKey++
	key := keys.NewPreKey(k.lastKey)
	k.oneTime[key.KeyID] = key
	return binary.BigEndian.AppendUint32(nil, k.registration), []node{
		{Tag: "type", Content: []byte{ecc.DjbType}},
		{Tag: "identity", Content: k.self.Pub[:]},
		keyNode(k.signed),
		keyNode(key),
	}
}

// GetIdentityKeyPair returns the phone's identity.
func (k *keystore) GetIdentityKeyPair() *identity.KeyPair {
	pair := ecPair(k.self)
	return identity.NewKeyPair(identity.NewKey(pair.PublicKey()), pair.PrivateKey())
}

// GetLocalRegistrationID returns the number that the phone drew when WhatsApp
// was installed.
func (k *keystore) GetLocalRegistrationID() uint32 { return k.registration }

// SaveIdentity keeps nothing: these phones trust every device, as people do
// who never compare security codes.
func (k *keystore) SaveIdentity(context.Context, *protocol.SignalAddress, *identity.Key) error {
	return nil
}

// IsTrustedIdentity trusts everybody.
func (k *keystore) IsTrustedIdentity(context.Context, *protocol.SignalAddress, *identity.Key) (bool, error) {
	return true, nil
}

// LoadPreKey returns a one-time key that nobody has used yet.
func (k *keystore) LoadPreKey(_ context.Context, id uint32) (*record.PreKey, error) {
	key, ok := k.oneTime[id]
	if !ok {
		return nil, errNoKey
	}
	return record.NewPreKey(id, ecPair(&key.KeyPair), nil), nil
}

// StorePreKey is not used: bundle makes the keys.
func (k *keystore) StorePreKey(context.Context, uint32, *record.PreKey) error {
	return errors.ErrUnsupported
}

// ContainsPreKey reports whether a one-time key is unused.
func (k *keystore) ContainsPreKey(_ context.Context, id uint32) (bool, error) {
	_, ok := k.oneTime[id]
	return ok, nil
}

// RemovePreKey forgets a one-time key after its use.
func (k *keystore) RemovePreKey(_ context.Context, id uint32) error {
	delete(k.oneTime, id)
	return nil
}

// LoadSignedPreKey returns the phone's only signed key.
func (k *keystore) LoadSignedPreKey(_ context.Context, id uint32) (*record.SignedPreKey, error) {
	if id != k.signed.KeyID {
		return nil, errNoKey
	}
	return record.NewSignedPreKey(id, 0, ecPair(&k.signed.KeyPair), *k.signed.Signature, nil), nil
}

// LoadSignedPreKeys returns the phone's only signed key.
func (k *keystore) LoadSignedPreKeys(ctx context.Context) ([]*record.SignedPreKey, error) {
	key, err := k.LoadSignedPreKey(ctx, k.signed.KeyID)
	return []*record.SignedPreKey{key}, err
}

// StoreSignedPreKey is not used: the key never changes.
func (k *keystore) StoreSignedPreKey(context.Context, uint32, *record.SignedPreKey) error {
	return errors.ErrUnsupported
}

// ContainsSignedPreKey reports whether this is the phone's signed key.
func (k *keystore) ContainsSignedPreKey(_ context.Context, id uint32) (bool, error) {
	return id == k.signed.KeyID, nil
}

// RemoveSignedPreKey is not used: the key never changes.
func (k *keystore) RemoveSignedPreKey(context.Context, uint32) error { return errors.ErrUnsupported }

// LoadSession returns the session with a device, or a fresh one.
func (k *keystore) LoadSession(_ context.Context, a *protocol.SignalAddress) (*record.Session, error) {
	raw, ok := k.sessions[a.String()]
	if !ok {
		return record.NewSession(serializer.Session, serializer.State), nil
	}
	return record.NewSessionFromBytes(raw, serializer.Session, serializer.State)
}

// GetSubDeviceSessions is not used.
func (k *keystore) GetSubDeviceSessions(context.Context, string) ([]uint32, error) {
	return nil, errors.ErrUnsupported
}

// StoreSession keeps the session with a device.
func (k *keystore) StoreSession(_ context.Context, a *protocol.SignalAddress, session *record.Session) error {
	k.sessions[a.String()] = session.Serialize()
	return nil
}

// ContainsSession reports whether there is a session with a device.
func (k *keystore) ContainsSession(_ context.Context, a *protocol.SignalAddress) (bool, error) {
	_, ok := k.sessions[a.String()]
	return ok, nil
}

// DeleteSession forgets the session with a device.
func (k *keystore) DeleteSession(_ context.Context, a *protocol.SignalAddress) error {
	delete(k.sessions, a.String())
	return nil
}

// DeleteAllSessions forgets everybody.
func (k *keystore) DeleteAllSessions(context.Context) error {
	clear(k.sessions)
	return nil
}

func ecPair(pair *keys.KeyPair) *ecc.ECKeyPair {
	return ecc.NewECKeyPair(ecc.NewDjbECPublicKey(*pair.Pub), ecc.NewDjbECPrivateKey(*pair.Priv))
}
