package otpcore

import (
	"context"
	"log/slog"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// scheduler wakes cases when something is due on them. Due times live in rows,
// so nothing is lost in a crash; in memory there is only the time of the next
// look.
type scheduler struct {
	desk   *desk
	ledger Ledger
	log    *slog.Logger

	mu     sync.Mutex
	next   time.Time
	broken map[Ref]breaks
	bell   chan struct{}

	blind int // looks in a row that could not read; only run touches it
}

// breaks counts how often a decision about a due case broke off: it panics,
// which no repeat and no waiting mends.
type breaks struct {
	times int
	again time.Time // not before
}

const (
	wakeBatch  = 200 // cases of one look
	wakeTries  = 5   // of a case that breaks
	longNap    = 5 * time.Second
	troubleNap = time.Second
)

func newScheduler(d *desk, cfg Config) *scheduler {
	return &scheduler{desk: d, ledger: cfg.Ledger, log: cfg.Logger, broken: make(map[Ref]breaks), bell: make(chan struct{}, 1)}
}

// committed rings when a case wants waking before the planned look.
func (s *scheduler) committed(c *Case) {
	if at := c.wakesAt(); !at.IsZero() && s.sooner(at) {
		select {
		case s.bell <- struct{}{}:
		default: // it rings already
		}
	}
}

// sooner moves the next look forward to at and reports whether it did.
func (s *scheduler) sooner(at time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !at.Before(s.next) {
		return false
	}
	s.next = at
	return true
}

func (s *scheduler) run(ctx context.Context) {
	for ctx.Err() == nil {
		timer := time.NewTimer(s.look(ctx))
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-s.bell:
		}
		timer.Stop()
	}
}

// look wakes what is due and returns how long to sleep.
func (s *scheduler) look(ctx context.Context) time.Duration {
	now := s.ledger.Now()
	s.mu.Lock()
	s.next = now.Add(longNap)
	s.mu.Unlock()
	refs, next, err := s.ledger.Due(ctx, now, wakeBatch)
	if ctx.Err() == nil {
		s.report(err)
	}
	full := len(refs) == wakeBatch
	refs = slices.DeleteFunc(refs, func(ref Ref) bool { return s.resting(ref, now) })
	if err != nil || !s.wake(refs) {
		return troubleNap
	}
	if full && len(refs) > 0 {
		return 0
	}
	if !next.IsZero() {
		s.sooner(next)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(0, s.next.Sub(s.ledger.Now()))
}

// report logs the first look that could not read, then the second, the fourth,
// the eighth and so on, and the end of it: an outage may last for hours.
func (s *scheduler) report(err error) {
	switch {
	case err != nil:
		if s.blind++; bits.OnesCount(uint(s.blind)) == 1 {
			s.log.Error("due work not readable", "looks", s.blind, "error", err)
		}
	case s.blind > 0:
		s.log.Info("due work readable again", "looks", s.blind)
		s.blind = 0
	}
}

// wake waits until all the cases are done, so that the next look does not find
// them again. It reports whether the storage was there for every one.
func (s *scheduler) wake(refs []Ref) bool {
	var (
		pending sync.WaitGroup
		failed  atomic.Bool
	)
	for _, ref := range refs {
		decide, last := s.desk.wake, s.breaksOf(ref).times >= wakeTries
		if last {
			decide = s.desk.bury
		}
		pending.Add(1)
		s.ledger.Submit(Op{Lane: LaneDeliveries, Ref: ref, Decide: func(c *Case) error {
			decide(c)
			return nil
		}}, func(err error) {
			defer pending.Done()
			switch {
			case err == nil:
				s.woken(ref, last)
			case KindOf(err) == KindInternal:
				s.broke(ref)
			default:
				failed.Store(true)
				s.log.Error("due case not woken", "verification", ref.Verification, "error", err)
			}
		})
	}
	pending.Wait()
	return !failed.Load()
}

func (s *scheduler) breaksOf(ref Ref) breaks {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.broken[ref]
}

// resting reports whether a case that broke is not to be touched yet.
func (s *scheduler) resting(ref Ref, now time.Time) bool { return now.Before(s.breaksOf(ref).again) }

// broke puts the case aside for a moment, in which all others go on.
func (s *scheduler) broke(ref Ref) {
	again := s.ledger.Now().Add(troubleNap)
	s.mu.Lock()
	times := s.broken[ref].times + 1
	s.broken[ref] = breaks{times, again}
	s.mu.Unlock()
	s.sooner(again)
	if times <= wakeTries {
		s.log.Warn("due case broke off", "verification", ref.Verification, "delivery", ref.Delivery, "try", times)
	}
}

// woken forgets how often the case broke. What was due on a buried one is over,
// and nobody but the log tells that it did not end by the rules.
func (s *scheduler) woken(ref Ref, buried bool) {
	s.mu.Lock()
	delete(s.broken, ref)
	s.mu.Unlock()
	if buried {
		s.log.Error("due case given up", "verification", ref.Verification, "delivery", ref.Delivery, "tries", wakeTries)
	}
}

// wakesAt is the earliest time at which the case wants waking.
func (c *Case) wakesAt() time.Time {
	var at time.Time
	if c.Verification != nil {
		at = c.Verification.WakeAt()
	}
	for _, list := range [...][]*Delivery{c.Deliveries, c.changed.aside} {
		for _, dlv := range list {
			if !dlv.DueAt.IsZero() && (at.IsZero() || dlv.DueAt.Before(at)) {
				at = dlv.DueAt
			}
		}
	}
	return at
}
