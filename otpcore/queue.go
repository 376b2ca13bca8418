package otpcore

import (
	"slices"
	"time"
)

// The lanes of a queue. A job leaves before every job of a later lane.
const (
	laneCode     = iota // somebody waits at a login screen
	laneEdit            // a code that must not stay readable
	laneReply           // somebody waits in the chat
	laneHandover        // a courier waits at the door, or will
	laneOrder           // news that may come a little later
	laneCount
)

func laneOf(dlv *Delivery) int {
	switch dlv.Kind {
	case DeliverCode:
		return laneCode
	case DeliverEdit:
		return laneEdit
	case DeliverReply, DeliverRenewal:
		return laneReply
	}
	if dlv.Wanted == WantCode {
		return laneHandover
	}
	return laneOrder
}

// line is the jobs of one lane. Businesses that share a bot take turns in it,
// and a business's own jobs keep their order.
type line struct {
	turns   []ID // the businesses that wait, the next one first
	waiting map[ID][]*job
	given   map[ID]time.Time // until when turns were given to messages that wait in the ledger
}

func (l *line) add(j *job) {
	if l.waiting == nil {
		l.waiting = make(map[ID][]*job)
	}
	business := j.delivery.BusinessID
	if len(l.waiting[business]) == 0 {
		l.turns = append(l.turns, business)
	}
	l.waiting[business] = append(l.waiting[business], j)
}

// take removes the first job that may go, of the business whose turn it is. It
// returns nil where none may.
func (l *line) take(may func(*job) bool) *job {
	for turn, business := range l.turns {
		for i, j := range l.waiting[business] {
			if may(j) {
				l.turns = append(slices.Delete(l.turns, turn, turn+1), business)
				return l.remove(business, i)
			}
		}
	}
	return nil
}

// remove takes out the i-th job of the business.
func (l *line) remove(business ID, i int) *job {
	jobs := l.waiting[business]
	j := jobs[i]
	if i == 0 {
		jobs[0] = nil // the slice lives on, and must not hold what left
		l.waiting[business] = jobs[1:]
	} else {
		l.waiting[business] = slices.Delete(jobs, i, i+1)
	}
	if len(l.waiting[business]) == 0 {
		delete(l.waiting, business)
		l.turns = slices.DeleteFunc(l.turns, func(b ID) bool { return b == business })
	}
	return j
}

// late removes the jobs whose lease would end during a call that began at now.
// They came in the order in which their leases end.
func (l *line) late(now time.Time, call time.Duration) []*job {
	var late []*job
	for _, business := range slices.Clone(l.turns) {
		for len(l.waiting[business]) > 0 && l.waiting[business][0].delivery.DueAt.Sub(now) < call {
			late = append(late, l.remove(business, 0))
		}
	}
	return late
}

// lapse returns when the first of the jobs would be late.
func (l *line) lapse(call time.Duration) time.Time {
	var first time.Time
	for _, jobs := range l.waiting {
		if at := jobs[0].delivery.DueAt.Add(-call); first.IsZero() || at.Before(first) {
			first = at
		}
	}
	return first
}

// ahead is how many jobs leave before another one of the business's.
func (l *line) ahead(business ID) int {
	own := len(l.waiting[business])
	n := own
	for other, jobs := range l.waiting {
		if other != business {
			n += min(len(jobs), own+1)
		}
	}
	return n
}

// give gives the business the next turn from the given moment on, with a gap
// between two of its turns.
func (l *line) give(business ID, from time.Time, gap time.Duration) time.Time {
	if l.given == nil {
		l.given = make(map[ID]time.Time)
	}
	if next := l.given[business].Add(gap); next.After(from) {
		from = next
	}
	l.given[business] = from
	return from
}

func (l *line) len() int {
	n := 0
	for _, jobs := range l.waiting {
		n += len(jobs)
	}
	return n
}
