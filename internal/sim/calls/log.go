// Package calls records the requests that a simulator received, so that a test
// can look at what was really sent over the wire.
package calls

import (
	"context"
	"maps"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"otpravka/internal/sim/feed"
)

// Call is one request. A recorded call is shared between readers: do not write to it.
type Call struct {
	// Time is when the request was read completely.
	Time time.Time
	// Method is the Bot API method as the caller spelled it, or "send".
	Method string
	// Target is the bot's username, or the digits of the phone number.
	Target string
	// Params are the request's fields, from whatever encoding they came in;
	// values that are not strings are their JSON text.
	Params map[string]string
	// Header holds the request's header fields.
	Header http.Header
}

// Log counts calls and, unless it is quiet, keeps them. The zero value keeps all.
type Log struct {
	// Quiet keeps no calls, only counts. Set it before the first call.
	Quiet bool

	counts  sync.Map // lower-case method -> *atomic.Int64
	total   atomic.Int64
	changed feed.Notifier
	mu      sync.Mutex
	calls   []Call
}

// Record adds a call.
func (l *Log) Record(c Call) {
	l.total.Add(1)
	l.counter(c.Method).Add(1)
	if !l.Quiet {
		c.Header = maps.Clone(c.Header)
		l.mu.Lock()
		l.calls = append(l.calls, c)
		l.mu.Unlock()
	}
	l.changed.Notify()
}

// Calls returns the recorded calls of a method in the order of arrival; an
// empty method means all. A quiet log returns none.
func (l *Log) Calls(method string) []Call {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []Call
	for _, c := range l.calls {
		if method == "" || strings.EqualFold(c.Method, method) {
			found = append(found, c)
		}
	}
	return found
}

// Count returns how many calls of a method arrived; an empty method means all.
// A quiet log counts too.
func (l *Log) Count(method string) int {
	if method == "" {
		return int(l.total.Load())
	}
	return int(l.counter(method).Load())
}

// Wait blocks until at least n calls of the method have arrived since the
// simulator started.
func (l *Log) Wait(ctx context.Context, closing <-chan struct{}, method string, n int) error {
	_, err := feed.Await(ctx, &l.changed, closing, func() (int, bool) {
		count := l.Count(method)
		return count, count >= n
	})
	return err
}

// Reset forgets the recorded calls; the counts stay.
func (l *Log) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = nil
}

func (l *Log) counter(method string) *atomic.Int64 {
	if c, ok := l.counts.Load(method); ok {
		return c.(*atomic.Int64)
	}
	// One counter serves all spellings of a method; the spelling is remembered
	// as a second key, so that the busy path folds no case.
	folded, _ := l.counts.LoadOrStore(strings.ToLower(method), new(atomic.Int64))
	c, _ := l.counts.LoadOrStore(method, folded)
	return c.(*atomic.Int64)
}
