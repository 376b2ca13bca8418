package otpcore

import (
	"slices"
	"time"
)

// Index is a keyed blind index: equal values have equal indexes, and nobody
// without the master key can tell what a value was.
type Index [16]byte

// IsZero reports whether no value is indexed.
func (i Index) IsZero() bool { return i == Index{} }

// Standing is what is remembered about a phone beside its verifications: wrong
// guesses, pauses, and starts that nothing else tells of any more. One row is
// the phone at one business; the row without a business is the phone at all of
// them and holds Erased only. Most phones have no row.
//
// Each list is a sliding log, kept exact because the limits themselves keep it
// short. The row is read and written in the transaction of the act it counts.
type Standing struct {
	BusinessID  ID
	Phone       Index
	Failures    []time.Time // wrong guesses of the last 24 h, across verifications
	Consecutive int         // wrong guesses since the last approval
	PausedUntil time.Time   // the user asked for silence
	Pauses      int
	ForgivenAt  time.Time // starts up to then count only while their codes live
	Erased      []Begun   // starts whose verifications do not name the phone any more

	// Absent tells until when the phone is taken to have no account at a chat
	// network: asking again costs time, and networks frown on it.
	Absent map[Channel]time.Time
}

// absence is how long a phone counts as absent from a chat network that said so.
const absence = 7 * day

// absentFrom reports whether the phone is taken to have no account there. A nil
// standing knows nothing.
func (s *Standing) absentFrom(ch Channel, now time.Time) bool {
	return s != nil && now.Before(s.Absent[ch])
}

// gone reports whether no absence matters any more.
func (s *Standing) gone(now time.Time) bool {
	for _, until := range s.Absent {
		if now.Before(until) {
			return false
		}
	}
	return true
}

// Idle reports whether nothing in the row matters any more, so that it may be
// deleted.
func (s *Standing) Idle(now time.Time) bool {
	return s.Consecutive == 0 && s.Pauses == 0 && now.After(s.PausedUntil) && !s.ForgivenAt.After(now.Add(-day)) && s.gone(now) &&
		len(sinceDay(s.Erased, now)) == 0 && len(after(s.Failures, now.Add(-day))) == 0
}

// LastSeen is the last trace of the phone in the row.
func (s *Standing) LastSeen() time.Time {
	last := later(s.PausedUntil, s.ForgivenAt)
	if n := len(s.Failures); n > 0 {
		last = later(last, s.Failures[n-1])
	}
	for _, b := range s.Erased {
		last = later(last, b.At)
	}
	for _, until := range s.Absent {
		last = later(last, until)
	}
	return last
}

// Begun is a start as the limits of a phone see it.
type Begun struct {
	BusinessID ID
	Kind       VerificationKind
	At         time.Time
	Until      time.Time // end of its code's life; zero once it has ended
	Approved   bool
}

// Begun is how the verification counts.
func (v *Verification) Begun() Begun {
	b := Begun{BusinessID: v.BusinessID, Kind: v.Kind, At: v.CreatedAt, Approved: v.Status == Approved}
	if v.Status == Pending {
		b.Until = v.ExpiresAt
	}
	return b
}

// sinceDay returns the starts of the last 24 h.
func sinceDay(starts []Begun, now time.Time) []Begun {
	return slices.DeleteFunc(slices.Clone(starts), func(b Begun) bool { return !b.At.After(now.Add(-day)) })
}

// after returns the tail of the ascending times that lies after t.
func after(times []time.Time, t time.Time) []time.Time {
	for i, at := range times {
		if at.After(t) {
			return times[i:]
		}
	}
	return nil
}
