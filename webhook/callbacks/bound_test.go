package callbacks

import (
	"fmt"
	"log/slog"
	"testing"
	"time"
)

// What is remembered to keep the log calm has a bound, and nothing beyond it is left
// out without a count.
func TestKindsOfRefusalsAreBounded(t *testing.T) {
	r, now := newRefusals(slog.New(slog.DiscardHandler)), time.Now()
	logged, counted := 0, 0
	for i := range 10 * mostRefusals {
		if skipped, due := r.due(fmt.Sprint("kind ", i), now); due {
			logged++
			counted += skipped
		}
	}
	if len(r.kinds) > mostRefusals+1 || logged != mostRefusals+1 {
		t.Errorf("%d kinds are remembered, %d were logged", len(r.kinds), logged)
	}
	if skipped, due := r.due("one more", now.Add(refusalPause)); !due || skipped != 0 {
		t.Errorf("a kind after the pause: due %v, %d skipped", due, skipped)
	}
	if n := len(r.kinds); n > 3 {
		t.Errorf("%d kinds are remembered that nobody waits for", n)
	}
}
