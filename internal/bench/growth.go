package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"otpravka/storage"
)

// Growth compares starts on an empty database with starts on one that is full
// of verifications which ended long ago.
type Growth struct {
	OldRows    int     `json:"old_rows"` // verifications, each with its messages and events
	DatabaseMB float64 `json:"database_mb"`
	Empty      Load    `json:"empty"`
	Full       Load    `json:"full"`
	Ratio      float64 `json:"ratio"` // starts per second, full to empty
}

// samples is how many real verifications the old ones are copies of.
const samples = 256

// measureGrowth fills the database by copying rows of real verifications, as
// asking for millions of codes would take too long.
func measureGrowth(ctx context.Context, o Options) (g *Growth, err error) {
	if storage.IsPostgres(o.Database) {
		return nil, errors.New("only a SQLite file can be filled: leave --database out")
	}
	s, err := o.open(ctx, "")
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
	g.Ratio = round(100*g.Full.PerS/g.Empty.PerS) / 100
	file, err := os.Stat(s.file)
	if err != nil {
		return nil, err
	}
	g.DatabaseMB = megabytes(file.Size())
	return g, nil
}

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
	if err := fill(ctx, s.file, o.OldRows); err != nil {
		return fmt.Errorf("fill %s: %w", s.file, err)
	}
	return s.server.start(ctx)
}

func (g *Growth) text(p *printer) {
	p.line("\ngrowth    with %d old verifications, %s MB: %s starts/s (p99 %s ms); without them %s (p99 %s ms): %.2f times",
		g.OldRows, figure(g.DatabaseMB), figure(g.Full.PerS), ms(g.Full.Calls[timedStart].P99),
		figure(g.Empty.PerS), ms(g.Empty.Calls[timedStart].P99), g.Ratio)
}
