// Package feed lets a test or a page wait for what a simulator does next,
// without polling and without sleeping.
package feed

import (
	"context"
	"errors"
	"sync"
)

// ErrClosed is the answer to everybody who still waits when a simulator closes.
var ErrClosed = errors.New("simulator closed")

// Notifier wakes everybody who waits for a change. The zero value is ready.
type Notifier struct {
	mu sync.Mutex
	ch chan struct{}
}

// Changed returns a channel that closes at the next change. Take it before you
// look at the state; a change between the look and the wait is then never lost.
func (n *Notifier) Changed() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ch == nil {
		n.ch = make(chan struct{})
	}
	return n.ch
}

// Notify announces a change. It costs one uncontended lock while nobody waits.
func (n *Notifier) Notify() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ch != nil {
		close(n.ch)
		n.ch = nil
	}
}

// Await calls find at once and after every change, until find succeeds, the
// context ends (its cause is returned) or closing is closed ([ErrClosed]).
func Await[T any](ctx context.Context, n *Notifier, closing <-chan struct{}, find func() (T, bool)) (T, error) {
	for {
		changed := n.Changed()
		if found, ok := find(); ok {
			return found, nil
		}
		var none T
		select {
		case <-changed:
		case <-ctx.Done():
			return none, context.Cause(ctx)
		case <-closing:
			return none, ErrClosed
		}
	}
}
