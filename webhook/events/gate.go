package events

import (
	"context"
	"sync"

	"otpravka/otpcore"
)

// gate bounds how many tries are under way, in all and to one host. Who waits
// is let in by business, each in turn, so that one with a thousand events and
// ten endpoints delays nobody else by more than one try.
type gate struct {
	most, perHost int

	mu     sync.Mutex
	inside int
	hosts  map[string]int
	lines  map[otpcore.ID][]*ticket
	turns  []otpcore.ID // businesses that wait, the next one first
}

// ticket is a place in a business's line.
type ticket struct {
	host   string
	called chan struct{} // closed when its holder may enter
}

func newGate(most, perHost int) *gate {
	return &gate{most: most, perHost: perHost, hosts: make(map[string]int), lines: make(map[otpcore.ID][]*ticket)}
}

// enter waits for a place and reports false when ctx ended first. Who entered
// leaves.
func (g *gate) enter(ctx context.Context, business otpcore.ID, host string) bool {
	t := &ticket{host: host, called: make(chan struct{})}
	g.mu.Lock()
	if len(g.lines[business]) == 0 {
		g.turns = append(g.turns, business)
	}
	g.lines[business] = append(g.lines[business], t)
	g.call()
	g.mu.Unlock()
	select {
	case <-t.called:
		return true
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-t.called: // in the same moment
		g.free(host)
	default:
		g.quit(business, t)
	}
	return false
}

func (g *gate) leave(host string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.free(host)
}

func (g *gate) free(host string) {
	g.inside--
	if g.hosts[host]--; g.hosts[host] == 0 {
		delete(g.hosts, host)
	}
	g.call()
}

// call lets in whoever may enter. The caller holds the lock.
func (g *gate) call() {
	for i := 0; i < len(g.turns) && g.inside < g.most; {
		business := g.turns[i]
		t := g.first(business)
		if t == nil { // all their hosts are busy
			i++
			continue
		}
		g.inside++
		g.hosts[t.host]++
		close(t.called)
		g.turns = append(g.turns[:i], g.turns[i+1:]...)
		if len(g.lines[business]) > 1 {
			g.turns = append(g.turns, business)
		}
		g.remove(business, t)
	}
}

// first is the first of a business's line whose host has room.
func (g *gate) first(business otpcore.ID) *ticket {
	for _, t := range g.lines[business] {
		if g.hosts[t.host] < g.perHost {
			return t
		}
	}
	return nil
}

func (g *gate) remove(business otpcore.ID, t *ticket) {
	line := g.lines[business]
	for i := range line {
		if line[i] == t {
			line = append(line[:i], line[i+1:]...)
			break
		}
	}
	if g.lines[business] = line; len(line) == 0 {
		delete(g.lines, business)
	}
}

// quit takes a ticket out of its line unused.
func (g *gate) quit(business otpcore.ID, t *ticket) {
	if g.remove(business, t); len(g.lines[business]) > 0 {
		return
	}
	for i := range g.turns {
		if g.turns[i] == business {
			g.turns = append(g.turns[:i], g.turns[i+1:]...)
			return
		}
	}
}
