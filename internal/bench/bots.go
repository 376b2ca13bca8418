package bench

import (
	"context"
	"errors"
	"time"
)

// Bots tells what connected bots cost a server that has nothing else to do.
type Bots struct {
	Bots     int     `json:"bots"`
	IdleMB   float64 `json:"idle_rss_mb"` // before the first bot
	RSSMB    float64 `json:"rss_mb"`      // once all of them poll
	KBPerBot float64 `json:"kb_per_bot"`  // the difference
	CPU      float64 `json:"cpu_percent"` // of one core, while nobody writes to them
	StopS    float64 `json:"stop_s"`      // from the signal to the end of the process
}

// settle is how long the bots are watched while nothing happens.
const settle = 5 * time.Second

// measureBots registers bots through the API, starts the server anew and lets them
// poll a simulated Telegram.
func measureBots(ctx context.Context, o Options) (b *Bots, err error) {
	s, err := o.open(ctx, o.Bots)
	defer func() { err = errors.Join(err, s.close()) }()
	if err != nil {
		return nil, err
	}
	idle, err := s.server.usage()
	if err != nil {
		return nil, err
	}
	if err := s.registerBots(ctx); err != nil {
		return nil, err
	}
	// A server that has just registered a thousand bots holds the garbage of that
	// for a while; what they cost is what they cost from the next start on.
	if err := s.server.stop(); err != nil {
		return nil, err
	}
	if err := s.server.start(ctx); err != nil {
		return nil, err
	}
	if err := s.telegram.waitPolling(ctx); err != nil {
		return nil, err
	}
	polling, err := s.server.usage()
	if err != nil {
		return nil, err
	}
	select {
	case <-time.After(settle):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	settled, err := s.server.usage()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	err = s.server.stop()
	return &Bots{
		Bots: o.Bots, IdleMB: megabytes(idle.rss), RSSMB: megabytes(settled.rss),
		KBPerBot: round(float64(settled.rss-idle.rss) / 1024 / float64(o.Bots)),
		CPU:      round(100 * (settled.cpu - polling.cpu).Seconds() / settle.Seconds()),
		StopS:    round(time.Since(began).Seconds()),
	}, err
}

func megabytes(bytes int64) float64 { return round(float64(bytes) / (1 << 20)) }

func (b *Bots) text(p *printer) {
	p.line("\nbots      %d bots poll: RSS %s MB, %s MB before (%s KB for each); CPU %s %% of a core while nobody writes; stopped in %s s",
		b.Bots, figure(b.RSSMB), figure(b.IdleMB), figure(b.KBPerBot), figure(b.CPU), figure(b.StopS))
}
