package otpcore

import "time"

// Index is a keyed blind index: equal values have equal indexes, and nobody
// without the master key can tell what a value was.
type Index [16]byte

// IsZero reports whether no value is indexed.
func (i Index) IsZero() bool { return i == Index{} }

// Standing is what is remembered about a phone to guard it: recent starts,
// wrong guesses, pauses. One row is the phone at one business; the row without
// a business is the phone at all of them and holds Starts only.
//
// Each list is a sliding log, kept exact because the limits themselves keep it
// short. The row is read and written in the transaction of the act it counts.
type Standing struct {
	BusinessID  ID
	Phone       Index
	Starts      []StartMark // of the last 24 h; at one business unapproved ones only
	Failures    []time.Time // wrong guesses of the last 24 h, across verifications
	Consecutive int         // wrong guesses since the last approval
	PausedUntil time.Time   // the user asked for silence
	Pauses      int
}

// StartMark is one start that has not been approved.
type StartMark struct {
	ID    ID
	At    time.Time
	Until time.Time // end of its life; zero once it ended
}

// Idle reports whether nothing in the row matters any more, so that it may be
// deleted.
func (s *Standing) Idle(now time.Time) bool {
	return s.Consecutive == 0 && s.Pauses == 0 && now.After(s.PausedUntil) &&
		len(s.recentStarts(now, day)) == 0 && len(after(s.Failures, now.Add(-day))) == 0
}

func (s *Standing) recentStarts(now time.Time, window time.Duration) []StartMark {
	for i, m := range s.Starts {
		if m.At.After(now.Add(-window)) {
			return s.Starts[i:]
		}
	}
	return nil
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
