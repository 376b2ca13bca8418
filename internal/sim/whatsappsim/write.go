//go:build !nowhatsmeow

package whatsappsim

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
)

// ErrBadLink is the answer to a link that opens no chat here.
var ErrBadLink = errors.New("link opens no chat")

// OpenLink follows https://wa.me/<number>?text=<text> and sends the text that
// it prepares. It returns the message's id.
func (p *Phone) OpenLink(link string) (string, error) {
	target, err := url.Parse(link)
	if err != nil || target.Host != "wa.me" {
		return "", fmt.Errorf("link %q: %w", link, ErrBadLink)
	}
	to, ok := p.srv.Phone(strings.Trim(target.Path, "/"))
	prepared := target.Query().Get("text")
	if !ok || prepared == "" {
		return "", fmt.Errorf("link %q: %w", link, ErrBadLink)
	}
	return p.Write(to, prepared)
}

// Write sends a text to another phone and to the devices linked to it, and
// gives its account the token that lets it answer. It returns the message's id.
func (p *Phone) Write(to *Phone, message string) (string, error) {
	id := "3A" + rand.Text()
	token := []byte(rand.Text())
	p.srv.mu.Lock()
	p.written[id] = message
	p.trust[to.number] = token
	to.chats = append(to.chats, Message{
		ID: id, From: p.number, To: to.number, Text: message, Copies: 1, Received: p.srv.opts.Now(),
	})
	p.srv.mu.Unlock()
	to.changed.Notify()
	for _, d := range to.companions() {
		if err := p.writeTo(d, id, message); err != nil {
			return "", fmt.Errorf("write to %s: %w", to, err)
		}
		d.push(p.tokenFor(to, token))
	}
	return id, nil
}

// writeTo enciphers a text for one linked device.
func (p *Phone) writeTo(d *companion, id, message string) error {
	enc, err := p.keys.encipher(d.signal(), &waE2E.Message{Conversation: proto.String(message)}, d.bundle)
	if err != nil {
		return err
	}
	a := p.sender()
	a["id"], a["t"], a["type"], a["notify"] = id, p.srv.unix(), "text", p.name
	d.push(node{Tag: "message", Attrs: a, Content: []node{enc}})
	return nil
}

// sender names the phone as its addressing wants it.
func (p *Phone) sender() attrs {
	p.srv.mu.Lock()
	defer p.srv.mu.Unlock()
	number, lid := numberJID(p.number), lidJID(p.lid)
	switch p.addressing {
	case ByLID:
		return attrs{"from": lid, "sender_pn": number, "addressing_mode": "lid"}
	case ByLIDOnly:
		return attrs{"from": lid, "addressing_mode": "lid"}
	default:
		return attrs{"from": number, "sender_lid": lid}
	}
}

// tokenFor is the notice that the account may answer from now on.
func (p *Phone) tokenFor(to *Phone, token []byte) node {
	return node{
		Tag:   "notification",
		Attrs: attrs{"from": p.sender()["from"], "type": "privacy_token", "id": rand.Text(), "t": p.srv.unix()},
		Content: []node{{Tag: "tokens", Content: []node{{
			Tag:     "token",
			Attrs:   attrs{"jid": numberJID(to.number), "t": p.srv.unix(), "type": "trusted_contact"},
			Content: token,
		}}}},
	}
}

// repeat enciphers a message anew for a device that could not read it.
func (p *Phone) repeat(d *companion, id string) {
	p.srv.mu.Lock()
	message, ok := p.written[id]
	p.srv.mu.Unlock()
	if !ok {
		return
	}
	p.keys.reset(d.signal())
	// A device whose keys do not fit stays without the message, as in life.
	_ = p.writeTo(d, id, message)
}
