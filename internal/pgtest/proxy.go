package pgtest

import (
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// Proxy stands between a program and PostgreSQL and breaks what is between
// them. It is used outside of bubbles only.
type Proxy struct {
	URL string // of the database, through the proxy

	server  func() (net.Conn, error)
	running sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	refuses bool
	mute    bool // answers of the server are lost, and the connection with them
	conns   map[net.Conn]bool
}

// NewProxy puts a proxy before the database for the time of the test.
func NewProxy(t testing.TB, database string) *Proxy {
	t.Helper()
	config, err := pgconn.ParseConfig(database)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "pp")
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL.5432"))
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{URL: With(t, With(t, database, "host", dir), "port", "5432"), conns: make(map[net.Conn]bool)}
	p.server = func() (net.Conn, error) { return net.Dial(pgconn.NetworkAddress(config.Host, config.Port)) }
	p.running.Go(func() { p.accept(ln) })
	t.Cleanup(func() {
		_ = ln.Close()
		p.mu.Lock()
		p.closed = true
		p.mu.Unlock()
		p.Cut()
		p.running.Wait()
		_ = os.RemoveAll(dir)
	})
	return p
}

func (p *Proxy) accept(ln net.Listener) {
	for {
		client, err := ln.Accept()
		if err != nil {
			return
		}
		server, err := p.server()
		if err != nil || !p.keep(client, server) {
			_ = client.Close()
			if err == nil {
				_ = server.Close()
			}
			continue
		}
		p.running.Go(func() { p.pass(server, client, false) })
		p.running.Go(func() { p.pass(client, server, true) })
	}
}

func (p *Proxy) keep(pair ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range pair {
		p.conns[c] = true
	}
	return !p.closed && !p.refuses
}

// pass copies until either side is gone, or until an answer is to be lost.
func (p *Proxy) pass(to, from net.Conn, answers bool) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if err != nil || answers && p.muted() {
			break
		}
		if _, err := to.Write(buf[:n]); err != nil {
			break
		}
	}
	_, _ = to.Close(), from.Close()
}

func (p *Proxy) muted() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mute
}

// Cut breaks every connection at once.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
	clear(p.conns)
}

// Refuse turns new connections away, or lets them in again.
func (p *Proxy) Refuse(yes bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuses = yes
}

// Mute loses the next answer of the server on each connection, and breaks the
// connection there: what was asked has been done, and nobody learns of it.
func (p *Proxy) Mute(yes bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mute = yes
}
