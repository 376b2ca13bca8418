package whatsappcloudsim

import (
	"context"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"otpravka/internal/sim/calls"
	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/feed"
	"otpravka/internal/sim/loopback"
)

// Options change how the API behaves. The zero value approves templates at once
// and reports nothing by itself.
type Options struct {
	// Listener is served by Listen; nil is a free port of 127.0.0.1.
	Listener net.Listener
	// Client posts; nil is a client of the server's own.
	Client *http.Client
	// Reports are posted by themselves for each message, such as "sent",
	// "delivered". Empty: none.
	Reports []string
	// Review leaves new templates PENDING until Review is called.
	Review bool
	// Silent leaves our reference out of reports, as Meta does in some.
	Silent bool
}

// Account is a number with all that belongs to it.
type Account struct {
	Token, AppSecret         string
	PhoneNumberID, AccountID string
	Display, Name            string
}

// Message is what a phone got.
type Message struct {
	ID        string
	From      string // phone number id
	Phone     string // "+" and digits, or a user id
	Type      string // template, text, interactive
	Category  string // by which Meta takes its price
	Template  string
	Language  string
	Code      string            // of an authentication template
	Text      string            // of the others, with what was filled in
	Buttons   map[string]string // label to id
	Reference string
}

// Server is a Cloud API. All methods are safe for concurrent use.
type Server struct {
	opts    Options
	host    loopback.Server
	faults  fault.Plan
	log     calls.Log
	client  *http.Client
	changed feed.Notifier
	life    context.Context // ends with Close
	end     context.CancelFunc

	mu        sync.Mutex
	accounts  map[string]*account // by phone number id
	templates []*Template
	absent    map[string]bool // numbers that are not on WhatsApp
	wrote     map[string]time.Time
	messages  []Message
}

type account struct {
	Account
	hook       string // entered by the owner
	subscribed bool
}

var _ http.Handler = (*Server)(nil)

// New returns an API without accounts.
func New(opts Options) *Server {
	s := &Server{
		opts: opts, client: opts.Client, accounts: make(map[string]*account),
		absent: make(map[string]bool), wrote: make(map[string]time.Time),
	}
	s.life, s.end = context.WithCancel(context.Background())
	if s.client == nil {
		s.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}, Timeout: 10 * time.Second}
	}
	return s
}

// Listen starts serving and returns the base URL, without a trailing slash.
func (s *Server) Listen() (string, error) { return s.host.Listen(s.opts.Listener, s) }

// Close cuts all connections, drops outstanding reports and returns when no
// goroutine of the server runs any more.
func (s *Server) Close() {
	s.end()
	s.host.Close()
	s.client.CloseIdleConnections()
}

// AddAccount opens an account, or replaces one.
func (s *Server) AddAccount(a Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accounts[a.PhoneNumberID] = &account{Account: a}
}

// DropToken makes the token invalid.
func (s *Server) DropToken(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.accounts {
		if a.Token == token {
			a.Token = ""
		}
	}
}

// Leave takes the number off WhatsApp.
func (s *Server) Leave(phone string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.absent[phone] = true
}

// Fail adds a fault.
func (s *Server) Fail(rule fault.Rule) *fault.Fault { return s.faults.Add(rule) }

// Calls returns the recorded requests of a method in order of arrival; an empty
// method means all.
func (s *Server) Calls(method string) []calls.Call { return s.log.Calls(method) }

// WaitCalls blocks until n requests of the method have arrived since New.
func (s *Server) WaitCalls(ctx context.Context, method string, n int) error {
	return s.log.Wait(ctx, s.host.Closing(), method, n)
}

// Messages returns what the phone got, oldest first.
func (s *Server) Messages(phone string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.messages), func(m Message) bool { return m.Phone != phone })
}

// WaitFor blocks until the phone holds a message that fits and returns the newest
// such message.
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

// WaitMessage blocks until the phone holds a message and returns the newest.
func (s *Server) WaitMessage(ctx context.Context, phone string) (Message, error) {
	return s.WaitFor(ctx, phone, func(Message) bool { return true })
}
