package otpcore

import (
	"fmt"
	"hash/fnv"
	"time"
)

// Posting is one event on its way to one endpoint, and afterwards a line of the
// endpoint's log. It names the event and holds nothing of it, so that what a
// person asked to be forgotten rests in no queue.
type Posting struct {
	ID         ID
	EndpointID ID
	BusinessID ID
	EventID    ID
	EventType  EventType
	Cause      PostingCause
	Status     PostingStatus
	Tries      int
	DueAt      time.Time // of the next try; zero: there is none
	HTTPStatus int       // of the last answer; zero: there was none
	Failure    PostFailure
	Took       time.Duration // of the last try
	CreatedAt  time.Time
	TriedAt    time.Time // zero: not yet
}

// PostingCause tells why an event is posted.
type PostingCause string

// The causes of postings.
const (
	PostedEvent  PostingCause = "event"
	PostedReplay PostingCause = "replay"
	PostedTest   PostingCause = "test"
)

// PostingStatus tells how far a posting is.
type PostingStatus string

// The statuses of a posting.
const (
	PostingWaiting   PostingStatus = "waiting" // for its first or its next try
	PostingDelivered PostingStatus = "delivered"
	PostingFailed    PostingStatus = "failed" // no try is left
)

// PostFailure tells why a try failed. It is one of few words, so that nothing
// of what a receiver answered is kept or shown.
type PostFailure string

// The failures of a try.
const (
	PostStatus   PostFailure = "status"   // an answer other than 2xx
	PostRedirect PostFailure = "redirect" // an answer that leads elsewhere
	PostTimeout  PostFailure = "timeout"  // no answer in time
	PostAddress  PostFailure = "address"  // the name cannot be found, or leads to a forbidden address
	PostConnect  PostFailure = "connect"  // nobody takes the connection, or it broke
	PostTLS      PostFailure = "tls"      // the certificate or the protocol is not acceptable
	PostAnswer   PostFailure = "answer"   // no HTTP, or headers without an end
	PostNoEvent  PostFailure = "no_event" // the event is no longer kept
	PostUnsigned PostFailure = "unsigned" // no key of the ring opens the secret
)

// PostFailures lists every failure.
var PostFailures = []PostFailure{
	PostStatus, PostRedirect, PostTimeout, PostAddress, PostConnect, PostTLS, PostAnswer, PostNoEvent, PostUnsigned,
}

// final reports whether a later try would fail in the same way.
func (f PostFailure) final() bool { return f == PostNoEvent }

// PostResult is what came of one try.
type PostResult struct {
	Failure    PostFailure // empty: the receiver has the event
	Ours       bool        // it failed for want of something of ours, and is no try
	HTTPStatus int
	RetryAfter time.Duration // what the receiver asked for; zero: nothing
	At         time.Time
	Took       time.Duration
}

// postGaps are the pauses behind each failed try (Standard Webhooks,
// "Deliverability and reliability"); behind the last one there is no other.
var postGaps = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
	10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

// longestRetryAfter bounds what a receiver may ask for: one that names a year
// would keep the queue of its events for ever.
const longestRetryAfter = day

// settle takes the result of a try.
func (p *Posting) settle(r PostResult) {
	p.Tries++
	p.HTTPStatus, p.Failure, p.Took, p.TriedAt, p.DueAt = r.HTTPStatus, r.Failure, r.Took, r.At, noTime
	switch {
	case r.Failure == "":
		p.Status = PostingDelivered
	case p.Cause == PostedTest || r.Failure.final() || p.Tries > len(postGaps):
		p.Status = PostingFailed
	default:
		p.Status = PostingWaiting
		p.DueAt = r.At.Add(max(p.jitter(postGaps[p.Tries-1]), min(r.RetryAfter, longestRetryAfter)))
	}
}

// jitter moves a pause by up to a tenth to either side, so that what failed
// together does not come back together. It follows from the id, and so is the
// same when the transaction runs twice.
func (p *Posting) jitter(gap time.Duration) time.Duration {
	draw := fnv.New32a()
	_, _ = fmt.Fprintf(draw, "%s %d", p.ID, p.Tries)
	most := gap.Milliseconds() / 5
	return gap - gap/10 + time.Duration(most*int64(draw.Sum32())>>32)*time.Millisecond
}
