//go:build !nowhatsmeow

package whatsappsim

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.mau.fi/libsignal/protocol"

	"otpravka/internal/sim/feed"
)

// firstLID keeps LIDs apart from phone numbers, so that mixing them up shows.
const firstLID = 100_000_000_000_000

// PhoneOptions describe a person's WhatsApp.
type PhoneOptions struct {
	Number string // with or without "+"
	Name   string // shown with messages; empty means "User"
	// Addressing is how the phone's messages name their sender.
	Addressing Addressing
	// NoReceipts keeps the two blue ticks off: the person has disabled them.
	NoReceipts bool
}

// Addressing says what a message tells of its sender.
type Addressing int

// How messages name their sender.
const (
	ByNumber  Addressing = iota // the number, with the LID beside it
	ByLID                       // the LID, with the number beside it
	ByLIDOnly                   // the LID alone: the number stays unknown
)

// Phone is a person's phone with WhatsApp on it: a customer's, or the one that
// the shop's devices are linked to. Messages are deciphered on it as they come.
type Phone struct {
	srv    *Server
	number string
	lid    string
	name   string
	keys   *keystore

	// Guarded by srv.mu:
	addressing Addressing
	reads      bool
	offline    bool
	spoilt     int  // messages that it will fail to decipher
	locked     bool // the account may not write first
	passkey    bool // the account links no device without one
	devices    map[uint16]*companion
	lastDevice uint16
	chats      []Message
	written    map[string]string // id -> text of what it wrote
	trust      map[string][]byte // account -> token that lets it answer
	later      []envelope        // came while the phone was off
	changed    feed.Notifier
}

// NewPhone installs WhatsApp on a phone. A number that is taken moves to the
// new phone, as a SIM card does.
func (s *Server) NewPhone(opts PhoneOptions) *Phone {
	s.mu.Lock()
	defer s.mu.Unlock()
	number := strings.TrimPrefix(opts.Number, "+")
	if old := s.byNumber[number]; old != nil {
		delete(s.byLID, old.lid)
	}
	if opts.Name == "" {
		opts.Name = "User"
	}
	order := len(s.byLID) + 1
	p := &Phone{
		srv: s, number: number, name: opts.Name, addressing: opts.Addressing, reads: !opts.NoReceipts,
		lid:     strconv.Itoa(firstLID + order*7919),
		keys:    newKeystore(uint32(order)),
		devices: make(map[uint16]*companion), written: make(map[string]string), trust: make(map[string][]byte),
	}
	s.byNumber[number], s.byLID[p.lid] = p, p
	return p
}

// Number returns the phone's number in digits, without "+".
func (p *Phone) Number() string { return p.number }

// LID returns the user part of the phone's hidden address.
func (p *Phone) LID() string { return p.lid }

// Address changes how the phone's messages name their sender from now on.
func (p *Phone) Address(as Addressing) {
	p.srv.mu.Lock()
	defer p.srv.mu.Unlock()
	p.addressing = as
}

// LockReachOut forbids the account of this phone to write to people who have
// not written to it first: such messages are refused with 463.
func (p *Phone) LockReachOut(locked bool) {
	p.srv.mu.Lock()
	defer p.srv.mu.Unlock()
	p.locked = locked
}

// DemandPasskey makes the account want a passkey from whoever links a device. No
// device here has one.
func (p *Phone) DemandPasskey(demanded bool) {
	p.srv.mu.Lock()
	defer p.srv.mu.Unlock()
	p.passkey = demanded
}

// SpoilNext makes the phone fail to decipher its next n messages, whereupon it
// asks for them again.
func (p *Phone) SpoilNext(n int) {
	p.srv.mu.Lock()
	defer p.srv.mu.Unlock()
	p.spoilt = n
}

// SwitchOff takes the phone off the network: messages wait for it, and no
// receipt comes. SwitchOn delivers what waited.
func (p *Phone) SwitchOff() {
	p.srv.mu.Lock()
	defer p.srv.mu.Unlock()
	p.offline = true
}

