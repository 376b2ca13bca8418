package storage

import (
	"sync"
	"time"
)

// clock tells the time without ever going back, neither while the process
// runs nor across restarts: a clock set back must not revive a code.
//
// It goes by the machine's clock, or by the database's where there is one, as
// several machines agree on that. While the clock that it goes by is behind,
// time goes on from the mark at nine tenths of its speed. It does not stand
// still, because then no fallback would be due and no code would expire, and it
// is slower than the other one, so that the two meet again.
type clock struct {
	mu   sync.Mutex
	last time.Time // the latest time told or restored, without a monotonic reading
	read time.Time // the machine's time at that moment, with its monotonic reading
	seen sight     // of the database's clock; shown is zero while there is none
}

func newClock(mark time.Time) *clock {
	return &clock{last: mark, read: time.Now()}
}

// Now returns the time in UTC, in whole milliseconds.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	machine := time.Now()
	c.last = c.last.Add(machine.Sub(c.read) * 9 / 10)
	if told := c.leader(machine); c.last.Before(told) {
		c.last = told
	}
	c.read = machine
	return c.last.Truncate(time.Millisecond).UTC()
}

// leader is the time of the clock to go by. The time since the last look at
// the database is measured, so a change of the machine's clock is no change.
func (c *clock) leader(machine time.Time) time.Time {
	if c.seen.shown.IsZero() {
		return machine.Round(0) // compared without the monotonic reading
	}
	return c.seen.shown.Add(machine.Sub(c.seen.at))
}

// follow goes by the clock that was seen, and returns how far the machine's
// clock is ahead of it.
func (c *clock) follow(v sight) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = v
	return v.at.Round(0).Sub(v.shown)
}

// leads tells whether the clock goes by the database's.
func (c *clock) leads() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.seen.shown.IsZero()
}
