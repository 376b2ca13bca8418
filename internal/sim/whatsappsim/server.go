//go:build !nowhatsmeow

package whatsappsim

import (
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.mau.fi/whatsmeow/types"

	"otpravka/internal/sim/calls"
	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/loopback"
)

// Options of a [Server]; the zero value suits most tests.
type Options struct {
	// Listener is what Listen serves on; nil means a free port of 127.0.0.1.
	Listener net.Listener
	// Quiet keeps no log of stanzas, only counts.
	Quiet bool
	// FewKeys tells a device that has just been linked that one of its one-time
	// keys is here already. It then makes 50 instead of 812, and a link takes a
	// tenth of the time; nothing else changes.
	FewKeys bool
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Server is one WhatsApp: phones, their linked devices and the wire between
// them. All methods are safe for concurrent use.
type Server struct {
	opts   Options
	host   loopback.Server
	trust  *authority
	faults fault.Plan
	log    calls.Log
	wanted atomic.Uint32   // revision of WhatsApp Web that the site tells of; zero: none
	life   context.Context // ends with Close
	end    context.CancelFunc

	// mu guards everything that is not a key: who exists, what is linked and
	// connected, what waits. It is never held while a key is used or a stanza
	// is written.
	mu       sync.Mutex
	byNumber map[string]*Phone
	byLID    map[string]*Phone
	refs     map[string]*conn // QR reference -> the connection that shows it
	codes    map[string]*hello
	lastSeq  uint64
}

var _ http.Handler = (*Server)(nil)

// New returns a WhatsApp with nobody in it. It panics only if the machine gives
// no random bytes.
func New(opts Options) *Server {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	trust, err := newAuthority(opts.Now())
	if err != nil {
		panic(fmt.Sprintf("whatsappsim: %v", err))
	}
	s := &Server{
		opts:     opts,
		trust:    trust,
		byNumber: make(map[string]*Phone),
		byLID:    make(map[string]*Phone),
		refs:     make(map[string]*conn),
		codes:    make(map[string]*hello),
	}
	s.life, s.end = context.WithCancel(context.Background())
	s.log.Quiet = opts.Quiet
	return s
}

// Listen starts serving and returns the address as host:port. Call it once.
func (s *Server) Listen() (string, error) {
	base, err := s.host.Listen(s.opts.Listener, s)
	return strings.TrimPrefix(base, "http://"), err
}

// RootKey is the key that signs the server's certificates. A client trusts this
// server once it holds the key in place of WhatsApp's own.
func (s *Server) RootKey() [32]byte { return *s.trust.root.Pub }

// TestServer is "host:port,hexkey", the form in which a program is told where
// this server is and which root key it has. It is "," and a key before Listen.
func (s *Server) TestServer() string {
	key := s.RootKey()
	return strings.TrimPrefix(s.host.URL(), "http://") + "," + hex.EncodeToString(key[:])
}

// Close cuts all connections, ends all waits with feed.ErrClosed and returns
// when no goroutine of the server runs any more.
func (s *Server) Close() {
	s.end()
	s.host.Close()
}

// Fail adds a fault. The package comment lists what each rule does.
func (s *Server) Fail(rule fault.Rule) *fault.Fault { return s.faults.Add(rule) }

// ClearFaults lifts every fault.
func (s *Server) ClearFaults() { s.faults.Clear() }

// Calls returns the recorded stanzas of one method ("" for all) in order of
// arrival. Params are the stanza's attributes.
func (s *Server) Calls(method string) []calls.Call { return s.log.Calls(method) }

// CallCount returns how many stanzas of a method arrived, in quiet mode too.
func (s *Server) CallCount(method string) int { return s.log.Count(method) }

// WaitCalls blocks until n stanzas of a method have arrived since New.
func (s *Server) WaitCalls(ctx context.Context, method string, n int) error {
	return s.log.Wait(ctx, s.host.Closing(), method, n)
}

// SetRevision makes the site of WhatsApp Web, which clients ask which version is
// the present one, name version 2.3000 with this revision.
func (s *Server) SetRevision(revision uint32) { s.wanted.Store(revision) }

// site answers a browser, or a client that reads the version off the page.
func (s *Server) site(w http.ResponseWriter) {
	revision := s.wanted.Load()
	if revision == 0 {
		http.Error(w, "there is no site here", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/html")
	fmt.Fprintf(w, `<html><script>{"server_revision":1,"client_revision":%d,"tier":"sim"}</script></html>`, revision)
}

// Cut drops the connections of all linked devices without a word.
func (s *Server) Cut() {
	for _, c := range s.connected() {
		c.cut()
	}
}

func (s *Server) connected() []*conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*conn
	for _, p := range s.byNumber {
		for _, d := range p.devices {
			if d.conn != nil {
				all = append(all, d.conn)
			}
		}
	}
	return all
}

// Phone returns the phone with this number, with or without "+".
func (s *Server) Phone(number string) (*Phone, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.byNumber[strings.TrimPrefix(number, "+")]
	return p, ok
}

// find returns the phone behind an address, by number or by LID, or nil.
func (s *Server) find(jid types.JID) *Phone {
	s.mu.Lock()
	defer s.mu.Unlock()
	if jid.Server == types.HiddenUserServer {
		return s.byLID[jid.User]
	}
	return s.byNumber[jid.User]
}

// record keeps a call in the log.
func (s *Server) record(method, target string, n node) {
	s.log.Record(calls.Call{Time: s.opts.Now(), Method: method, Target: target, Params: params(n)})
}

// pause waits in the real time of the wire, and not beyond Close.
func (s *Server) pause(d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.life.Done():
	}
}

// unix is the present as stanzas carry it.
func (s *Server) unix() int64 { return s.opts.Now().Unix() }
