package webhook

import (
	"container/list"
	"context"
	"net"
	"net/http"
	"sync"
)

// seats bounds the connections of a server. When all are taken, a newcomer gets
// the place of whoever has waited longest: an idle keep-alive connection, or
// one that never finishes its headers or never reads its answer. Connections
// whose request is being handled are never cut; if all are, the newcomer is.
//
// Holding newcomers back instead, as a limited listener does, would let a
// thousand idle connections lock everybody out for the whole idle time.
type seats struct {
	max int

	mu      sync.Mutex
	taken   map[net.Conn]*seat
	waiting *list.List // of *seat, longest wait first
}

// seat is one connection. It waits while place is set.
type seat struct {
	conn  net.Conn
	place *list.Element
}

type seatKey struct{}

func newSeats(limit int) *seats {
	return &seats{max: limit, taken: map[net.Conn]*seat{}, waiting: list.New()}
}

// enter is the server's ConnContext hook: it runs once for each connection,
// before anything is read from it.
func (s *seats) enter(ctx context.Context, conn net.Conn) context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.taken) >= s.max {
		longest := s.waiting.Front()
		if longest == nil {
			_ = conn.Close()
			return ctx
		}
		s.remove(longest.Value.(*seat))
		_ = longest.Value.(*seat).conn.Close()
	}
	st := &seat{conn: conn}
	st.place = s.waiting.PushBack(st)
	s.taken[conn] = st
	return context.WithValue(ctx, seatKey{}, st)
}

// leave is the server's ConnState hook.
func (s *seats) leave(conn net.Conn, state http.ConnState) {
	if state != http.StateClosed && state != http.StateHijacked {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if st, ok := s.taken[conn]; ok {
		s.remove(st)
	}
}

// handler marks the connection as busy from the time when next gets its request
// until the answer begins: what was asked for is done by then, and how long the
// rest takes is up to the client.
func (s *seats) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if st, ok := r.Context().Value(seatKey{}).(*seat); ok {
			s.busy(st)
			defer s.wait(st)
			w = &answer{ResponseWriter: w, seats: s, seat: st}
		}
		next.ServeHTTP(w, r)
	})
}

// answer lets its seat wait from the first byte of the body on.
type answer struct {
	http.ResponseWriter
	seats *seats
	seat  *seat
	begun bool
}

func (a *answer) Write(b []byte) (int, error) {
	if !a.begun {
		a.begun = true
		a.seats.wait(a.seat)
	}
	return a.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the server's own writer.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (s *seats) busy(st *seat) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st.place != nil {
		s.waiting.Remove(st.place)
		st.place = nil
	}
}

func (s *seats) wait(st *seat) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken[st.conn] == st && st.place == nil {
		st.place = s.waiting.PushBack(st)
	}
}

func (s *seats) remove(st *seat) {
	delete(s.taken, st.conn)
	if st.place != nil {
		s.waiting.Remove(st.place)
		st.place = nil
	}
}
