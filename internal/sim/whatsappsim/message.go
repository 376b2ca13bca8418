//go:build !nowhatsmeow

package whatsappsim

import (
	"bytes"

	"go.mau.fi/whatsmeow/types"

	"otpravka/internal/sim/fault"
)

// reachOutLocked is the error with which an account is told that it may not
// write to somebody first.
const reachOutLocked = 463

// message takes a message of a linked device, answers whether it is accepted,
// and hands it to the phones that it was enciphered for.
func (c *conn) message(n node) {
	to := address(n, "to")
	target := to.User
	peer := c.srv.find(to)
	if peer != nil {
		target = peer.number
	}
	rule, _ := c.srv.faults.Take("message", target)
	c.srv.pause(rule.Delay)
	if rule.Drop == fault.DropBefore {
		c.cut()
		return
	}
	code := rule.Status
	if code == 0 && !c.device.owner.mayWrite(peer, n) {
		code = reachOutLocked
	}
	takes := (code == 0 && !rule.Empty) || rule.Processed
	answers := !rule.Empty && rule.Drop == fault.NoDrop
	if answers && rule.AnswerDelay == 0 {
		c.answer(n, code)
	}
	if takes {
		c.handOut(n, peer)
	}
	if answers && rule.AnswerDelay > 0 {
		c.srv.pause(rule.AnswerDelay)
		c.answer(n, code)
	}
	if rule.Drop != fault.NoDrop {
		c.cut()
	}
}

// mayWrite reports whether the account may write to somebody. Where it may not
// write first, the token proves that the other one did.
func (p *Phone) mayWrite(peer *Phone, n node) bool {
	if peer == nil {
		return false
	}
	p.srv.mu.Lock()
	defer p.srv.mu.Unlock()
	token := peer.trust[p.number]
	return !p.locked || token != nil && bytes.Equal(token, content(n, "tctoken"))
}

// answer acknowledges a message; code 0 accepts it.
func (c *conn) answer(n node, code int) {
	a := attrs{"class": "message", "id": n.Attrs["id"], "from": n.Attrs["to"], "t": c.srv.unix()}
	if code != 0 {
		a["error"] = code
	}
	c.send(node{Tag: "ack", Attrs: a})
}

// handOut passes every ciphertext to the phone that it is for. A message that
// is repeated for one device has its ciphertext outside the list.
func (c *conn) handOut(n node, peer *Phone) {
	e := envelope{from: c.device, id: text(n, "id"), chat: address(n, "to").ToNonAD()}
	if enc, direct := child(n, "enc"); direct && peer != nil {
		e.enc = enc
		peer.take(e)
	}
	list, _ := child(n, "participants")
	for _, to := range list.GetChildren() {
		jid := address(to, "jid")
		enc, found := child(to, "enc")
		p := c.srv.find(jid)
		if !found || p == nil || jid.Device != 0 {
			continue // other linked devices are not modelled
		}
		e.enc = enc
		p.take(e)
	}
}

// envelope is one ciphertext on its way to a phone.
type envelope struct {
	from *companion
	id   string
	chat types.JID // the address that the sender wrote to
	enc  node
}
