package telegramsim

import (
	"context"
	"iter"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"otpravka/internal/sim/calls"
	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/feed"
	"otpravka/internal/sim/loopback"
)

// Options of a [Server]; the zero value suits most tests.
type Options struct {
	// Listener is what Listen serves on; nil means a free port of 127.0.0.1.
	// A [loopback.Memory] makes the server usable inside a synctest bubble.
	Listener net.Listener
	// Quiet keeps no request log and only the newest 50 messages of a chat, so
	// that a benchmark measures the caller and not this server.
	Quiet bool
	// Limits are Telegram's own limits on sending; the zero value has none.
	// [TelegramLimits] are the published ones.
	Limits Limits
	// WebhookClient posts updates to webhooks. It must not follow redirects.
	// Nil means a client of the server's own, with a time-out of 60 s.
	WebhookClient *http.Client
	// WebhookBackoff is the pause before a failed webhook post is repeated
	// first; it doubles with each failure up to 120 times itself. A Retry-After
	// in the answer is obeyed instead. 0 means one second, as at Telegram.
	WebhookBackoff time.Duration
	// StrictWebhooks refuses webhook addresses that Telegram refuses: plain
	// HTTP, and ports other than 443, 80, 88 and 8443.
	StrictWebhooks bool
	// OnlyForwardOrigin leaves out forward_from, forward_sender_name and
	// forward_date, which Bot API 7.0 replaced by forward_origin.
	OnlyForwardOrigin bool
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Server is one Telegram: bots, people, groups and the Bot API between them.
// All methods are safe for concurrent use.
type Server struct {
	opts    Options
	host    loopback.Server
	faults  fault.Plan
	log     calls.Log
	changes feed.Feed[Change]
	hooks   *http.Client
	methods map[string]method
	life    context.Context // ends with Close
	end     context.CancelFunc

	mu        sync.Mutex
	byToken   map[string]*Bot
	users     map[int64]*User
	groups    map[int64]*Group
	presses   map[string]*Press
	lastUser  int64
	lastGroup int64
	lastBot   int64
	lastPress int64
}

var _ http.Handler = (*Server)(nil)

// New returns a Telegram with nobody in it.
func New(opts Options) *Server {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.WebhookBackoff <= 0 {
		opts.WebhookBackoff = time.Second
	}
	s := &Server{
		opts:      opts,
		hooks:     opts.WebhookClient,
		methods:   methodTable(),
		byToken:   make(map[string]*Bot),
		users:     make(map[int64]*User),
		groups:    make(map[int64]*Group),
		presses:   make(map[string]*Press),
		lastUser:  100_000_000,
		lastGroup: 4_000_000,
		lastBot:   5_000_000_000,
	}
	s.life, s.end = context.WithCancel(context.Background())
	s.log.Quiet = opts.Quiet
	if s.hooks == nil {
		s.hooks = newWebhookClient()
	}
	return s
}

// Listen starts serving and returns the base URL, without a trailing slash.
// Call it once; a server that is mounted as a handler elsewhere needs no Listen.
func (s *Server) Listen() (string, error) { return s.host.Listen(s.opts.Listener, s) }

// URL returns the base URL, or "" before Listen.
func (s *Server) URL() string { return s.host.URL() }

// Close cuts all connections, ends all waits with [feed.ErrClosed] and returns
// when no goroutine of the server runs any more.
func (s *Server) Close() {
	s.end()
	s.host.Close()
	s.changes.Close()
	s.hooks.CloseIdleConnections()
}

// Fail adds a fault. Rule.Method is a Bot API method, Rule.Target a bot's
// username. Without a Description the error text is the one Telegram uses.
func (s *Server) Fail(rule fault.Rule) *fault.Fault { return s.faults.Add(rule) }

// ClearFaults lifts every fault.
func (s *Server) ClearFaults() { s.faults.Clear() }

// Calls returns the recorded requests of one method ("" for all) in order of
// arrival, faulty ones included. Params hold text, so a chat_id is "100000001".
func (s *Server) Calls(method string) []calls.Call { return s.log.Calls(method) }

// CallCount returns how many requests of a method ("" for all) arrived. It
// counts in quiet mode too.
func (s *Server) CallCount(method string) int { return s.log.Count(method) }

// WaitCalls blocks until n requests of a method have arrived since New.
func (s *Server) WaitCalls(ctx context.Context, method string, n int) error {
	return s.log.Wait(ctx, s.host.Closing(), method, n)
}

// ResetCalls forgets the recorded requests; CallCount goes on.
func (s *Server) ResetCalls() { s.log.Reset() }

// Subscribe returns all changes on all phones from now on, for pages that
// mirror a phone. See [feed.Feed.Subscribe] for how it ends.
func (s *Server) Subscribe(ctx context.Context) iter.Seq[Change] { return s.changes.Subscribe(ctx) }

// User returns the person with this id, which is also the id of the private chats.
func (s *Server) User(id int64) (*User, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ok := s.users[id]
	return u, ok
}

// Bot returns the bot with this username, in any case and without "@".
func (s *Server) Bot(username string) (*Bot, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.byToken {
		if strings.EqualFold(b.username, username) {
			return b, true
		}
	}
	return nil, false
}
