//go:build !nowhatsmeow

package whatsappdevice

import (
	"context"
	"sync"
	"time"

	"otpravka/internal/backoff"
	"otpravka/otpcore"
)

// pace lets a few messages leave at once, as a person answers a few chats in a
// row, and then one by one.
type pace struct {
	every time.Duration

	mu   sync.Mutex
	next time.Time // when a message could leave if none were saved up
}

// burst is how many messages leave at once after a rest.
const burst = 3

// slack is what a send needs of its caller's time beside the wait for its turn.
const slack = 5 * time.Second

// take waits for a turn. A turn that does not come within the caller's time is
// refused with the time to come back.
func (p *pace) take(ctx context.Context) *otpcore.SendError {
	wait, ok := p.turn(ctx, time.Now())
	if !ok {
		e := failed(otpcore.ClassThrottled, "The device sends no faster than a person would.", nil)
		e.RetryAfter = wait
		return e
	}
	if wait > 0 && !backoff.Sleep(ctx, wait) {
		return failed(otpcore.ClassProviderDown, "There was no time left to send the message.", ctx.Err())
	}
	return nil
}

// turn returns how long it takes until the next turn, which is taken if that is
// within the caller's time.
func (p *pace) turn(ctx context.Context, now time.Time) (time.Duration, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := p.next
	if earliest := now.Add(-(burst - 1) * p.every); at.Before(earliest) {
		at = earliest
	}
	wait := at.Sub(now)
	if end, bounded := ctx.Deadline(); bounded && wait > 0 && now.Add(wait).Add(min(slack, p.every)).After(end) {
		return wait, false
	}
	p.next = at.Add(p.every)
	return wait, true
}
