package loopback

import (
	"context"
	"net"
	"net/http"
	"sync"
)

// Memory is a listener without sockets: both ends of each connection are a
// [net.Pipe]. Inside a testing/synctest bubble, where nothing may wait on a
// real socket, a simulator listens on it and clients dial through it. Make it
// inside the bubble.
type Memory struct {
	host  string
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

var _ net.Listener = (*Memory)(nil)

// NewMemory returns a listener whose base URL is "http://" + host.
func NewMemory(host string) *Memory {
	return &Memory{host: host, conns: make(chan net.Conn), done: make(chan struct{})}
}

// Accept waits for the next dial.
func (m *Memory) Accept() (net.Conn, error) {
	select {
	case conn := <-m.conns:
		return conn, nil
	case <-m.done:
		return nil, net.ErrClosed
	}
}

// Close refuses all further dials.
func (m *Memory) Close() error {
	m.once.Do(func() { close(m.done) })
	return nil
}

// Addr returns the host that NewMemory was given.
func (m *Memory) Addr() net.Addr { return address(m.host) }

// DialContext connects to the listener, whatever address it is asked for, so
// that it fits into [http.Transport].
func (m *Memory) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	var err error
	select {
	case m.conns <- far:
		return near, nil
	case <-m.done:
		err = net.ErrClosed
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	_ = near.Close()
	_ = far.Close()
	return nil, err
}

// Client returns a new HTTP client that reaches only this listener. Close its
// idle connections before a synctest bubble ends.
func (m *Memory) Client() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: m.DialContext}}
}

type address string

func (a address) Network() string { return "memory" }
func (a address) String() string  { return string(a) }
