// Package freeport finds ports for servers that are started a moment later, as
// processes of their own, and keep them over their restarts. A bench, the demo and
// tests do so; nothing that serves users does.
package freeport

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"net"
	"strconv"
	"sync/atomic"
)

// Systems give outgoing connections ports from 32768 up (ip_local_port_range in
// Linux's ip-sysctl) or from 49152 up (RFC 6335, section 6). Those below are not
// taken by one in the moment between the look and the start.
const (
	lowest = 20_000
	count  = 12_000
)

// last starts anywhere, so that tests of several rooms that run at once seldom ask
// for the same port.
var last atomic.Uint32

func init() {
	var seed [4]byte
	_, _ = rand.Read(seed[:]) // never fails, by its own words
	last.Store(binary.LittleEndian.Uint32(seed[:]) % count)
}

// Address returns an address of this machine that nobody listens on. No two that a
// process is given are the same, until it has been given thousands.
func Address() (string, error) {
	var failed error
	for range count {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(lowest+int(last.Add(1)%count)))
		ln, err := net.Listen("tcp", addr)
		if err == nil {
			return addr, ln.Close()
		}
		failed = err
	}
	return "", fmt.Errorf("no port is free from %d to %d: %w", lowest, lowest+count-1, failed)
}

// For is Address for a test.
func For(t interface {
	Helper()
	Fatal(args ...any)
},
) string {
	t.Helper()
	addr, err := Address()
	if err != nil {
		t.Fatal(err)
	}
	return addr
}
