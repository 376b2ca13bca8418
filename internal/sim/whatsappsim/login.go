//go:build !nowhatsmeow

package whatsappsim

import (
	"cmp"
	"net/http"
	"strconv"

	"go.mau.fi/whatsmeow/types"

	"otpravka/internal/sim/fault"
)

// location is the name of a data centre, which clients send back and ignore.
const location = "sim"

// login admits a linked device, or says why not.
func (c *conn) login() {
	s := c.srv
	number := strconv.FormatUint(c.payload.GetUsername(), 10)
	s.record("login", number, node{Attrs: attrs{
		"device": int(c.payload.GetDevice()), "revision": int(c.payload.GetUserAgent().GetAppVersion().GetTertiary()),
	}})
	if rule, ok := s.faults.Take("login", number); ok {
		s.pause(rule.Delay)
		if rule.HasAnswer() {
			c.refuse(rule)
			return
		}
	}
	s.mu.Lock()
	var d *companion
	if p := s.byNumber[number]; p != nil {
		d = p.devices[uint16(c.payload.GetDevice())]
	}
	s.mu.Unlock()
	if d == nil || d.noise != c.static {
		c.refuse(fault.Rule{Status: http.StatusUnauthorized})
		return
	}
	c.device = d
	c.admit()
}

// admit greets a device, hands over what waited for it, oldest first, and makes
// this its connection. An older connection of the device is thrown out.
func (c *conn) admit() {
	s, d := c.srv, c.device
	s.mu.Lock()
	old := d.conn
	d.conn = nil
	s.mu.Unlock()
	if old != nil {
		old.last(node{Tag: "stream:error", Content: []node{{Tag: "conflict", Attrs: attrs{"type": "replaced"}}}}, patience)
	}
	c.send(node{Tag: "success", Attrs: attrs{
		"t": s.unix(), "lid": device(lidJID(d.owner.lid), d.id), "location": location,
	}})
	count, sent := 0, uint64(0)
	for {
		batch := d.waitingAfter(sent, c)
		if len(batch) == 0 {
			break
		}
		for _, w := range batch {
			c.send(w.stanza)
			sent, count = w.seq, count+1
		}
	}
	c.send(node{Tag: "ib", Attrs: attrs{"from": types.ServerJID}, Content: []node{
		{Tag: "offline", Attrs: attrs{"count": count}},
	}})
}

// refuse answers a login with a failure. The rule's Description is the code of
// a ban, its RetryAfter the ban's length. After a fault of the server's own the
// client comes back by itself.
func (c *conn) refuse(rule fault.Rule) {
	a := attrs{"reason": rule.StatusCode(), "location": location}
	if rule.StatusCode() == http.StatusPaymentRequired {
		a["code"] = cmp.Or(rule.Description, "101")
		a["expire"] = rule.RetrySeconds()
	}
	wait := patience
	if rule.StatusCode() >= http.StatusInternalServerError {
		wait = linger
	}
	c.last(node{Tag: "failure", Attrs: a}, wait)
}
