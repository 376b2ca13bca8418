package bench

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Backlog tells whether messages leave as fast as codes are asked for. Whoever
// only asks, and never waits for a code, does not slow down when they fall
// behind.
type Backlog struct {
	Starts  Load    `json:"starts"`
	AtEnd   float64 `json:"at_end"`   // messages in memory when the last start was answered
	EmptyMS float64 `json:"empty_ms"` // from then on until there was none
}

// emptyLimit bounds the wait for the last message.
const emptyLimit = time.Minute

// measureBacklog asks for codes and measures how far their messages fall behind.
func measureBacklog(ctx context.Context, o Options) (b *Backlog, err error) {
	s, err := o.open(ctx, 0)
	defer func() { err = errors.Join(err, s.close()) }()
	if err != nil {
		return nil, err
	}
	b = &Backlog{}
	if b.Starts, err = s.measure(ctx, scenario{name: "start", act: (*customer).ask, counted: timedStart}, o); err != nil {
		return nil, err
	}
	ended := time.Now()
	waiting, err := s.inHand(ctx)
	if err != nil {
		return nil, err
	}
	b.AtEnd = waiting
	for waiting > 0 {
		if time.Since(ended) > emptyLimit {
			return nil, fmt.Errorf("%g messages have not left within %s", waiting, emptyLimit)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Millisecond):
		}
		if waiting, err = s.inHand(ctx); err != nil {
			return nil, err
		}
	}
	b.EmptyMS = milliseconds(time.Since(ended))
	return b, nil
}

// inHand is how many messages the server has in memory.
func (s *site) inHand(ctx context.Context) (float64, error) {
	now, err := s.server.metrics(ctx)
	return now[inHand], err
}

func (b *Backlog) text(p *printer) {
	p.line("\nbacklog   %s starts/s (p99 %s ms), refused: %s; %s messages in memory at most, the oldest result waited %s ms",
		figure(b.Starts.PerS), ms(b.Starts.Calls[timedStart].P99), errorCells(b.Starts.Errors),
		known(b.Starts.Cost, costBacklog), known(b.Starts.Cost, costOldest))
	p.line("          %s were left when the last start was answered, and none %s ms later", figure(b.AtEnd), figure(b.EmptyMS))
}
