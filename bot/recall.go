package bot

import (
	"sync"
	"time"
)

// recall remembers a moment per chat for a while, in memory only. A restart
// forgets, which costs a repeated support text.
type recall struct {
	keep time.Duration

	mu     sync.Mutex
	at     map[chatKey]time.Time
	pruned time.Time
}

type chatKey struct{ bot, chat string }

func newRecall(keep time.Duration) *recall {
	return &recall{keep: keep, at: make(map[chatKey]time.Time)}
}

// last returns the moment remembered for the chat, or zero.
func (r *recall) last(key chatKey) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at[key]
}

// note remembers t for the chat if it is later than what is known. Once per
// keep it also forgets what is older than that, so the map holds the chats of
// two such spans at most.
func (r *recall) note(key chatKey, t, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t.After(r.at[key]) {
		r.at[key] = t
	}
	if now.Sub(r.pruned) < r.keep {
		return
	}
	r.pruned = now
	for k, at := range r.at {
		if now.Sub(at) > r.keep {
			delete(r.at, k)
		}
	}
}
