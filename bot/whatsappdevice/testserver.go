//go:build !nowhatsmeow

package whatsappdevice

import (
	"encoding/hex"
	"errors"
	"net"
	"strings"
	"sync"

	"go.mau.fi/whatsmeow"
)

// TestServer is a simulated WhatsApp that stands in for the real one, over plain
// TCP. The zero value is the real one.
type TestServer struct {
	Address string   // host and port
	Root    [32]byte // signs its certificates in WhatsApp's place
}

var errTestServer = errors.New("a WhatsApp test server is given as host:port,key with the 64 hexadecimal digits of its root key")

// ParseTestServer reads "host:port,hexkey"; empty is the real WhatsApp.
func ParseTestServer(text string) (TestServer, error) {
	if text == "" {
		return TestServer{}, nil
	}
	address, key, _ := strings.Cut(text, ",")
	root, err := hex.DecodeString(key)
	if _, _, split := net.SplitHostPort(address); err != nil || split != nil || len(root) != 32 {
		return TestServer{}, errTestServer
	}
	return TestServer{Address: address, Root: [32]byte(root)}, nil
}

// trusting guards the library's root key, which is a variable of its package.
var trusting sync.Mutex

// trust makes the library believe the test server. A process talks to one
// WhatsApp only.
func (s TestServer) trust() {
	if s.Address == "" {
		return
	}
	trusting.Lock()
	defer trusting.Unlock()
	if whatsmeow.WACertPubKey != s.Root { // read by clients without a lock: written once
		whatsmeow.WACertPubKey = s.Root
	}
}
