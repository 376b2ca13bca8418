// Package backoff paces tries that keep failing.
package backoff

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"time"
)

// Pace gives the pauses between tries: doubled each time, capped, and spread
// over their second half, so that those who fell together do not come back
// together.
type Pace struct {
	First, Most time.Duration
	Spread      func() float64 // from 0 up to 1; nil: random
}

// Pause returns how long to wait after the n-th failure in a row, from 1 on.
func (p Pace) Pause(n int) time.Duration {
	d := p.First
	for range n - 1 {
		if d >= p.Most/2 {
			d = p.Most
			break
		}
		d *= 2
	}
	spread := p.Spread
	if spread == nil {
		spread = randomShare
	}
	return d/2 + time.Duration(spread()*float64(d/2))
}

// randomShare draws from 0 up to 1.
func randomShare() float64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the process instead
	return float64(binary.BigEndian.Uint64(b[:])>>11) / (1 << 53)
}

// Sleep waits for d and reports false when ctx ended first.
func Sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
