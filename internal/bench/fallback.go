package bench

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"otpravka/otpcore"
)

// Fallback tells how punctual the timed fallback is while very many codes wait
// for theirs, and how a killed server takes up what has fallen due meanwhile.
type Fallback struct {
	Pending  int     `json:"pending"`
	Punctual int     `json:"punctual"`    // fell due one by one while the others waited
	Lateness Latency `json:"lateness_ms"` // of those: from due to the provider
	ReadyMS  float64 `json:"ready_ms"`    // from the start after the kill to ready
	FirstMS  float64 `json:"first_ms"`    // and to the first late message at the provider
	LatePerS float64 `json:"late_per_s"`  // messages, while all the others were overdue
}

const (
	pace        = 500              // punctual fallbacks per second
	punctualMax = 5000             // of them
	soonest     = 10 * time.Second // the least fallback_after of the API
	slack       = 5 * time.Second  // between the last punctual one and the crowd
	stumble     = 5 * time.Second  // the server's start may take that long on a busy machine
	marking     = 5000             // of the crowd get their time in a second, on the slowest
	latest      = 300 * time.Second
	waits       = `,"channels":["telegram","sms"],"when_unlinked":"wait","ttl":600,` + blankAfter
)

// measureFallback lets codes wait for a chat that nobody links. Most of them,
// the crowd, fall due at one and the same moment. Before that moment the
// punctual ones do, evenly; then the server is killed, and started again when
// the crowd is overdue.
func measureFallback(ctx context.Context, o Options) (f *Fallback, err error) {
	s, err := o.open(ctx, 1)
	defer func() { err = errors.Join(err, s.close()) }()
	if err != nil {
		return nil, err
	}
	if err := s.registerBots(ctx); err != nil {
		return nil, err
	}
	w := newWait(s, o.Pending)
	f = &Fallback{Pending: o.Pending, Punctual: w.punctual}
	due, err := w.gather(ctx, o.Connections)
	if err != nil {
		return nil, err
	}
	c, err := s.hire(ctx, o.Connections, waits)
	defer func() { err = errors.Join(err, c.dismiss()) }()
	if err != nil {
		return nil, err
	}
	if f.Lateness, err = w.watch(ctx, c, due); err != nil {
		return nil, err
	}
	return f, w.crash(ctx, f, due)
}

// wait is the codes that wait. They are told apart by their phones: the crowd's
// come first.
type wait struct {
	site     *site
	pending  int
	punctual int
	dues     []time.Time    // of the punctual ones
	arrivals []atomic.Int64 // unix nanoseconds, by phone; zero: not yet
	arrived  atomic.Int64
	bell     chan struct{} // rings with each arrival
}

func newWait(s *site, pending int) *wait {
	w := &wait{site: s, pending: pending, punctual: min(punctualMax, pending/2), bell: make(chan struct{}, 1)}
	w.dues, w.arrivals = make([]time.Time, w.punctual), make([]atomic.Int64, pending+1)
	s.provider.onLetter(func(l letter) {
		if l.phone > 0 && l.phone <= pending && w.arrivals[l.phone].CompareAndSwap(0, l.at.UnixNano()) {
			w.arrived.Add(1)
			select {
			case w.bell <- struct{}{}:
			default:
			}
		}
	})
	return w
}

func (w *wait) crowd() int { return w.pending - w.punctual }

// gather makes the crowd and returns when it falls due. The first of it are
// asked for, and the others are copies of their rows: asking for a hundred
// thousand would take longer than they may wait.
func (w *wait) gather(ctx context.Context, connections int) (due time.Time, err error) {
	asked := min(samples, w.crowd())
	if err := w.ask(ctx, connections, asked); err != nil {
		return due, err
	}
	if err := w.site.server.stop(); err != nil {
		return due, err
	}
	if err := (copies{
		file: w.site.file, keyFile: w.site.keyFile(), status: otpcore.Pending, n: w.crowd() - asked, phones: asked,
	}).make(ctx); err != nil {
		return due, fmt.Errorf("fill %s: %w", w.site.file, err)
	}
	// What comes between now and the crowd's time.
	due = time.Now().Add(stumble + time.Duration(w.crowd())*time.Second/marking + time.Duration(w.punctual)*time.Second/pace + soonest + slack).Truncate(time.Second)
	if err := fallDue(ctx, w.site.file, due); err != nil {
		return due, err
	}
	return due, w.site.server.start(ctx)
}

