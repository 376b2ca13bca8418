package otpcore

import (
	"context"
	"log/slog"
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

	mu   sync.Mutex
	next time.Time
	bell chan struct{}
}

const (
	wakeBatch  = 200 // cases of one look
	longNap    = 5 * time.Second
	troubleNap = time.Second
)

func newScheduler(d *desk, cfg Config) *scheduler {
	return &scheduler{desk: d, ledger: cfg.Ledger, log: cfg.Logger, bell: make(chan struct{}, 1)}
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
	if err != nil && ctx.Err() == nil {
		s.log.Error("due work not readable", "error", err)
	}
	if err != nil || !s.wake(refs) {
		return troubleNap
	}
	if len(refs) == wakeBatch {
		return 0
	}
	if !next.IsZero() {
		s.sooner(next)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(0, s.next.Sub(s.ledger.Now()))
}

// wake waits until all the cases are done, so that the next look does not find
// them again. It reports whether the storage took every one.
func (s *scheduler) wake(refs []Ref) bool {
	var (
		pending sync.WaitGroup
		failed  atomic.Bool
	)
	for _, ref := range refs {
		pending.Add(1)
		s.ledger.Submit(Op{Lane: LaneDeliveries, Ref: ref, Decide: func(c *Case) error {
			s.desk.wake(c)
			return nil
		}}, func(err error) {
			defer pending.Done()
			if err != nil {
				failed.Store(true)
				s.log.Error("due case not woken", "verification", ref.Verification, "error", err)
			}
		})
	}
	pending.Wait()
	return !failed.Load()
}

// wakesAt is the earliest time at which the case wants waking.
func (c *Case) wakesAt() time.Time {
	var at time.Time
	if c.Verification != nil {
		at = c.Verification.WakeAt()
	}
	for _, dlv := range c.Deliveries {
		if !dlv.DueAt.IsZero() && (at.IsZero() || dlv.DueAt.Before(at)) {
			at = dlv.DueAt
		}
	}
	return at
}
