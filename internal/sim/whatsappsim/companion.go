//go:build !nowhatsmeow

package whatsappsim

import (
	"slices"
)

// companion is a device linked to a phone, as the server knows it: its public
// keys, and what it has not acknowledged yet.
type companion struct {
	srv      *Server
	owner    *Phone
	id       uint16
	noise    [32]byte // proves the device at login
	identity [32]byte

	// Guarded by srv.mu:
	registration []byte
	signed       node   // its signed prekey, an skey node
	oneTime      []node // its one-time prekeys, key nodes
	conn         *conn
	waiting      []waiting
}

// waiting is a stanza that the device has not acknowledged.
type waiting struct {
	seq    uint64
	class  string // tag of the stanza
	id     string
	kind   string // type of the stanza, except of a message
	stanza node
}

// push hands a stanza to the device, now or at its next login, until it is
// acknowledged.
func (d *companion) push(n node) {
	d.srv.mu.Lock()
	d.srv.lastSeq++
	w := waiting{seq: d.srv.lastSeq, class: n.Tag, id: text(n, "id"), stanza: n}
	if n.Tag != "message" {
		w.kind = text(n, "type")
	}
	d.waiting = append(d.waiting, w)
	c := d.conn
	d.srv.mu.Unlock()
	if c != nil {
		c.send(n)
	}
}

// waitingAfter returns what waits behind seq. When nothing does, c becomes the
// device's connection in the same moment, so that nothing is sent twice or lost.
func (d *companion) waitingAfter(seq uint64, c *conn) []waiting {
	d.srv.mu.Lock()
	defer d.srv.mu.Unlock()
	var rest []waiting
	for _, w := range d.waiting {
		if w.seq > seq {
			rest = append(rest, w)
		}
	}
	if len(rest) == 0 {
		d.conn = c
	}
	return rest
}

// forget drops a stanza that the device has acknowledged.
func (d *companion) forget(class, id, kind string) {
	defer d.owner.changed.Notify()
	d.srv.mu.Lock()
	defer d.srv.mu.Unlock()
	d.waiting = slices.DeleteFunc(d.waiting, func(w waiting) bool {
		return w.class == class && w.id == id && w.kind == kind
	})
}

// acknowledged hears the device's word that a stanza has arrived.
func (c *conn) acknowledged(n node) {
	if _, ignored := c.srv.faults.Take("ack", c.account()); ignored {
		return
	}
	class, kind := text(n, "class"), text(n, "type")
	if class == "message" {
		kind = ""
	}
	c.device.forget(class, text(n, "id"), kind)
}

// receipt hears that a message was read in, or that it could not be deciphered.
func (c *conn) receipt(n node) {
	c.send(node{Tag: "ack", Attrs: attrs{"class": "receipt", "id": n.Attrs["id"], "from": n.Attrs["to"], "type": n.Attrs["type"]}})
	if _, ignored := c.srv.faults.Take("receipt", c.account()); ignored {
		return
	}
	c.device.forget("message", text(n, "id"), "")
	if text(n, "type") != "retry" {
		return
	}
	if p := c.srv.find(address(n, "to")); p != nil {
		p.repeat(c.device, text(n, "id"))
	}
}
