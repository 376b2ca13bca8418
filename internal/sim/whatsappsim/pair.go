//go:build !nowhatsmeow

package whatsappsim

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.mau.fi/whatsmeow/proto/waAdv"
	"google.golang.org/protobuf/proto"
)

// refCount is how many references a connection shows before it must begin anew.
const refCount = 6

// What comes of a pairing that does not succeed.
var (
	ErrBadCode = errors.New("code does not belong to a device that waits to be linked")
	ErrRefused = errors.New("device refused to be linked")
	ErrPasskey = errors.New("account wants a passkey that the device does not have")
	errGone    = errors.New("device went away while it was linked")
)

// Prefixes of what is signed: by the account, and by the device.
var (
	accountPrefix = []byte{6, 0}
	devicePrefix  = []byte{6, 1}
)

// pairing is a link in the making: the phone has agreed, the device has not.
type pairing struct {
	request  string // id of the iq that the device answers
	owner    *Phone
	device   *companion
	details  []byte
	finished chan error
}

// settle ends a pairing once; a later word changes nothing.
func (g *pairing) settle(err error) {
	if g == nil {
		return
	}
	select {
	case g.finished <- err:
	default:
	}
}

// offer gives a new connection the references that it shows as QR codes.
func (c *conn) offer() {
	var refs []node
	c.srv.mu.Lock()
	for range refCount {
		ref := "2@" + rand.Text()
		c.srv.refs[ref] = c
		c.offered = append(c.offered, ref)
		refs = append(refs, node{Tag: "ref", Content: []byte(ref)})
	}
	c.srv.mu.Unlock()
	ask := fromServer("set", rand.Text())
	ask["xmlns"] = "md"
	c.send(node{Tag: "iq", Attrs: ask, Content: []node{{Tag: "pair-device", Content: refs}}})
}

// Scan reads the text of a QR code with the phone's camera and links the device
// that shows it. It returns when the device has agreed and may log in.
func (p *Phone) Scan(ctx context.Context, qr string) error {
	if _, rest, found := strings.Cut(qr, "#"); found {
		qr = rest // newer clients wrap the code in a link
	}
	parts := strings.Split(qr, ",")
	if len(parts) < 4 {
		return fmt.Errorf("scan: %w", ErrBadCode)
	}
	var secrets [3][]byte // Noise key, identity, secret
	for i := range secrets {
		var err error
		if secrets[i], err = base64.StdEncoding.DecodeString(parts[i+1]); err != nil {
			return fmt.Errorf("scan: %w", ErrBadCode)
		}
	}
	p.srv.mu.Lock()
	c := p.srv.refs[parts[0]]
	p.srv.mu.Unlock()
	if c == nil || !slices.Equal(secrets[0], c.static[:]) ||
		!slices.Equal(secrets[1], c.payload.GetDevicePairingData().GetEIdent()) {
		return fmt.Errorf("scan: %w", ErrBadCode)
	}
	return p.link(ctx, c, secrets[2])
}

