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
	here, everywhere := d.starts(c)
	counted := slices.DeleteFunc(slices.Clone(here), func(b Begun) bool { return !b.At.After(s.ForgivenAt) })
	for _, l := range d.rules.Starts {
		if wait := untilRoom(counted, now, l); wait > 0 {
			return limited("too_many_starts", wait, "Too many codes were asked for this phone without an approval. Wait before asking for another one.")
		}
	}
	if wait := untilRoom(everywhere, now, d.rules.StartsEverywhere); wait > 0 {
		return limited("too_many_starts", wait, "Too many codes were asked for this phone today. Wait before asking for another one.")
	}
	return d.guardLive(here, now)
}

// starts lists the starts of the last 24 h that count for the phone, oldest
// first: the unapproved ones of this business, and all of all businesses.
func (d *desk) starts(c *Case) (here, everywhere []Begun) {
	for _, b := range sinceDay(slices.Concat(c.Everywhere.Erased, c.Begun), c.Now) {
		if !d.rules.policy(b.Kind).Guarded {
			continue
		}
		everywhere = append(everywhere, b)
		if b.BusinessID == c.BusinessID && !b.Approved {
			here = append(here, b)
		}
	}
	byTime := func(a, b Begun) int { return a.At.Compare(b.At) }
	slices.SortFunc(here, byTime)
	slices.SortFunc(everywhere, byTime)
	return here, everywhere
}

func (d *desk) guardLive(starts []Begun, now time.Time) error {
	live, first := 0, time.Time{}
	for _, b := range starts {
		if b.Until.After(now) {
			live++
			if first.IsZero() || b.Until.Before(first) {
				first = b.Until
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

// clearFailures forgives the phone's wrong guesses: its holder proved
// themselves. Most have made none, and nothing is written for them.
func (c *Case) clearFailures() {
	s := c.Standing
	if len(s.Failures) == 0 && s.Consecutive == 0 {
		return
	}
	s.Failures, s.Consecutive = nil, 0
	c.changed.standing = true
}

// untilRoom returns how long until one more start fits the limit.
func untilRoom(starts []Begun, now time.Time, l Limit) time.Duration {
	if l.Count == 0 {
		return 0
	}
	recent := starts
	for len(recent) > 0 && !recent[0].At.After(now.Add(-l.Window)) {
		recent = recent[1:]
	}
	if len(recent) < l.Count {
		return 0
	}
	return recent[len(recent)-l.Count].At.Add(l.Window).Sub(now)
}