// fallDue sets the time at which everything that is pending falls back.
func fallDue(ctx context.Context, file string, due time.Time) error {
	db, err := openAlone(file, "")
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `UPDATE verifications SET fallback_at = ?1, wake_at = ?1 WHERE status = 'pending'`, due.UnixMilli())
	return errors.Join(err, db.Close())
}

// ask starts verifications for the first n phones.
func (w *wait) ask(ctx context.Context, connections, n int) (err error) {
	c, err := w.site.hire(ctx, connections, waits)
	defer func() { err = errors.Join(err, c.dismiss()) }()
	if err != nil {
		return err
	}
	_, err = c.work(ctx, func(cu *customer, _ context.Context) error {
		phone := cu.site.nextPhone()
		if phone > n {
			return errDone
		}
		cu.fallBackAfter(latest)
		_, err := cu.startFor(phone)
		if r, ok := errors.AsType[*refusal](err); ok {
			return fmt.Errorf("a start was refused, so fewer would wait than asked for: %w", errors.New(r.Error()))
		}
		return err
	}, latest)
	return err
}

// watch starts the punctual ones at an even pace and measures how late they
// are. The crowd falls due at its end, whatever is missing then.
func (w *wait) watch(ctx context.Context, c crew, crowdDue time.Time) (Latency, error) {
	began := time.Now()
	w.site.phones.Store(int64(w.crowd()))
	_, err := c.work(ctx, func(cu *customer, _ context.Context) error {
		i := cu.site.nextPhone() - w.crowd() - 1
		if i >= w.punctual {
			return errDone
		}
		time.Sleep(time.Until(began.Add(time.Duration(i) * time.Second / pace)))
		cu.fallBackAfter(soonest)
		s, err := cu.startFor(w.crowd() + 1 + i)
		w.dues[i] = s.fallbackAt
		return err
	}, latest)
	if err != nil {
		return Latency{}, err
	}
	until, done := context.WithDeadline(ctx, crowdDue.Add(-time.Second))
	defer done()
	if err := w.await(until, w.punctual); err != nil {
		return Latency{}, fmt.Errorf("of %d fallbacks only %d left in time: %w", w.punctual, w.arrived.Load(), err)
	}
	late := make([]time.Duration, w.punctual)
	for i := range late {
		late[i] = w.arrival(w.crowd() + 1 + i).Sub(w.dues[i])
	}
	return latencyOf(late), nil
}

func (w *wait) arrival(phone int) time.Time { return time.Unix(0, w.arrivals[phone].Load()) }

// await returns once so many messages have arrived.
func (w *wait) await(ctx context.Context, n int) error {
	for w.arrived.Load() < int64(n) {
		select {
		case <-w.bell:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// drainLimit bounds how long a server may take to send what is overdue: by
// then codes would expire.
const drainLimit = 3 * time.Minute

// crash kills the server before the crowd falls due, and starts it again after.
func (w *wait) crash(ctx context.Context, f *Fallback, due time.Time) error {
	if err := w.site.server.kill(); err != nil {
		return err
	}
	select {
	case <-time.After(time.Until(due.Add(time.Second))): // whole seconds were asked for
	case <-ctx.Done():
		return ctx.Err()
	}
	began := time.Now()
	if err := w.site.server.start(ctx); err != nil {
		return err
	}
	f.ReadyMS = milliseconds(time.Since(began))
	ctx, done := context.WithTimeout(ctx, drainLimit)
	defer done()
	late := w.crowd()
	if err := w.await(ctx, late+w.punctual); err != nil {
		return fmt.Errorf("%d of %d messages left after the restart: %w", int(w.arrived.Load())-w.punctual, late, err)
	}
	first, last := w.arrival(1), w.arrival(1)
	for phone := 2; phone <= w.crowd(); phone++ {
		if at := w.arrival(phone); at.Before(first) {
			first = at
		} else if at.After(last) {
			last = at
		}
	}
	f.FirstMS = milliseconds(first.Sub(began))
	f.LatePerS = round(float64(late) / last.Sub(first).Seconds())
	return nil
}

func (f *Fallback) text(p *printer) {
	p.line("\nfallback  %d codes wait; %d of them fall due one by one, %d/s: late by p50 %s ms, p99 %s ms",
		f.Pending, f.Punctual, pace, ms(f.Lateness.P50), ms(f.Lateness.P99))
	p.line("          killed and started with all the others overdue: ready in %s ms, the first message in %s ms, then %s/s",
		figure(f.ReadyMS), figure(f.FirstMS), figure(f.LatePerS))
}
