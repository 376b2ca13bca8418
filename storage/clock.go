package storage

import (
	"sync"
	"time"
)

// clock tells the time without ever going back, neither while the process
// runs nor across restarts: a clock set back must not revive a code.
//
// While the machine's clock is behind, time goes on from the mark at nine
// tenths of its speed. It does not stand still, because then no fallback would
// be due and no code would expire, and it is slower than the machine's, so
// that the two meet again.
type clock struct {
	mu   sync.Mutex
	last time.Time // the latest time told or restored
	read time.Time // the machine's time at that moment, with its monotonic reading
}

func newClock(mark time.Time) *clock {
	return &clock{last: mark, read: time.Now()}
}

// Now returns the time in UTC, in whole milliseconds.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	wall := time.Now()
	c.last = c.last.Add(wall.Sub(c.read) * 9 / 10)
	if c.last.Before(wall) {
		c.last = wall
	}
	c.read = wall
	return c.last.Truncate(time.Millisecond).UTC()
}