// SwitchOn takes in what waited while the phone was off.
func (p *Phone) SwitchOn() {
	p.srv.mu.Lock()
	later := p.later
	p.later, p.offline = nil, false
	p.srv.mu.Unlock()
	for _, e := range later {
		p.open(e)
	}
}

// Devices returns the numbers of the devices that are linked to this phone.
func (p *Phone) Devices() []int {
	var ids []int
	for _, n := range p.deviceList()[1:] {
		id, _ := n.Attrs["id"].(int)
		ids = append(ids, id)
	}
	return ids
}

// Online reports whether a linked device is connected.
func (p *Phone) Online() bool {
	p.srv.mu.Lock()
	defer p.srv.mu.Unlock()
	for _, d := range p.devices {
		if d.conn != nil {
			return true
		}
	}
	return false
}

// WaitOffline blocks until no linked device is connected.
func (p *Phone) WaitOffline(ctx context.Context) error {
	_, err := feed.Await(ctx, &p.changed, p.srv.host.Closing(), func() (struct{}, bool) { return struct{}{}, !p.Online() })
	return err
}

// Unlink removes all linked devices, as "Log out" on the phone does.
func (p *Phone) Unlink() {
	for _, d := range p.companions() {
		if c := p.remove(d); c != nil {
			c.last(node{Tag: "stream:error", Attrs: attrs{"code": "401"}, Content: []node{
				{Tag: "conflict", Attrs: attrs{"type": "device_removed"}},
			}}, patience)
		}
	}
}

// remove takes a device off the phone and returns its connection, if any.
func (p *Phone) remove(d *companion) *conn {
	p.srv.mu.Lock()
	defer p.srv.mu.Unlock()
	delete(p.devices, d.id)
	return d.conn
}

func (p *Phone) companion(id uint16) *companion {
	p.srv.mu.Lock()
	defer p.srv.mu.Unlock()
	return p.devices[id]
}

// companions returns the linked devices, the oldest first.
func (p *Phone) companions() []*companion {
	p.srv.mu.Lock()
	defer p.srv.mu.Unlock()
	var all []*companion
	for _, d := range p.devices {
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b *companion) int { return int(a.id) - int(b.id) })
	return all
}

// Messages returns what the phone shows, oldest first, in present versions.
func (p *Phone) Messages() []Message {
	p.srv.mu.Lock()
	defer p.srv.mu.Unlock()
	return slices.Clone(p.chats)
}

// Changed returns a channel that closes once the phone shows something new. Take
// it before you look.
func (p *Phone) Changed() <-chan struct{} { return p.changed.Changed() }

// WaitMessage blocks until the phone shows a message that fits, and returns the
// newest such message.
func (p *Phone) WaitMessage(ctx context.Context, fits func(Message) bool) (Message, error) {
	return feed.Await(ctx, &p.changed, p.srv.host.Closing(), func() (Message, bool) {
		for _, m := range slices.Backward(p.Messages()) {
			if fits(m) {
				return m, true
			}
		}
		return Message{}, false
	})
}

// WaitSettled blocks until the linked devices that are connected have
// acknowledged everything that was sent to them, and nothing more can come of
// what they have said.
func (p *Phone) WaitSettled(ctx context.Context) error {
	_, err := feed.Await(ctx, &p.changed, p.srv.host.Closing(), func() (struct{}, bool) {
		p.srv.mu.Lock()
		defer p.srv.mu.Unlock()
		for _, d := range p.devices {
			if d.conn != nil && (len(d.waiting) > 0 || d.conn.handling) {
				return struct{}{}, false
			}
		}
		return struct{}{}, true
	})
	return err
}

// signal is the address under which a phone keeps its session with a device.
func (d *companion) signal() *protocol.SignalAddress {
	return protocol.NewSignalAddress(d.owner.number, uint32(d.id))
}

// String names the phone for test failures.
func (p *Phone) String() string { return fmt.Sprintf("%s (%s)", p.name, p.number) }
