package otpcore

import (
	"errors"
	"sync"
	"time"
)

// Each waiting request holds a connection of the server, which has a thousand
// by default.
const (
	waitsPerKey = 5
	waitsInAll  = 250
)

// waits knows who waits for events. Listeners of one business share one bell,
// so that a commit costs the same however many there are, and next to nothing
// while there are none.
type waits struct {
	closing chan struct{} // closed once nobody may wait any more

	mu     sync.Mutex
	bells  map[eventScope]*bell
	perKey map[ID]int
	inAll  int
	closed bool
}

// eventScope is whose events a listener hears.
type eventScope struct {
	business ID
	mode     Mode
}

// bell rings by closing its channel, and has another one for the next time.
type bell struct {
	rings     chan struct{}
	listeners int
}

func newWaits() *waits {
	return &waits{closing: make(chan struct{}), bells: make(map[eventScope]*bell), perKey: make(map[ID]int)}
}

// waitSeat is the place of one listener.
type waitSeat struct {
	waits *waits
	key   ID
	scope eventScope
	bell  *bell
}

var errStopping = errors.New("the server is stopping")

// join takes a place, or says why there is none.
func (w *waits) join(key ID, scope eventScope) (*waitSeat, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.closed:
		e := Unavailable(errStopping)
		e.Detail = "The server is stopping. Ask again in a moment."
		return nil, e
	case w.perKey[key] >= waitsPerKey:
		return nil, limited("too_many_listeners", time.Second, "This key has five requests waiting for events. Let one of them end, or use a key for each program.")
	case w.inAll >= waitsInAll:
		return nil, &Error{
			Kind: KindUnavailable, Code: "overloaded", RetryAfter: 10 * time.Second,
			Detail: "Too many requests wait for events on this server. Ask with wait 0 for now.",
		}
	}
	w.perKey[key]++
	w.inAll++
	seat := w.sit(scope)
	seat.key = key
	return seat, nil
}

// sit is called with the lock held.
func (w *waits) sit(scope eventScope) *waitSeat {
	b := w.bells[scope]
	if b == nil {
		b = &bell{rings: make(chan struct{})}
		w.bells[scope] = b
	}
	b.listeners++
	return &waitSeat{waits: w, scope: scope, bell: b}
}

// Ear hears when something happens at a business. It is the program's own:
// nobody counts it among the requests that wait.
type Ear struct{ seat *waitSeat }

// Listen returns an ear, to be closed after use.
func (e *Events) Listen(business ID, mode Mode) *Ear {
	e.waits.mu.Lock()
	defer e.waits.mu.Unlock()
	return &Ear{e.waits.sit(eventScope{business, mode})}
}

// Rings returns what is closed by the next event. Ask for it before looking at
// the list, so that nothing falls between the two.
func (e *Ear) Rings() <-chan struct{} { return e.seat.rings() }

// Close ends the listening.
func (e *Ear) Close() {
	e.seat.waits.mu.Lock()
	defer e.seat.waits.mu.Unlock()
	e.seat.rise()
}

func (s *waitSeat) leave() {
	w := s.waits
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inAll--
	if w.perKey[s.key]--; w.perKey[s.key] == 0 {
		delete(w.perKey, s.key)
	}
	s.rise()
}

// rise is called with the lock held.
func (s *waitSeat) rise() {
	w := s.waits
	if s.bell.listeners--; s.bell.listeners == 0 {
		delete(w.bells, s.scope)
	}
}

// Listeners is the number of requests that wait for events.
func (e *Events) Listeners() int {
	e.waits.mu.Lock()
	defer e.waits.mu.Unlock()
	return e.waits.inAll
}

// rings returns what is closed by the next event.
func (s *waitSeat) rings() <-chan struct{} {
	s.waits.mu.Lock()
	defer s.waits.mu.Unlock()
	return s.bell.rings
}

// committed rings for a case that made an event.
func (w *waits) committed(c *Case) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.bells[eventScope{c.BusinessID, c.Mode}]
	if b == nil || !c.happened() {
		return
	}
	close(b.rings)
	b.rings = make(chan struct{})
}

// close ends all waiting, and lets nobody wait any more.
func (w *waits) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		w.closed = true
		close(w.closing)
	}
}
