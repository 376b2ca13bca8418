package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"otpravka/otpcore"
)

// Growth compares starts on an empty database with starts on one that is full
// of verifications which ended long ago, with and without the retention at work.
type Growth struct {
	OldRows    int     `json:"old_rows"` // verifications, each with its messages and events
	DatabaseMB float64 `json:"database_mb"`
	Empty      Load    `json:"empty"`
	Full       Load    `json:"full"`
	Ratio      float64 `json:"ratio"` // starts per second, full to empty

	Retention      Load    `json:"retention"` // full, and what is past its time goes meanwhile
	RetentionRatio float64 `json:"retention_ratio"`
	// Throughout says that the retention was still at work when its load ended.
	// If not, the load was not measured against it all the time.
	Throughout bool `json:"retention_throughout"`
}

const (
	// samples is how many real verifications the others are copies of.
	samples = 256
	// past is how far back the old ones go. Whatever the retention takes at some
	// age is there, and overdue, as if it had never been at work.
	past = 400 * 24 * time.Hour
	// The retention begins that long after a start; never is longer than a bench.
	never, atOnce = 24 * time.Hour, time.Second
)

// measureGrowth fills the database by copying rows of real verifications, as
// asking for millions of codes would take too long.
func measureGrowth(ctx context.Context, o Options) (g *Growth, err error) {
	s, err := o.open(ctx, 0)
	defer func() { err = errors.Join(err, s.close()) }()
	if err != nil {
		return nil, err
	}
	g = &Growth{OldRows: o.OldRows}
	starts := scenario{name: "start", act: (*customer).ask, counted: timedStart}
	if g.Empty, err = s.measure(ctx, starts, o); err != nil {
		return nil, err
	}
	if err := s.livePast(ctx, o); err != nil {
		return nil, err
	}
	if g.Full, err = s.measure(ctx, starts, o); err != nil {
		return nil, err
	}
	if err := s.retain(ctx, atOnce); err != nil {
		return nil, err
	}
	if _, err := s.retaining(ctx); err != nil { // the first rows go
		return nil, err
	}
	if g.Retention, err = s.measure(ctx, starts, o); err != nil {
		return nil, err
	}
	if g.Throughout, err = s.retaining(ctx); err != nil {
		return nil, err
	}
	g.Ratio, g.RetentionRatio = ratio(g.Full, g.Empty), ratio(g.Retention, g.Empty)
	file, err := os.Stat(s.file)
	if err != nil {
		return nil, err
	}
	g.DatabaseMB = megabytes(file.Size())
	return g, nil
}

func ratio(of, to Load) float64 { return round(100*of.PerS/to.PerS) / 100 }

// livePast gives the site a past, while its server stands still.
func (s *site) livePast(ctx context.Context, o Options) (err error) {
	c, err := s.hire(ctx, 1, "")
	defer func() { err = errors.Join(err, c.dismiss()) }()
	if err != nil {
		return err
	}
	done := 0
	if _, err := c.work(ctx, func(cu *customer, ctx context.Context) error {
		if done++; done > samples {
			return errDone
		}
		return cu.cycle(ctx)
	}, time.Minute); err != nil {
		return err
	}
	if err := s.server.stop(); err != nil {
		return err
	}
	first := int(s.phones.Add(int64(o.OldRows))) - o.OldRows
	if err := (copies{
		file: s.file, keyFile: s.keyFile(), status: otpcore.Approved, n: o.OldRows, phones: first, past: past,
	}).make(ctx); err != nil {
		return fmt.Errorf("fill %s: %w", s.file, err)
	}
	return s.server.start(ctx, purgePause, never.String())
}

const purgePause = "--purge-pause"

// retain starts the server again, with this pause between two clean-ups.
func (s *site) retain(ctx context.Context, pause time.Duration) error {
	if err := s.server.stop(); err != nil {
		return err
	}
	return s.server.start(ctx, purgePause, pause.String())
}

// idleCommits is more than the clean-ups commit, in the time of one look, that
// find nothing: each of their steps is a transaction.
const idleCommits = 60

// retaining tells whether a server that has nothing else to do commits often,
// which then is its clean-up at work.
func (s *site) retaining(ctx context.Context) (bool, error) {
	var commits [2]float64
	for i := range commits {
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(2 * atOnce):
		}
		now, err := s.server.metrics(ctx)
		if err != nil {
			return false, err
		}
		commits[i] = now[commitsTotal]
	}
	return commits[1]-commits[0] > idleCommits, nil
}

func (g *Growth) text(p *printer) {
	p.line("\ngrowth    with %d old verifications, %s MB: %s starts/s (p99 %s ms); without them %s (p99 %s ms): %.2f times",
		g.OldRows, figure(g.DatabaseMB), figure(g.Full.PerS), ms(g.Full.Calls[timedStart].P99),
		figure(g.Empty.PerS), ms(g.Empty.Calls[timedStart].P99), g.Ratio)
	until := "throughout"
	if !g.Throughout {
		until = "for a part of the time only: more --old-rows keep it busy"
	}
	p.line("          while the retention takes what is past its time: %s starts/s (p99 %s ms): %.2f times; it was at work %s",
		figure(g.Retention.PerS), ms(g.Retention.Calls[timedStart].P99), g.RetentionRatio, until)
}
