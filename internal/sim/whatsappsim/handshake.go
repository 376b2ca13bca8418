//go:build !nowhatsmeow

package whatsappsim

import (
	"errors"
	"fmt"

	"go.mau.fi/whatsmeow/proto/waWa6"
	"go.mau.fi/whatsmeow/socket"
	"go.mau.fi/whatsmeow/util/keys"
	"google.golang.org/protobuf/proto"
)

// shake answers the client's handshake and ciphers the wire. It returns what
// the client says of itself, and its Noise key, which is its identity at login.
func (w *wire) shake(a *authority) (*waWa6.ClientPayload, [32]byte, error) {
	var none [32]byte
	if err := w.header(); err != nil {
		return nil, none, err
	}
	state, err := newNoise(socket.WAConnHeader)
	if err != nil {
		return nil, none, err
	}
	hello, err := w.handshakeMessage()
	if err != nil {
		return nil, none, err
	}
	theirs := hello.GetClientHello().GetEphemeral()
	if len(theirs) != 32 {
		return nil, none, errors.New("client hello without a key")
	}
	ours := keys.NewKeyPair()
	answer, err := greet(state, a, ours, theirs)
	if err != nil {
		return nil, none, err
	}
	if err := w.put(answer); err != nil {
		return nil, none, err
	}
	finish, err := w.handshakeMessage()
	if err != nil {
		return nil, none, err
	}
	payload, static, err := meet(state, ours, finish.GetClientFinish())
	if err != nil {
		return nil, none, err
	}
	w.read, w.write, err = state.split()
	return payload, static, err
}

func (w *wire) handshakeMessage() (*waWa6.HandshakeMessage, error) {
	frame, err := w.frame()
	if err != nil {
		return nil, err
	}
	var m waWa6.HandshakeMessage
	if err := proto.Unmarshal(frame, &m); err != nil {
		return nil, fmt.Errorf("handshake message: %w", err)
	}
	return &m, nil
}

// greet makes the server hello: our keys, and the chain that vouches for them.
func greet(state *noise, a *authority, ours *keys.KeyPair, theirs []byte) ([]byte, error) {
	state.mixHash(theirs)
	state.mixHash(ours.Pub[:])
	if err := state.mixShared(ours.Priv[:], theirs); err != nil {
		return nil, err
	}
	static := state.seal(a.static.Pub[:])
	if err := state.mixShared(a.static.Priv[:], theirs); err != nil {
		return nil, err
	}
	return proto.Marshal(&waWa6.HandshakeMessage{ServerHello: &waWa6.HandshakeMessage_ServerHello{
		Ephemeral: ours.Pub[:], Static: static, Payload: state.seal(a.chain),
	}})
}

// meet reads the client finish: the client's Noise key and who it claims to be.
func meet(state *noise, ours *keys.KeyPair, finish *waWa6.HandshakeMessage_ClientFinish) (*waWa6.ClientPayload, [32]byte, error) {
	var none [32]byte
	static, err := state.open(finish.GetStatic())
	if err != nil || len(static) != 32 {
		return nil, none, errors.Join(errors.New("client finish without a key"), err)
	}
	if err := state.mixShared(ours.Priv[:], static); err != nil {
		return nil, none, err
	}
	raw, err := state.open(finish.GetPayload())
	if err != nil {
		return nil, none, err
	}
	var payload waWa6.ClientPayload
	if err := proto.Unmarshal(raw, &payload); err != nil {
		return nil, none, fmt.Errorf("client payload: %w", err)
	}
	return &payload, [32]byte(static), nil
}
