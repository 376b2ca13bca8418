package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"otpravka/internal/failpoint"
	"otpravka/webhook"
)

// part is one long-running piece. Run blocks until its ctx ends and returns
// nil once it has drained.
type part struct {
	name string
	run  func(context.Context) error
}

// DefaultStopWithin bounds the stop as a whole: what one part leaves of it is
// the next one's. Whoever runs the program should wait somewhat longer before
// it kills it.
const DefaultStopWithin = 20 * time.Second

// What was cut off when the time was over gets a moment to be written down: the
// outcomes of sends, and then the database itself.
const (
	sendsGrace    = time.Second
	databaseGrace = 2 * time.Second
)

func (c *Config) stopWithin() time.Duration { return cmp.Or(c.StopWithin, DefaultStopWithin) }

// limits leaves a quarter of the stop to the parts that end after the server.
func (c *Config) limits() webhook.Limits {
	l := c.Limits
	l.Drain = min(cmp.Or(l.Drain, webhook.DefaultLimits.Drain), c.stopWithin()*3/4)
	return l
}

// run serves until ctx ends or a part breaks, and closes the house.
func (h *house) run(ctx context.Context, ln net.Listener) error {
	deadline, err := h.serve(ctx, ln)
	return errors.Join(err, finish("database", deadline.Add(databaseGrace), h.close))
}

// serve stops in the order in which work flows: nothing new comes in, then what
// is in hand is finished. It returns until when the house has to be closed.
func (h *house) serve(ctx context.Context, ln net.Listener) (deadline time.Time, err error) {
	within := h.cfg.stopWithin()
	socket, err := h.listenAdmin()
	if err != nil {
		return time.Now().Add(within), errors.Join(err, ln.Close())
	}
	var scrapes net.Listener
	if h.cfg.serveMetrics() {
		scrapes = h.metrics.Listen(h.cfg.MetricsListen)
	}
	h.cfg.Log.Info("ready", "url", h.baseURL, "database", h.db.Name())
	if h.cfg.Ready != nil {
		h.cfg.Ready(h.baseURL)
	}
	deadline, err = runInOrder(ctx, within, []part{
		{"memory", tendMemory},
		{"waiting listeners", h.core.Events.Run}, // before the server, which waits for their answers
		{"http", func(ctx context.Context) error { return h.server.Serve(ctx, ln) }},
		{"admin socket", func(ctx context.Context) error { return h.serveAdmin(ctx, socket) }},
		{"bots", h.fleet.Run},
		{"events to endpoints", h.poster.Run},
		{"clean-up", h.purge},
		{"scheduler", h.core.Run},
		{"metrics", func(ctx context.Context) error { return h.metrics.Serve(ctx, scrapes) }}, // last: it shows the stop
	})
	failpoint.Hit(failpoint.BeforeDrain)
	drain, done := context.WithDeadline(context.Background(), deadline)
	defer done()
	sends := func() error { h.core.Dispatcher.Close(drain); return nil }
	err = errors.Join(err, finish("sends", deadline.Add(sendsGrace), sends))
	failpoint.Hit(failpoint.BeforeClose)
	h.cfg.Log.Info("stopped")
	return deadline, err
}

// finish waits for fn until the time is over. What it leaves behind ends with
// the process.
func finish(what string, until time.Time, fn func() error) error {
	over := make(chan error, 1)
	go func() { over <- fn() }()
	select {
	case err := <-over:
		return err
	case <-time.After(time.Until(until)):
		return fmt.Errorf("%s: not finished in the time to stop", what)
	}
}

// purge deletes what has lost its meaning. A failure is only worth a line: the
// next turn tries again.
func (h *house) purge(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(cmp.Or(h.cfg.PurgePause, purgePause)):
		}
		if _, err := h.db.Purge(ctx); err != nil && ctx.Err() == nil {
			h.cfg.Log.Warn("clean-up failed", "error", err)
		}
	}
}

// runInOrder runs all parts at once. When ctx ends, or when one returns, it
// stops them one after the other in the given order, all of them within the
// time. A part that is still there after it is left behind. It returns when that
// time is over.
func runInOrder(ctx context.Context, within time.Duration, parts []part) (deadline time.Time, err error) {
	type ended struct {
		part int
		err  error
	}
	ends := make(chan ended, len(parts))
	stops := make([]context.CancelFunc, len(parts))
	for i, p := range parts {
		// Values of ctx pass, its end does not: each part is stopped in turn.
		partCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
		defer stop()
		stops[i] = stop
		go func() { ends <- ended{i, p.run(partCtx)} }()
	}
	over := make([]bool, len(parts))
	var errs []error
	note := func(e ended) {
		over[e.part] = true
		if e.err != nil {
			errs = append(errs, e.err)
		}
	}
	select {
	case <-ctx.Done():
	case e := <-ends:
		note(e)
	}
	deadline = time.Now().Add(within)
	late := time.After(within)
	for i, stop := range stops {
		stop()
		for !over[i] {
			select {
			case e := <-ends:
				note(e)
			case <-late:
				errs = append(errs, fmt.Errorf("%s: not stopped within %s", parts[i].name, within))
				return deadline, errors.Join(errs...) // which stops all the others at once
			}
		}
		failpoint.Hit(failpoint.StopPart)
	}
	return deadline, errors.Join(errs...)
}
