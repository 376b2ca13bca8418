//go:build !nowhatsmeow

package whatsappsim

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	waProto "go.mau.fi/whatsmeow/proto/waWa6"
	"go.mau.fi/whatsmeow/socket"
	"go.mau.fi/whatsmeow/types"
)

// A connection stays open after its last stanza: a client that sees the end of
// the connection first may drop the stanza that explains it. Where the client
// waits for the end to come back by itself, the server ends it soon. Everywhere
// else the client hangs up when it has understood, and is given the time: it
// keeps no lock on its connection, so an end from both sides at once is a race
// within the library.
const (
	linger   = 200 * time.Millisecond
	patience = 10 * time.Second
)

// conn is one connection of a client. It links a new device or serves a linked
// one, never both: after linking the client connects anew.
type conn struct {
	wire
	srv     *Server
	payload *waProto.ClientPayload
	static  [32]byte
	over    atomic.Bool   // said its last word; what still comes is not heard
	ended   chan struct{} // closed when the client has hung up

	device  *companion // of a login
	offered []string   // references shown as QR; guarded by srv.mu
	pairing *pairing   // guarded by srv.mu

	handling bool // guarded by srv.mu
}

// ServeHTTP takes a client's websocket.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.host.Enter() {
		return
	}
	defer s.host.Leave()
	if r.Header.Get("Upgrade") == "" {
		s.site(w)
		return
	}
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // Accept has answered.
	}
	ws.SetReadLimit(socket.FrameMaxSize)
	c := &conn{srv: s, wire: wire{ws: ws, life: s.life}, ended: make(chan struct{})}
	defer c.cut()
	defer close(c.ended)
	c.serve()
}

func (c *conn) serve() {
	var err error
	if c.payload, c.static, err = c.shake(c.srv.trust); err != nil {
		return
	}
	if c.payload.GetDevicePairingData() != nil {
		c.offer()
	} else {
		c.login()
	}
	defer c.leave()
	for {
		n, err := c.receive()
		if err != nil {
			return
		}
		if !c.over.Load() {
			c.busy(true)
			c.handle(n)
			c.busy(false)
		}
	}
}

// busy notes whether a stanza is being handled: what it leads to is still to come.
func (c *conn) busy(now bool) {
	c.srv.mu.Lock()
	c.handling = now
	c.srv.mu.Unlock()
	if c.device != nil && !now {
		c.device.owner.changed.Notify()
	}
}

// account is the number that a connection belongs to, or "" while it links.
func (c *conn) account() string {
	if c.device == nil {
		return ""
	}
	return c.device.owner.number
}

func (c *conn) handle(n node) {
	if n.Tag == "iq" {
		c.query(n)
		return
	}
	if c.device == nil {
		return
	}
	c.srv.record(n.Tag, c.account(), n)
	switch n.Tag {
	case "message":
		c.message(n)
	case "receipt":
		c.receipt(n)
	case "ack":
		c.acknowledged(n)
	}
}

// last says the last word on a connection, which ends when the client hangs up,
// and after the wait at the latest.
func (c *conn) last(n node, wait time.Duration) {
	if c.over.Swap(true) {
		return
	}
	c.send(n)
	c.srv.host.Go(func() {
		select {
		case <-c.ended:
		case <-time.After(wait):
		case <-c.srv.life.Done():
		}
		c.cut()
	})
}

// cut drops the connection without a word.
func (c *conn) cut() { _ = c.ws.CloseNow() }

// leave forgets a connection that has ended.
func (c *conn) leave() {
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	if c.device != nil && c.device.conn == c {
		c.device.conn = nil
		c.device.owner.changed.Notify()
	}
	for _, ref := range c.offered {
		delete(c.srv.refs, ref)
	}
	for number, h := range c.srv.codes {
		if h.conn == c {
			delete(c.srv.codes, number)
		}
	}
	c.pairing.settle(errGone)
}

// fromServer are the attributes of a stanza of the server's own.
func fromServer(kind, id string) attrs {
	return attrs{"from": types.ServerJID, "type": kind, "id": id}
}
