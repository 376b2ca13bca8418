package events_test

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// names is a name server on loopback whose answers a test changes.
type names struct {
	conn net.PacketConn
	over chan struct{}

	mu    sync.Mutex
	hosts map[string][]string // name without the last dot -> addresses, given out in turn where turn is set
	turn  map[string]int      // how often a name was asked for; names in it give one address at a time
}

func newNames(t testing.TB) *names {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &names{conn: conn, over: make(chan struct{}), hosts: map[string][]string{}, turn: map[string]int{}}
	go n.serve()
	t.Cleanup(func() { _ = conn.Close(); <-n.over })
	return n
}

// resolver asks the name server and nobody else.
func (n *names) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", n.conn.LocalAddr().String())
	}}
}

// set gives a name all the addresses at once; rebind one after the other, the
// last one for ever.
func (n *names) set(name string, addresses ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hosts[name] = addresses
}

func (n *names) rebind(name string, addresses ...string) {
	n.set(name, addresses...)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.turn[name] = 0
}

func (n *names) serve() {
	defer close(n.over)
	buf := make([]byte, 1500)
	for {
		size, from, err := n.conn.ReadFrom(buf)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(buf[:size]) != nil || len(m.Questions) != 1 {
			continue
		}
		m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
		q := m.Questions[0]
		found, known := n.look(strings.ToLower(strings.TrimSuffix(q.Name.String(), ".")), q.Type)
		if !known {
			m.RCode = dnsmessage.RCodeNameError
		}
		for _, ip := range found {
			head := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: dnsmessage.ClassINET, TTL: 1}
			if q.Type == dnsmessage.TypeA {
				m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AResource{A: ip.As4()}})
			} else {
				m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AAAAResource{AAAA: ip.As16()}})
			}
		}
		raw, err := m.Pack()
		if err == nil {
			_, _ = n.conn.WriteTo(raw, from)
		}
	}
}

// look gives the addresses of the family. A name that is being rebound moves
// on with each question for an IPv4 address.
func (n *names) look(name string, kind dnsmessage.Type) (found []netip.Addr, known bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	all, known := n.hosts[name]
	if at, turns := n.turn[name]; turns && len(all) > 0 {
		if kind == dnsmessage.TypeA {
			n.turn[name]++
		}
		all = all[min(at, len(all)-1):][:1]
	}
	for _, text := range all {
		ip := netip.MustParseAddr(text)
		if ip.Is4() == (kind == dnsmessage.TypeA) {
			found = append(found, ip)
		}
	}
	return found, known
}
