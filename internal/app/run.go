package app

import (
	"context"
	"errors"
	"net"
	"time"

	"otpravka/internal/app/admin"
)

// part is one long-running piece. Run blocks until its ctx ends and returns
// nil once it has drained.
type part struct {
	name string
	run  func(context.Context) error
}

// sendsDrain bounds how long calls to providers may take to finish when the
// program stops. Whatever is cut off goes back to its lease.
const sendsDrain = 20 * time.Second

// run serves until ctx ends or a part breaks. It stops in the order in which
// work flows: nothing new comes in, then what is in hand is finished.
func (h *house) run(ctx context.Context, ln net.Listener) error {
	socket, err := admin.Listen(h.adminPath)
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	h.cfg.Log.Info("ready", "url", h.baseURL, "database", h.db.Path())
	if h.cfg.Ready != nil {
		h.cfg.Ready(h.baseURL)
	}
	err = runInOrder(ctx, []part{
		{"http", func(ctx context.Context) error { return h.server.Serve(ctx, ln) }},
		{"admin socket", func(ctx context.Context) error { return h.admin.Serve(ctx, socket) }},
		{"bots", h.fleet.Run},
		{"clean-up", h.purge},
		{"scheduler", h.core.Run},
	})
	drain, done := context.WithTimeout(context.Background(), sendsDrain)
	defer done()
	h.core.Dispatcher.Close(drain)
	h.cfg.Log.Info("stopped")
	return err
}

const purgePause = time.Minute

// purge deletes what has lost its meaning. A failure is only worth a line: the
// next turn tries again.
func (h *house) purge(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(purgePause):
		}
		if _, err := h.db.Purge(ctx); err != nil && ctx.Err() == nil {
			h.cfg.Log.Warn("clean-up failed", "error", err)
		}
	}
}

// runInOrder runs all parts at once. When ctx ends, or when one returns, it
// stops them one after the other in the given order.
func runInOrder(ctx context.Context, parts []part) error {
	type ended struct {
		part int
		err  error
	}
	ends := make(chan ended, len(parts))
	stops := make([]context.CancelFunc, len(parts))
	for i, p := range parts {
		// Values of ctx pass, its end does not: each part is stopped in turn.
		partCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
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
	for i, stop := range stops {
		stop()
		for !over[i] {
			note(<-ends)
		}
	}
	return errors.Join(errs...)
}
