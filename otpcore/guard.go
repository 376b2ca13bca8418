package otpcore

import (
	"slices"
	"time"
)

// forever is how far away a lock without an end is shown to be.
const forever = 365 * day

// guardStart refuses a start that the phone's standing forbids. Everything is
// counted by canonical phone, so no spelling of a number gets a limit of its
// own.
func (d *desk) guardStart(c *Case) error {
	s, now := c.Standing, c.Now
	if wait := s.PausedUntil.Sub(now); wait > 0 {
		return limited("phone_paused", wait, "The user asked not to get codes for a while. Offer another way to sign in, or lift the pause with POST /v1/phones/unblock.")
	}
	if wait := d.lockedFor(s, now); wait > 0 {
		return limited("phone_locked", wait, "Too many wrong codes were tried for this phone. Wait, or lift the lock with POST /v1/phones/unblock.")
	}
	for _, l := range d.rules.Starts {
		if wait := untilRoom(s.Starts, now, l); wait > 0 {
			return limited("too_many_starts", wait, "Too many codes were asked for this phone without an approval. Wait before asking for another one.")
		}
	}
	if wait := untilRoom(c.Everywhere.Starts, now, d.rules.StartsEverywhere); wait > 0 {
		return limited("too_many_starts", wait, "Too many codes were asked for this phone today. Wait before asking for another one.")
	}
	return d.guardLive(s, now)
}

func (d *desk) guardLive(s *Standing, now time.Time) error {
	live, first := 0, time.Time{}
	for _, m := range s.Starts {
		if m.Until.After(now) {
			live++
			if first.IsZero() || m.Until.Before(first) {
				first = m.Until
			}
		}
	}
	if live >= d.rules.Live {
		return limited("too_many_live", first.Sub(now), "This phone already has several codes that still work. Use one of them, cancel one, or wait.")
	}
	return nil
}

// lockedFor returns how long checks and starts for the phone stay refused, zero
// when they are allowed. The limits hold over every sliding window, so a lock
// ends when the oldest wrong guess that fills the window leaves it.
func (d *desk) lockedFor(s *Standing, now time.Time) time.Duration {
	if d.rules.Consecutive > 0 && s.Consecutive >= d.rules.Consecutive {
		return forever
	}
	var wait time.Duration
	for _, l := range d.rules.Failures {
		recent := after(s.Failures, now.Add(-l.Window))
		if len(recent) >= l.Count {
			wait = max(wait, recent[len(recent)-l.Count].Add(l.Window).Sub(now))
		}
	}
	return wait
}

// countFailure counts a wrong guess for the phone.
func (c *Case) countFailure() {
	s := c.Standing
	s.Failures = append(slices.Clone(after(s.Failures, c.Now.Add(-day))), c.Now)
	s.Consecutive++
	c.changed.standing = true
}

// countStart counts a start for the phone, here and everywhere.
func (c *Case) countStart(v *Verification) {
	mark := StartMark{ID: v.ID, At: c.Now, Until: v.ExpiresAt}
	c.Standing.Starts = append(slices.Clone(c.Standing.recentStarts(c.Now, day)), mark)
	c.Everywhere.Starts = append(slices.Clone(c.Everywhere.recentStarts(c.Now, day)), StartMark{At: c.Now})
	c.changed.standing, c.changed.everywhere = true, true
}

// markLife moves the end of the verification's start mark: zero when it ended.
func (c *Case) markLife(until time.Time) {
	for i, m := range c.Standing.Starts {
		if m.ID == c.Verification.ID {
			c.Standing.Starts = slices.Clone(c.Standing.Starts)
			c.Standing.Starts[i].Until = until
			c.changed.standing = true
			return
		}
	}
}

// clearStanding forgives the phone's failures: its holder proved themselves.
func (c *Case) clearStanding() {
	s := c.Standing
	s.Failures, s.Consecutive = nil, 0
	s.Starts = slices.DeleteFunc(slices.Clone(s.Starts), func(m StartMark) bool { return m.ID == c.Verification.ID })
	c.changed.standing = true
}

// untilRoom returns how long until one more start fits the limit.
func untilRoom(starts []StartMark, now time.Time, l Limit) time.Duration {
	if l.Count == 0 {
		return 0
	}
	recent := (&Standing{Starts: starts}).recentStarts(now, l.Window)
	if len(recent) < l.Count {
		return 0
	}
	return recent[len(recent)-l.Count].At.Add(l.Window).Sub(now)
}
