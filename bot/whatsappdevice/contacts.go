//go:build !nowhatsmeow

package whatsappdevice

import (
	"context"
	"maps"
	"sync"
	"time"

	"go.mau.fi/whatsmeow/types"
)

// reachOut remembers that WhatsApp has forbidden the account to write to people
// who have not written to it. Each try would make that worse.
type reachOut struct {
	mu  sync.Mutex
	end time.Time
}

// reachOutRest is how long new contacts are left alone after a refusal: WhatsApp
// does not say how long it means.
const reachOutRest = 24 * time.Hour

// close closes the account to new contacts until the time.
func (r *reachOut) close(until time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.end = until
}

// until is when new contacts may be written to again; past: now.
func (r *reachOut) until() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.end
}

// over reports, once, that the time has passed.
func (r *reachOut) over(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.end.IsZero() || now.Before(r.end) {
		return false
	}
	r.end = time.Time{}
	return true
}

// presence remembers which numbers are on WhatsApp: messages to others are said
// to bring an account into trouble, and so are too many questions.
type presence struct {
	mu   sync.Mutex
	seen map[types.JID]sighting
}

type sighting struct {
	in    bool
	until time.Time
}

// Somebody who is there rarely leaves; somebody who is not may install WhatsApp in
// the next hour.
const (
	presentFor = 7 * 24 * time.Hour
	absentFor  = time.Hour
	// keptNumbers is how many are remembered before those are forgotten of which
	// nothing is known any more, and then all.
	keptNumbers = 10_000
)

// known reports whether the person is on WhatsApp, as far as anybody knows: what
// cannot be asked is found out by sending.
func (p *presence) known(ctx context.Context, s *session, who types.JID) bool {
	if who.Server != types.DefaultUserServer {
		return true // it wrote to us
	}
	now := time.Now()
	p.mu.Lock()
	last, ok := p.seen[who]
	p.mu.Unlock()
	if ok && now.Before(last.until) {
		return last.in
	}
	answers, err := s.client.IsOnWhatsApp(ctx, []string{"+" + who.User})
	if err != nil || len(answers) != 1 {
		return true
	}
	in := answers[0].IsIn
	p.note(who, in, now)
	return in
}

func (p *presence) note(who types.JID, in bool, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.seen) >= keptNumbers {
		maps.DeleteFunc(p.seen, func(_ types.JID, s sighting) bool { return now.After(s.until) })
	}
	if p.seen == nil || len(p.seen) >= keptNumbers {
		p.seen = make(map[types.JID]sighting)
	}
	keep := presentFor
	if !in {
		keep = absentFor
	}
	p.seen[who] = sighting{in, now.Add(keep)}
}

// forget makes the next message ask anew.
func (p *presence) forget(who types.JID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.seen, who)
}