// link makes the device of a connection one of the phone's. The secret is what
// the device and the phone share: it proves to the device whose phone agreed.
func (p *Phone) link(ctx context.Context, c *conn, secret []byte) error {
	data := c.payload.GetDevicePairingData()
	if len(data.GetEIdent()) != 32 || len(data.GetERegid()) != 4 {
		return fmt.Errorf("link: %w", ErrBadCode)
	}
	g := &pairing{request: rand.Text(), owner: p, finished: make(chan error, 1)}
	p.srv.mu.Lock()
	if p.passkey {
		p.srv.mu.Unlock()
		c.demandPasskey()
		return ErrPasskey
	}
	p.lastDevice++
	g.device = &companion{
		srv: p.srv, owner: p, id: p.lastDevice, noise: c.static, identity: [32]byte(data.GetEIdent()),
		registration: data.GetERegid(),
		signed: node{Tag: "skey", Content: []node{
			{Tag: "id", Content: data.GetESkeyID()},
			{Tag: "value", Content: data.GetESkeyVal()},
			{Tag: "signature", Content: data.GetESkeySig()},
		}},
	}
	p.srv.mu.Unlock()
	identity, err := g.identity(p, secret, p.srv.unix())
	if err != nil {
		return err
	}
	p.srv.mu.Lock()
	c.pairing = g
	p.srv.mu.Unlock()
	ask := fromServer("set", g.request)
	ask["xmlns"] = "md"
	c.send(node{Tag: "iq", Attrs: ask, Content: []node{{Tag: "pair-success", Content: []node{
		{Tag: "device-identity", Content: identity},
		{Tag: "device", Attrs: attrs{"jid": device(numberJID(p.number), g.device.id), "lid": device(lidJID(p.lid), g.device.id)}},
		{Tag: "platform", Attrs: attrs{"name": "android"}},
		{Tag: "biz", Attrs: attrs{"name": p.name}},
	}}}})
	select {
	case err := <-g.finished:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// demandPasskey asks the device for an assertion that only a page of WhatsApp's own
// can make, as live servers do of some accounts since the summer of 2026.
func (c *conn) demandPasskey() {
	ask := fromServer("passkey_prologue_request", rand.Text())
	ask["t"] = strconv.FormatInt(c.srv.unix(), 10)
	c.send(node{Tag: "notification", Attrs: ask, Content: []node{
		{Tag: "passkey_request_options", Content: []byte(`{"rpId":"whatsapp.com","userVerification":"required"}`)},
	}})
}

// identity is the phone's signed word that the device belongs to its account.
func (g *pairing) identity(p *Phone, secret []byte, now int64) ([]byte, error) {
	kind := waAdv.ADVEncryptionType_E2EE
	details, err := proto.Marshal(&waAdv.ADVDeviceIdentity{
		RawID: proto.Uint32(uint32(g.device.id)), Timestamp: proto.Uint64(uint64(now)),
		KeyIndex: proto.Uint32(uint32(g.device.id)), AccountType: &kind, DeviceType: &kind,
	})
	if err != nil {
		return nil, fmt.Errorf("device identity: %w", err)
	}
	g.details = details
	signed, err := proto.Marshal(&waAdv.ADVSignedDeviceIdentity{
		Details: details, AccountSignatureKey: p.keys.self.Pub[:],
		AccountSignature: sign(p.keys.self, accountPrefix, details, g.device.identity[:]),
	})
	if err != nil {
		return nil, fmt.Errorf("device identity: %w", err)
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write(signed)
	return proto.Marshal(&waAdv.ADVSignedDeviceIdentityHMAC{Details: signed, HMAC: mac.Sum(nil)})
}

// pairAnswered hears the device agree or refuse. It agrees by a signature that
// only the holder of its identity can make; then it must connect anew.
func (c *conn) pairAnswered(n node) {
	s := c.srv
	s.mu.Lock()
	g := c.pairing
	s.mu.Unlock()
	if g == nil || text(n, "id") != g.request {
		return // the answer to pair-device says nothing
	}
	if !g.agreed(n) {
		g.settle(ErrRefused)
		return
	}
	s.mu.Lock()
	g.owner.devices[g.device.id] = g.device
	s.mu.Unlock()
	rule, _ := s.faults.Take("linked", g.owner.number) // whose delay keeps the device waiting
	s.host.Go(func() {
		select {
		case <-time.After(rule.Delay):
			g.settle(nil) // before the device, which leaves at this word, can be taken for gone
			c.last(node{Tag: "stream:error", Attrs: attrs{"code": "515"}}, patience)
		case <-c.ended:
		}
	})
}

func (g *pairing) agreed(n node) bool {
	proof, _ := child(n, "pair-device-sign")
	var identity waAdv.ADVSignedDeviceIdentity
	if text(n, "type") != "result" || proto.Unmarshal(content(proof, "device-identity"), &identity) != nil {
		return false
	}
	return verify(g.device.identity, identity.GetDeviceSignature(),
		devicePrefix, g.details, g.device.identity[:], g.owner.keys.self.Pub[:])
}
