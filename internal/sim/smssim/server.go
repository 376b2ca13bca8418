package smssim

import (
	"context"
	"iter"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"otpravka/internal/sim/calls"
	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/feed"
	"otpravka/internal/sim/loopback"
)

// SMS is a message on a phone.
type SMS struct {
	ID       string // the provider's id
	To       string // as the sender wrote it
	From     string
	Text     string
	Ref      string // the sender's own id
	Callback string // where its delivery reports go
	Time     time.Time
}

var codeForm = regexp.MustCompile(`\b[0-9]{4,10}\b`)

// Code returns the first run of 4 to 10 digits in the text, or "".
func (m SMS) Code() string { return codeForm.FindString(m.Text) }

// HasCode is a predicate for WaitSMS: the text contains a code.
func HasCode() func(SMS) bool { return func(m SMS) bool { return m.Code() != "" } }

// inbox holds the messages on one phone.
type inbox struct {
	messages []SMS
	arrived  feed.Notifier
}

// Server is an SMS provider. All methods are safe for concurrent use. Phone
// numbers are compared by their digits, so a "+" does not matter.
type Server struct {
	opts    Options
	host    loopback.Server
	faults  fault.Plan
	log     calls.Log
	posted  feed.Notifier
	inboxes feed.Feed[SMS]
	client  *http.Client
	life    context.Context // ends with Close
	end     context.CancelFunc

	mu      sync.Mutex
	lastID  int
	byPhone map[string]*inbox
	byID    map[string]SMS // not in quiet mode
	plans   map[string]Reports
	reports []Report
}

var _ http.Handler = (*Server)(nil)

// New returns a provider with empty phones.
func New(opts Options) *Server {
	s := &Server{
		opts:    opts.withDefaults(),
		client:  opts.Client,
		byPhone: make(map[string]*inbox),
		byID:    make(map[string]SMS),
		plans:   make(map[string]Reports),
	}
	s.life, s.end = context.WithCancel(context.Background())
	s.log.Quiet = opts.Quiet
	if s.client == nil {
		s.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}, Timeout: 10 * time.Second}
	}
	return s
}

// Listen starts serving and returns the base URL, without a trailing slash.
// Call it once; a server that is mounted as a handler elsewhere needs no Listen.
func (s *Server) Listen() (string, error) { return s.host.Listen(s.opts.Listener, s) }

// URL returns the base URL, or "" before Listen.
func (s *Server) URL() string { return s.host.URL() }

// Close cuts all connections, drops outstanding delivery reports, ends all
// waits with [feed.ErrClosed] and returns when no goroutine of the server runs
// any more.
func (s *Server) Close() {
	s.end()
	s.host.Close()
	s.inboxes.Close()
	s.client.CloseIdleConnections()
}

// Fail adds a fault. Rule.Method is "send" or empty, Rule.Target a phone number.
func (s *Server) Fail(rule fault.Rule) *fault.Fault {
	rule.Target = digits(rule.Target)
	return s.faults.Add(rule)
}

// ClearFaults lifts every fault.
func (s *Server) ClearFaults() { s.faults.Clear() }

// Calls returns the recorded requests in order of arrival, refused ones
// included. Their method is "send".
func (s *Server) Calls() []calls.Call { return s.log.Calls("") }

// CallCount returns how many requests arrived. It counts in quiet mode too.
func (s *Server) CallCount() int { return s.log.Count("") }

// WaitCalls blocks until n requests have arrived since New.
func (s *Server) WaitCalls(ctx context.Context, n int) error {
	return s.log.Wait(ctx, s.host.Closing(), "", n)
}

// Inbox returns the messages on a phone, oldest first.
func (s *Server) Inbox(phone string) []SMS {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.inbox(phone).messages)
}

// WaitSMS blocks until the phone holds a message that fits and returns the
// newest such message.
func (s *Server) WaitSMS(ctx context.Context, phone string, fits func(SMS) bool) (SMS, error) {
	s.mu.Lock()
	arrived := &s.inbox(phone).arrived
	s.mu.Unlock()
	return feed.Await(ctx, arrived, s.host.Closing(), func() (SMS, bool) {
		for _, m := range slices.Backward(s.Inbox(phone)) {
			if fits(m) {
				return m, true
			}
		}
		return SMS{}, false
	})
}

// Subscribe returns the messages that arrive on all phones from now on. See
// [feed.Feed.Subscribe] for how it ends.
func (s *Server) Subscribe(ctx context.Context) iter.Seq[SMS] { return s.inboxes.Subscribe(ctx) }

// inbox returns what holds a phone's messages. The caller holds the lock.
func (s *Server) inbox(phone string) *inbox {
	key := digits(phone)
	box, ok := s.byPhone[key]
	if !ok {
		box = &inbox{}
		s.byPhone[key] = box
	}
	return box
}

func digits(phone string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, phone)
}
