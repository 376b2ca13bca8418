package callbacks

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// refusals logs reports that were refused: the first of each kind at once, then
// one line a minute with the number of those in between. Anybody can post to
// these addresses, and a flood must not bury the rest of the log.
type refusals struct {
	log *slog.Logger

	mu    sync.Mutex
	kinds map[string]*silence // by error text, of which there are a few per provider
}

// silence is the time in which a kind of refusal is only counted.
type silence struct {
	until   time.Time
	skipped int
}

const refusalPause = time.Minute

func newRefusals(log *slog.Logger) *refusals {
	return &refusals{log: log, kinds: map[string]*silence{}}
}

func (r *refusals) note(ctx context.Context, status int, err error) {
	if skipped, due := r.due(err.Error(), time.Now()); due {
		r.log.WarnContext(ctx, "report refused", "status", status, "error", err, "skipped", skipped)
	}
}

// due reports whether a refusal is to be logged, and how many of its kind were
// not since the last one that was.
func (r *refusals) due(kind string, now time.Time) (skipped int, due bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.kinds[kind]
	if s == nil {
		s = &silence{}
		r.kinds[kind] = s
	}
	if now.Before(s.until) {
		s.skipped++
		return 0, false
	}
	skipped = s.skipped
	s.until, s.skipped = now.Add(refusalPause), 0
	return skipped, true
}
