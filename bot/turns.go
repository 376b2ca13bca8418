package bot

import (
	"context"
	"sync"
	"time"

	"otpravka/otpcore"
)

// turns lets one change at a time be made to each account. A change may wait for
// a connector to stop, for its chat network and for its disk; those of other
// accounts go on meanwhile. The zero value is ready.
type turns struct {
	mu    sync.Mutex
	taken map[account]chan struct{} // closed when the turn is over
}

// account is what a bot is at its chat network. It has one bot at most, but may
// have had others.
type account struct {
	kind otpcore.BotKind
	id   string
}

// take waits for the account's turn, which lasts until over is called.
func (t *turns) take(ctx context.Context, a account) (over func(), err error) {
	for {
		t.mu.Lock()
		before := t.taken[a]
		if before == nil {
			if t.taken == nil {
				t.taken = make(map[account]chan struct{})
			}
			mine := make(chan struct{})
			t.taken[a] = mine
			t.mu.Unlock()
			return func() { t.end(a, mine) }, nil
		}
		t.mu.Unlock()
		select {
		case <-before:
		case <-ctx.Done():
			return nil, &otpcore.Error{
				Kind: otpcore.KindUnavailable, Code: "unavailable", RetryAfter: time.Second, Err: context.Cause(ctx),
				Detail: "Another change of this bot is under way. Nothing happened; repeat the request.",
			}
		}
	}
}

func (t *turns) end(a account, mine chan struct{}) {
	t.mu.Lock()
	delete(t.taken, a)
	t.mu.Unlock()
	close(mine)
}
