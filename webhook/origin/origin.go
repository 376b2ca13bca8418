// Package origin tells whose request it is, by address. Behind a proxy every
// connection comes from the proxy, which writes the address of its own caller
// into X-Forwarded-For; anybody else can write that header too.
package origin

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
)

// Proxies are the networks whose word on the caller's address is taken. The
// zero value takes nobody's.
type Proxies []netip.Prefix

// Parse reads networks (10.0.0.0/8) and single addresses.
func Parse(list []string) (Proxies, error) {
	var p Proxies
	for _, text := range list {
		network, err := parseNetwork(text)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", text, err)
		}
		p = append(p, network)
	}
	return p, nil
}

var (
	errNoNetwork = errors.New("write a network like 10.0.0.0/8, or an address")
	errMapped    = errors.New("write it as an IPv4 network")
	errEverybody = errors.New("this is everybody, and then everybody chooses their own address: name the proxy's network")
)

func parseNetwork(text string) (netip.Prefix, error) {
	network, err := netip.ParsePrefix(text)
	if addr, single := netip.ParseAddr(text); single == nil && addr.Zone() == "" {
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	switch {
	case err != nil:
		return network, errNoNetwork
	case network.Addr().Is4In6():
		return network, errMapped
	case network.Bits() == 0:
		return network, errEverybody
	}
	return network.Masked(), nil
}

func (p Proxies) trusts(addr netip.Addr) bool {
	return slices.ContainsFunc(p, func(n netip.Prefix) bool { return n.Contains(addr) })
}

// Of is the caller's address, and false where the connection has none. From the
// right, the header holds what each proxy has seen in front of it: the first
// address that is no proxy of ours is the caller's, and what stands to the left
// of it is the caller's own word. Where a proxy of ours has written something
// else than an address, the last one that is known counts.
func (p Proxies) Of(remote string, forwarded []string) (netip.Addr, bool) {
	peer, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}, false
	}
	caller := plain(peer.Addr())
	hops := strings.Split(strings.Join(forwarded, ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !p.trusts(caller) {
			break
		}
		before, ok := parseHop(strings.TrimSpace(hop))
		if !ok {
			break
		}
		caller = before
	}
	return caller, true
}

// parseHop reads an address as proxies write it, some with its port.
func parseHop(text string) (netip.Addr, bool) {
	if addr, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return plain(addr), true
	}
	with, err := netip.ParseAddrPort(text)
	return plain(with.Addr()), err == nil
}

// plain is the one form of an address that several stand for.
func plain(addr netip.Addr) netip.Addr { return addr.Unmap().WithZone("") }

// Middleware stands outermost. It puts the caller's address in the place of the
// connection's, for everybody who comes after it.
func (p Proxies) Middleware(next echo.HandlerFunc) echo.HandlerFunc {
	if len(p) == 0 {
		return next
	}
	return func(c echo.Context) error {
		r := c.Request()
		if caller, ok := p.Of(r.RemoteAddr, r.Header.Values("X-Forwarded-For")); ok {
			r.RemoteAddr = net.JoinHostPort(caller.String(), noPort)
		}
		return next(c)
	}
}

// noPort stands for the caller's, which the header does not tell.
const noPort = "0"

// Network is whom a limit counts for: an IPv4 address, or the /64 of an IPv6
// one, which a single customer of a network draws addresses from at will.
func Network(r *http.Request) string {
	addr, ok := Proxies(nil).Of(r.RemoteAddr, nil)
	if !ok {
		return r.RemoteAddr
	}
	if addr.Is4() {
		return addr.String()
	}
	return netip.PrefixFrom(addr, 64).Masked().String()
}
