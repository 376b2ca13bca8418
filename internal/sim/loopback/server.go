// Package loopback runs a simulator's handler on a listener and closes it
// without leaving a goroutine behind.
package loopback

import (
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// Server serves one handler. The zero value is ready; it may also be used
// without a listener, when the handler is mounted elsewhere.
type Server struct {
	mu      sync.Mutex
	closed  bool
	closing chan struct{}
	http    *http.Server
	work    sync.WaitGroup
	base    string
}

// Listen starts serving on the listener, or on a free port of 127.0.0.1 where
// it is nil, and returns the base URL without a trailing slash. The server
// closes the listener. Call it once.
func (s *Server) Listen(listener net.Listener, handler http.Handler) (string, error) {
	if listener == nil {
		var err error
		if listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return "", err
		}
	}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		// Cut connections are wanted here and deserve no line on standard error.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	s.mu.Lock()
	s.http, s.base = server, "http://"+listener.Addr().String()
	s.mu.Unlock()
	if !s.Go(func() { _ = server.Serve(listener) }) {
		_ = listener.Close()
		return "", http.ErrServerClosed
	}
	return s.URL(), nil
}

// URL returns the base URL, or "" before Listen.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.base
}

// Closing returns a channel that closes when Close begins; whatever waits
// inside a handler must select on it.
func (s *Server) Closing() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closingLocked()
}

func (s *Server) closingLocked() chan struct{} {
	if s.closing == nil {
		s.closing = make(chan struct{})
	}
	return s.closing
}

// Enter announces a running handler that Close must wait for; it reports false
// once the server is closed. A true answer is followed by Leave.
func (s *Server) Enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.work.Add(1)
	return true
}

// Leave ends what Enter began.
func (s *Server) Leave() { s.work.Done() }

// Go runs fn in a goroutine that Close waits for. It reports false, and runs
// nothing, once the server is closed.
func (s *Server) Go(fn func()) bool {
	if !s.Enter() {
		return false
	}
	go func() {
		defer s.Leave()
		fn()
	}()
	return true
}

// Close cuts all connections, ends all waits and returns when every handler
// and every goroutine has ended. Closing twice does no harm.
func (s *Server) Close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.closingLocked())
	}
	server := s.http
	s.mu.Unlock()
	if server != nil {
		_ = server.Close()
	}
	s.work.Wait()
}
