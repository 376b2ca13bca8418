package callbacks

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"
)

// refusals logs calls that were refused: the first of each kind at once, then
// one line a minute with the number of those in between. Anybody can post to
// these addresses, and a flood must not bury the rest of the log.
type refusals struct {
	log *slog.Logger

	mu    sync.Mutex
	kinds map[string]*silence // by message and error text
}

// silence is the time in which a kind of refusal is only counted.
type silence struct {
	until   time.Time
	skipped int
}

const (
	refusalPause = time.Minute
	mostRefusals = 256 // kinds that are told apart; whatever comes beyond is one kind
)

func newRefusals(log *slog.Logger) *refusals {
	return &refusals{log: log, kinds: map[string]*silence{}}
}

func (r *refusals) note(ctx context.Context, message string, status int, err error) {
	if skipped, due := r.due(message+err.Error(), time.Now()); due {
		r.log.WarnContext(ctx, message, "status", status, "error", err, "skipped", skipped)
	}
}

// due reports whether a refusal is to be logged, and how many of its kind were
// not since the last one that was.
func (r *refusals) due(kind string, now time.Time) (skipped int, due bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.kinds[kind]
	if s == nil && len(r.kinds) >= mostRefusals {
		maps.DeleteFunc(r.kinds, func(_ string, s *silence) bool { return !now.Before(s.until) && s.skipped == 0 })
		if len(r.kinds) >= mostRefusals {
			kind = ""
			s = r.kinds[kind]
		}
	}
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
