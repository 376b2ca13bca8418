//go:build !nowhatsmeow

package whatsappdevice

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
)

// session is one connection of a device, with a client of its own: after the end
// of one nothing of the library's is used again.
type session struct {
	c      *Connector
	client *whatsmeow.Client
	jid    types.JID // of the device; zero while it is being linked
	dial   *dialer
	events chan any        // what changes its state
	ctx    context.Context // of everything that the library does for it
	end    context.CancelFunc

	abandoned atomic.Bool // the attempt to connect was; it holds the client until it ends

	mu     sync.Mutex
	sends  sync.WaitGroup
	closed bool // takes no more sends
}

func (c *Connector) newSession(keys *store.Device) *session {
	dial := c.factory.dialer()
	s := &session{c: c, jid: keys.GetJID(), dial: dial, events: make(chan any, 32)}
	s.ctx, s.end = context.WithCancel(context.Background())
	s.client = c.factory.client(keys, dial, ear{func() { s.on(passkeyAsked{}) }})
	s.client.BackgroundEventCtx = s.ctx
	s.client.GetMessageForRetry = s.again
	s.client.AddEventHandlerWithSuccessStatus(s.on)
	return s
}

// connect opens the connection. What waits for it may give up. A handshake under
// way gets a moment then: the library waits for WhatsApp's answer to it for 20 s,
// heeds no context, and cannot bear that the wire breaks meanwhile. One without an
// answer is left to end by itself.
func (s *session) connect(ctx context.Context) error {
	result := make(chan error, 1)
	go func() { result <- s.client.ConnectContext(s.ctx) }()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-result:
		return err
	case <-time.After(drainWire):
		s.abandoned.Store(true)
		return context.Cause(ctx)
	}
}

// on takes the library's events. False leaves what came in unacknowledged, so
// that it comes again. The library may still call it after the end.
func (s *session) on(event any) bool {
	if s.ctx.Err() != nil || s.abandoned.Load() {
		return false
	}
	switch e := event.(type) {
	case *events.Message:
		return s.heard(e)
	case *events.Receipt:
		return s.became(e)
	case *events.UndecryptableMessage:
		s.c.log().Warn("message could not be deciphered; it was asked for again", "unavailable", e.IsUnavailable)
	case passkeyAsked, phoneSigned, *events.QR, *events.PairSuccess, *events.PairError, *events.QRScannedWithoutMultidevice, *events.ManualLoginReconnect,
		*events.Connected, *events.Disconnected, *events.KeepAliveTimeout, *events.KeepAliveRestored,
		*events.LoggedOut, *events.StreamReplaced, *events.TemporaryBan, *events.ClientOutdated, *events.ConnectFailure, *events.StreamError:
		select {
		case s.events <- event:
		case <-s.ctx.Done():
		}
	}
	return true
}

// enter lets a send begin, and reports false once the session ends.
func (s *session) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.sends.Add(1)
	return true
}

// The end of a session waits so long: for sends in hand, and for what the library
// is about to say.
const (
	drainSends = 5 * time.Second
	drainWire  = time.Second
)

// close ends the session in order: no new sends, those in hand, then the wire.
func (s *session) close(connected bool) {
	s.c.live.CompareAndSwap(s, nil)
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	if connected {
		done := make(chan struct{})
		go func() { s.sends.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(drainSends):
		}
		ctx, cancel := context.WithTimeout(s.ctx, drainWire)
		s.dial.quiet(ctx)
		cancel()
	}
	if s.abandoned.Load() {
		go s.cut() // which waits for the attempt
		return
	}
	s.cut()
}

// cut ends everything that the library does for the session.
func (s *session) cut() {
	s.client.Disconnect()
	s.end()
	s.dial.transport.CloseIdleConnections()
}
