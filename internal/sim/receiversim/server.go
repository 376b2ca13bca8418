package receiversim

import (
	"context"
	"encoding/json"
	"io"
	"iter"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"otpravka/internal/sim/calls"
	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/feed"
	"otpravka/internal/sim/loopback"
)

// Event is an event as the receiver got it.
type Event struct {
	ID     string            // the webhook-id
	Type   string            // from the body
	Mode   string            // from the body
	Data   map[string]string // from the body
	Body   []byte
	Header http.Header
	Time   time.Time
	// Signers is how many of the secrets that the receiver trusts have signed.
	Signers int
	// Repeated says that an event with this id was taken before.
	Repeated bool
}

// OfType is a predicate for WaitEvent.
func OfType(kind string) func(Event) bool { return func(e Event) bool { return e.Type == kind } }

// Options of a [Server]; the zero value suits most tests.
type Options struct {
	// Listener is what Listen serves on; nil means a free port of 127.0.0.1.
	// A loopback.Memory makes the server usable inside a synctest bubble.
	Listener net.Listener
	// Secrets are those that may sign; Trust names others.
	Secrets []string
	// Quiet keeps only the ids of events, so that a benchmark measures the
	// sender and not this server.
	Quiet bool
}

// Server is a merchant's receiver. All methods are safe for concurrent use.
type Server struct {
	opts   Options
	host   loopback.Server
	faults fault.Plan
	log    calls.Log
	taken  feed.Notifier
	stream feed.Feed[Event]

	mu      sync.Mutex
	secrets []string
	events  []Event
	ids     map[string]int // how often each was taken
}

var _ http.Handler = (*Server)(nil)

// New returns a receiver that trusts the secrets of the options.
func New(opts Options) *Server {
	s := &Server{opts: opts, secrets: opts.Secrets, ids: make(map[string]int)}
	s.log.Quiet = opts.Quiet
	return s
}

// Listen starts serving and returns the base URL, without a trailing slash.
func (s *Server) Listen() (string, error) { return s.host.Listen(s.opts.Listener, s) }

// URL returns the base URL, or "" before Listen.
func (s *Server) URL() string { return s.host.URL() }

// Close cuts all connections and ends all waits with [feed.ErrClosed].
func (s *Server) Close() {
	s.host.Close()
	s.stream.Close()
}

// Trust replaces the secrets that may sign.
func (s *Server) Trust(secrets ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secrets = secrets
}

// Fail adds a fault. Rule.Method is the type of an event, Rule.Target its id.
func (s *Server) Fail(rule fault.Rule) *fault.Fault { return s.faults.Add(rule) }

// ClearFaults lifts every fault.
func (s *Server) ClearFaults() { s.faults.Clear() }

// Calls returns the requests in the order of arrival, refused and failed ones
// included. Their method is the event's type, their target its id.
func (s *Server) Calls() []calls.Call { return s.log.Calls("") }

// CallCount returns how many requests arrived. It counts in quiet mode too.
func (s *Server) CallCount() int { return s.log.Count("") }

// WaitCalls blocks until n requests have arrived since New.
func (s *Server) WaitCalls(ctx context.Context, n int) error {
	return s.log.Wait(ctx, s.host.Closing(), "", n)
}

// Events returns the events that were taken, repeated ones included, in the
// order of their arrival.
func (s *Server) Events() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

// Taken returns how often the event was taken.
func (s *Server) Taken(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ids[id]
}

// Distinct returns how many different events were taken.
func (s *Server) Distinct() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.ids)
}

// WaitEvent blocks until an event was taken that fits, and returns the newest
// such event.
func (s *Server) WaitEvent(ctx context.Context, fits func(Event) bool) (Event, error) {
	return feed.Await(ctx, &s.taken, s.host.Closing(), func() (Event, bool) {
		for _, e := range slices.Backward(s.Events()) {
			if fits(e) {
				return e, true
			}
		}
		return Event{}, false
	})
}

// WaitDistinct blocks until n different events were taken.
func (s *Server) WaitDistinct(ctx context.Context, n int) error {
	_, err := feed.Await(ctx, &s.taken, s.host.Closing(), func() (int, bool) {
		have := s.Distinct()
		return have, have >= n
	})
	return err
}

// Subscribe returns the events that are taken from now on. See
// [feed.Feed.Subscribe] for how it ends.
func (s *Server) Subscribe(ctx context.Context) iter.Seq[Event] { return s.stream.Subscribe(ctx) }

// mostBody is what the receiver reads of a request. Events are far smaller.
const mostBody = 64 << 10

// ServeHTTP takes one event.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostBody))
	if err != nil {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	e := Event{ID: r.Header.Get(standardwebhooks.HeaderWebhookID), Body: body, Header: r.Header.Clone(), Time: time.Now()}
	var told struct {
		Type, Mode string
		Data       map[string]string
	}
	_ = json.Unmarshal(body, &told) // what is no event has no type
	e.Type, e.Mode, e.Data = told.Type, told.Mode, told.Data
	s.log.Record(calls.Call{Time: e.Time, Method: e.Type, Target: e.ID, Params: e.Data, Header: e.Header})
	s.faults.Serve(w, r, fault.Call{
		Method: e.Type, Target: e.ID, Closing: s.host.Closing(),
		Render: func(fault.Rule) (string, []byte) {
			return "text/plain", []byte("the receiver's own words: secret-of-the-receiver")
		},
		Process: func(w http.ResponseWriter) { s.take(w, e) },
	})
}

func (s *Server) take(w http.ResponseWriter, e Event) {
	if e.Signers = s.signers(e); e.Signers == 0 {
		http.Error(w, "not from Otpravka", http.StatusUnauthorized)
		return
	}
	s.mu.Lock()
	e.Repeated = s.ids[e.ID] > 0
	s.ids[e.ID]++
	if !s.opts.Quiet {
		s.events = append(s.events, e)
	}
	s.mu.Unlock()
	s.taken.Notify()
	s.stream.Publish(e)
	w.WriteHeader(http.StatusNoContent)
}

// signers counts the trusted secrets behind the signatures of an event.
func (s *Server) signers(e Event) int {
	s.mu.Lock()
	secrets := slices.Clone(s.secrets)
	s.mu.Unlock()
	n := 0
	for _, secret := range secrets {
		webhook, err := standardwebhooks.NewWebhook(secret)
		if err == nil && webhook.Verify(e.Body, e.Header) == nil {
			n++
		}
	}
	return n
}
