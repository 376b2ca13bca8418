package events

import (
	"context"
	"log/slog"
	"time"

	"otpravka/internal/backoff"
	"otpravka/otpcore"
)

// recorder stores what came of tries, of all endpoints together: a transaction
// for each event would take the disk away from those who wait for a code.
type recorder struct {
	endpoints *otpcore.Endpoints
	log       *slog.Logger
	reports   chan waiting
}

type waiting struct {
	report otpcore.Report
	stored chan struct{}
}

const (
	// recordPause is the time between two transactions. The first report after a
	// silence waits for none.
	recordPause = 20 * time.Millisecond
	recordMost  = 200 // tries in one of them, and some more
)

func newRecorder(endpoints *otpcore.Endpoints, log *slog.Logger) *recorder {
	return &recorder{endpoints: endpoints, log: log, reports: make(chan waiting)}
}

// store returns once the report is durable, or cannot be any more.
func (r *recorder) store(report otpcore.Report) {
	w := waiting{report, make(chan struct{})}
	r.reports <- w
	<-w.stored
}

// run stores reports until ctx ends, when nobody stores any more. What the
// database does not take before work ends is given up: it is sent again.
func (r *recorder) run(ctx, work context.Context) {
	var free <-chan time.Time // nil: at once
	for {
		var batch []waiting
		select {
		case w := <-r.reports:
			batch = append(batch, w)
		case <-ctx.Done():
			return
		}
		if free != nil {
			batch = r.gather(batch, free)
		}
		r.keep(work, batch)
		free = time.After(recordPause)
	}
}

// gather takes what comes until the pause is over or the batch is full.
func (r *recorder) gather(batch []waiting, free <-chan time.Time) []waiting {
	for n := len(batch[0].report.Tried); n < recordMost; {
		select {
		case w := <-r.reports:
			batch = append(batch, w)
			n += len(w.report.Tried)
		case <-free:
			return batch
		}
	}
	return batch
}

// keepTries bounds how often a batch is tried that the domain refuses. One that
// the database cannot take is tried for as long as it takes.
const keepTries = 3

func (r *recorder) keep(ctx context.Context, batch []waiting) {
	reports := make([]otpcore.Report, len(batch))
	for i := range batch {
		reports[i] = batch[i].report
	}
	for n := 1; ; n++ {
		disabled, err := r.endpoints.Store(ctx, reports)
		if err == nil {
			for _, e := range disabled {
				r.log.Warn("endpoint disabled", "webhook", e.ID, "business", e.BusinessID, "reason", e.Reason)
			}
			break
		}
		r.log.Warn("results of events not stored", "reports", len(reports), "error", err)
		if otpcore.KindOf(err) != otpcore.KindUnavailable && n >= keepTries || !backoff.Sleep(ctx, lookPace.Pause(n)) {
			break
		}
	}
	for _, w := range batch {
		close(w.stored)
	}
}
