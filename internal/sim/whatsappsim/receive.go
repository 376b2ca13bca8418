//go:build !nowhatsmeow

package whatsappsim

import (
	"errors"
	"regexp"
	"time"

	"go.mau.fi/libsignal/signalerror"
	"go.mau.fi/whatsmeow/proto/waE2E"
)

// Message is what a phone shows of one message.
type Message struct {
	ID       string
	From     string   // number of the account that wrote it
	To       string   // number of the account that it was written to
	Text     string   // in its present version; empty once revoked
	History  []string // earlier versions, the oldest first
	Revoked  bool
	Copies   int // how often it arrived; the person sees it once
	Received time.Time
}

var codeForm = regexp.MustCompile(`\b[0-9]{6}\b`)

// Code returns the first run of six digits in the text, or "".
func (m Message) Code() string { return codeForm.FindString(m.Text) }

// take receives a ciphertext, now or once the phone is on again.
func (p *Phone) take(e envelope) {
	p.srv.mu.Lock()
	if p.offline {
		p.later = append(p.later, e)
		p.srv.mu.Unlock()
		return
	}
	p.srv.mu.Unlock()
	p.open(e)
}

// open deciphers a message, shows it and sends the ticks. What it cannot
// decipher it asks for again.
func (p *Phone) open(e envelope) {
	if p.spoils() {
		p.askAgain(e)
		return
	}
	m, err := p.keys.decipher(e.from.signal(), e.enc)
	switch {
	case errors.Is(err, signalerror.ErrOldCounter):
		p.tick(e, "") // the same ciphertext twice: the phone has it already
		return
	case err != nil:
		p.askAgain(e)
		return
	}
	if own := m.GetDeviceSentMessage(); own != nil {
		// The copy of what the account itself wrote: only the device is told that its
		// phone has it.
		p.show(e, own.GetMessage())
		e.from.push(node{Tag: "receipt", Attrs: attrs{
			"from": numberJID(p.number), "recipient": e.chat, "id": e.id, "t": p.srv.unix(), "type": "sender",
		}})
		return
	}
	p.show(e, m)
	p.tick(e, "")
	if p.readsReceipts() {
		p.tick(e, "read")
	}
}

func (p *Phone) spoils() bool {
	p.srv.mu.Lock()
	defer p.srv.mu.Unlock()
	if p.spoilt == 0 {
		return false
	}
	p.spoilt--
	return true
}

func (p *Phone) readsReceipts() bool {
	p.srv.mu.Lock()
	defer p.srv.mu.Unlock()
	return p.reads
}

// tick tells the sender what became of a message; no kind means delivered. It
// carries the address that the message went to and no other.
func (p *Phone) tick(e envelope, kind string) {
	e.from.push(node{Tag: "receipt", Attrs: attrs{"from": e.chat, "id": e.id, "t": p.srv.unix(), "type": kind}})
}

// askAgain gives up the session with the sender's device and asks for the
// message anew, with fresh keys.
func (p *Phone) askAgain(e envelope) {
	p.keys.reset(e.from.signal())
	registration, rest := p.keys.bundle()
	e.from.push(node{
		Tag:   "receipt",
		Attrs: attrs{"from": e.chat, "id": e.id, "t": p.srv.unix(), "type": "retry"},
		Content: []node{
			{Tag: "retry", Attrs: attrs{"id": e.id, "count": 1, "t": p.srv.unix(), "v": 1}},
			{Tag: "registration", Content: registration},
			{Tag: "keys", Content: rest},
		},
	})
}

// show puts a message on the screen: a new one, a second copy of one that is
// there, or a change of one.
func (p *Phone) show(e envelope, m *waE2E.Message) {
	defer p.changed.Notify()
	to := p.srv.find(e.chat)
	p.srv.mu.Lock()
	defer p.srv.mu.Unlock()
	if id, change := changeOf(m); id != "" {
		if shown := p.shown(id); shown != nil {
			change(shown)
		}
		return
	}
	if shown := p.shown(e.id); shown != nil {
		shown.Copies++
		return
	}
	p.chats = append(p.chats, Message{
		ID: e.id, From: e.from.owner.number, To: to.number, Text: body(m), Copies: 1, Received: p.srv.opts.Now(),
	})
}

// shown finds a message on the screen. The caller holds the server's lock.
func (p *Phone) shown(id string) *Message {
	for i := range p.chats {
		if p.chats[i].ID == id {
			return &p.chats[i]
		}
	}
	return nil
}

// body is the text of a message, in either of the two forms that carry one.
func body(m *waE2E.Message) string {
	if plain := m.GetConversation(); plain != "" {
		return plain
	}
	return m.GetExtendedTextMessage().GetText()
}

// changeOf reads an edit or a revocation: the message it is about, and what it
// does to it. Any other message is about none.
func changeOf(m *waE2E.Message) (id string, change func(*Message)) {
	order := m.GetProtocolMessage()
	if wrapped := m.GetEditedMessage().GetMessage(); wrapped != nil {
		order = wrapped.GetProtocolMessage()
	}
	if order == nil {
		return "", nil
	}
	switch order.GetType() {
	case waE2E.ProtocolMessage_MESSAGE_EDIT:
		next := body(order.GetEditedMessage())
		return order.GetKey().GetID(), func(shown *Message) {
			shown.History = append(shown.History, shown.Text)
			shown.Text = next
		}
	case waE2E.ProtocolMessage_REVOKE:
		return order.GetKey().GetID(), func(shown *Message) { shown.Text, shown.Revoked = "", true }
	}
	return "", nil
}
