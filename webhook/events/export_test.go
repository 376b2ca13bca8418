package events

import (
	"context"
	"net"
	"strconv"

	"code.dny.dev/ssrf"
)

// WithPorts lets the guard pass another port than 443, so that a test sees that
// it is the address which it refuses.
func (g *Guard) WithPorts(port string) {
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		panic(err)
	}
	g.safe = ssrf.New(ssrf.WithPorts(443, uint16(n)), ssrf.WithDeniedV4Prefixes(azureHost)).Safe
}

// Through has connections to opened addresses made by dial, inside a bubble,
// where nothing may wait for a real socket.
func (g *Guard) Through(dial func(ctx context.Context, network, address string) (net.Conn, error)) {
	g.plain = dial
}
