// Package ratelimit counts calls in memory, so that one client cannot take a
// node for itself. Limits that protect codes are rows in the database; these
// here may start afresh with the process.
package ratelimit

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Limiter gives each caller a burst that refills evenly. It is GCRA, the leaky
// bucket of ATM: one time per caller says when its bucket will be full again,
// so there are no counters to reset and no window edges to exploit.
type Limiter struct {
	name     string // quoted, as it stands in the headers
	policy   []string
	burst    int
	window   time.Duration
	interval time.Duration // between two calls at the sustained rate

	mu    sync.Mutex
	full  map[string]time.Time // when the caller's burst is whole again
	sweep time.Time            // when callers at rest are forgotten next
}

// New returns a limiter that admits burst calls at once and burst calls per
// window in the long run. Name stands in the headers.
func New(name string, burst int, window time.Duration) *Limiter {
	return &Limiter{
		name: strconv.Quote(name), policy: []string{fmt.Sprintf("%q;q=%d;w=%d", name, burst, seconds(window))},
		burst: burst, window: window, interval: window / time.Duration(burst),
		full: map[string]time.Time{},
	}
}

// Standing is how a caller stands after a call.
type Standing struct {
	Allowed bool
	Left    int           // calls that may follow at once
	Reset   time.Duration // until the whole burst is back
	Wait    time.Duration // until the next call is admitted, zero if one is now

	limiter *Limiter
}

// Take counts one call if there is room for it.
func (l *Limiter) Take(caller string) Standing {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.forget(now)
	s := l.standing(caller, now)
	if s.Allowed = s.Left > 0; s.Allowed {
		l.full[caller] = now.Add(s.Reset + l.interval)
		s = l.standing(caller, now)
		s.Allowed = true
	}
	return s
}

// Look tells how the caller stands and counts nothing.
func (l *Limiter) Look(caller string) Standing {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.standing(caller, time.Now())
	s.Allowed = s.Left > 0
	return s
}

func (l *Limiter) standing(caller string, now time.Time) Standing {
	s := Standing{limiter: l, Reset: max(0, l.full[caller].Sub(now))}
	room := time.Duration(l.burst)*l.interval - s.Reset
	s.Left = int(room / l.interval)
	if s.Left == 0 {
		s.Wait = l.interval - room
	}
	return s
}

// forget drops callers whose burst is whole: they stand like unknown ones.
func (l *Limiter) forget(now time.Time) {
	if now.Before(l.sweep) {
		return
	}
	for caller, full := range l.full {
		if !full.After(now) {
			delete(l.full, caller)
		}
	}
	l.sweep = now.Add(l.window)
}

// Announce writes the standing into an answer, in the fields of
// draft-ietf-httpapi-ratelimit-headers-10.
func (s Standing) Announce(h http.Header) {
	h["Ratelimit-Policy"] = s.limiter.policy // spelled as Set would
	h["Ratelimit"] = []string{s.limiter.name + ";r=" + strconv.Itoa(s.Left) + ";t=" + strconv.Itoa(seconds(s.Reset))}
}

func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }
