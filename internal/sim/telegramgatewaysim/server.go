package telegramgatewaysim

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"otpravka/internal/sim/calls"
	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/feed"
	"otpravka/internal/sim/loopback"
)

// Server is a Gateway. All methods are safe for concurrent use.
type Server struct {
	opts    Options
	host    loopback.Server
	faults  fault.Plan
	log     calls.Log
	client  *http.Client
	changed feed.Notifier
	life    context.Context // ends with Close
	end     context.CancelFunc

	mu       sync.Mutex
	balances map[string]float64 // by token
	absent   map[string]bool    // numbers that are not on Telegram
	messages []*entry           // in the order of their sends
}

// entry is a message with the account that sent it.
type entry struct {
	Message
	token string
}

var _ http.Handler = (*Server)(nil)

// New returns a Gateway without accounts.
func New(opts Options) *Server {
	s := &Server{opts: opts, client: opts.Client, balances: make(map[string]float64), absent: make(map[string]bool)}
	s.life, s.end = context.WithCancel(context.Background())
	if s.client == nil {
		s.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}, Timeout: 10 * time.Second}
	}
	if s.opts.Now == nil {
		s.opts.Now = time.Now
	}
	return s
}

// Listen starts serving and returns the base URL, without a trailing slash.
func (s *Server) Listen() (string, error) { return s.host.Listen(s.opts.Listener, s) }

// URL returns the base URL, or "" before Listen.
func (s *Server) URL() string { return s.host.URL() }

// Close cuts all connections, drops outstanding reports and returns when no
// goroutine of the server runs any more.
func (s *Server) Close() {
	s.end()
	s.host.Close()
	s.client.CloseIdleConnections()
}

// AddAccount opens an account, or changes the balance of one.
func (s *Server) AddAccount(token string, dollars float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.balances[token] = dollars
}

// DropAccount makes the token invalid.
func (s *Server) DropAccount(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.balances, token)
}

// Leave takes the number off Telegram.
func (s *Server) Leave(phone string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.absent[phone] = true
}

// Fail adds a fault. Rule.Method is a method of the API, Rule.Target a phone
// number.
func (s *Server) Fail(rule fault.Rule) *fault.Fault { return s.faults.Add(rule) }

// Calls returns the recorded requests of a method in order of arrival; an empty
// method means all.
func (s *Server) Calls(method string) []calls.Call { return s.log.Calls(method) }

// WaitCalls blocks until n requests of the method have arrived since New.
func (s *Server) WaitCalls(ctx context.Context, method string, n int) error {
	return s.log.Wait(ctx, s.host.Closing(), method, n)
}

// Messages returns what was sent to the phone, oldest first.
func (s *Server) Messages(phone string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []Message
	for _, m := range s.messages {
		if m.Phone == phone {
			found = append(found, m.Message)
		}
	}
	return found
}

// WaitMessage blocks until the phone holds a message and returns the newest.
func (s *Server) WaitMessage(ctx context.Context, phone string) (Message, error) {
	return s.WaitFor(ctx, phone, func(Message) bool { return true })
}

// WaitFor blocks until the phone holds a message that fits and returns the
// newest such message.
func (s *Server) WaitFor(ctx context.Context, phone string, fits func(Message) bool) (Message, error) {
	return feed.Await(ctx, &s.changed, s.host.Closing(), func() (Message, bool) {
		for _, m := range slices.Backward(s.Messages(phone)) {
			if fits(m) {
				return m, true
			}
		}
		return Message{}, false
	})
}

// find returns the account's message, or nil. The caller holds the lock.
func (s *Server) find(token, id string) *entry {
	for _, m := range s.messages {
		if m.RequestID == id && m.token == token {
			return m
		}
	}
	return nil
}
