package otpcore

import (
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"time"
)

// record writes down what a provider answered to one try of a delivery, and
// takes the next step when the answer was no.
//
// A yes counts however late it comes: the message has left. A no is the word on
// its own try only, and nothing on one that was begun since by a lapsed lease.
func (d *desk) record(c *Case, id ID, try int, accepted Accepted, err error) {
	dlv := c.Delivery(id)
	switch {
	case dlv == nil:
	case err == nil:
		d.accept(c, dlv, accepted)
	case dlv.Status == Sending && dlv.BootID == c.Boot && dlv.Try == try:
		d.refuse(c, dlv, asSendError(err))
	}
	d.follow(c)
}

// asSendError treats an error that no sender classified as unknown.
func asSendError(err error) *SendError {
	if e, ok := errors.AsType[*SendError](err); ok {
		return e
	}
	return &SendError{Class: ClassUnknown, Message: "The message could not be sent.", Err: err}
}

func (d *desk) accept(c *Case, dlv *Delivery, a Accepted) {
	switch dlv.Status {
	case Sending, Queued, Unknown:
	case Delivered, Read:
		d.complete(c, dlv, a)
		return
	default:
		return // the delivery is over
	}
	dlv.Status, dlv.DueAt, dlv.SentAt = Sent, noTime, c.Now
	dlv.Provider, dlv.Error = a.Provider, nil
	c.settleCost(dlv, a.Cost)
	if a.MessageID != "" {
		dlv.MessageID = a.MessageID
	}
	c.touchDelivery(dlv)
	if c.Order != nil {
		if dlv.Edits == "" {
			c.note(EventDeliverySent, dlv, "provider", dlv.Provider)
		}
		return
	}
	switch dlv.Kind {
	case DeliverEdit:
		c.note(NoteMessageEdited, dlv, "wanted", string(dlv.Wanted))
		d.nextEdit(c, dlv)
	case DeliverCode:
		c.note(EventDeliverySent, dlv, "provider", dlv.Provider)
		d.afterArrival(c, dlv, Sent)
	}
}

// complete adds what only the provider's own answer told about a message whose
// receipt was faster.
func (d *desk) complete(c *Case, dlv *Delivery, a Accepted) {
	if dlv.MessageID == "" {
		dlv.MessageID = a.MessageID
	}
	if dlv.Provider == "" {
		dlv.Provider = a.Provider
	}
	if dlv.Cost.IsZero() {
		dlv.Cost = a.Cost
	}
	c.touchDelivery(dlv)
}

// afterArrival draws the consequences of a message that reached its provider
// or its reader: it may stop the clock, and one that comes after the end of
// its verification must not stay readable.
func (d *desk) afterArrival(c *Case, dlv *Delivery, arrived DeliveryStatus) {
	v := c.Verification
	if c.Order != nil {
		return // no clock runs for it
	}
	if v.Status.Terminal() {
		d.edit(c, dlv, wantedAtEnd(v), CauseEnd)
		return
	}
	receipts := d.wayOf(v, dlv).Capabilities.Receipts
	if v.FallbackOn == Undelivered && (arrived != Sent || !receipts) && !v.FallbackAt.IsZero() {
		v.FallbackAt = noTime
		c.touchVerification()
		c.note(NoteFallbackStopped, dlv, "because", string(arrived))
	}
}

// refuse chooses between another provider, another try, and the next channel.
func (d *desk) refuse(c *Case, dlv *Delivery, e *SendError) {
	dlv.Error = &DeliveryError{Class: e.Class, Message: e.Message}
	if e.Provider != "" {
		dlv.Provider = e.Provider
	}
	c.touchDelivery(dlv)
	switch {
	case d.nextEdit(c, dlv):
		c.skip(dlv, "overtaken")
	case e.Class == ClassAmbiguous:
		d.unsure(c, dlv)
	case e.Elsewhere && !slices.Contains(dlv.Refused, e.Provider) && d.worthSending(c, dlv, c.Now):
		dlv.Refused = append(slices.Clone(dlv.Refused), e.Provider)
		c.note(NoteDeliveryRetry, dlv, "class", string(e.Class), "provider", e.Provider)
		d.lease(c, dlv)
	case e.Temporary() && d.retry(c, dlv, e):
	default:
		d.giveUp(c, dlv, e)
	}
}

// putBack queues a delivery whose turn does not come under the given lease. No
// provider has heard of it, so this is no try. One that could not be of use any
// more by then goes to the next channel at once.
func (d *desk) putBack(c *Case, id ID, lease time.Time, wait time.Duration) {
	dlv := c.Delivery(id)
	if dlv == nil || dlv.Status != Sending || dlv.BootID != c.Boot || !dlv.DueAt.Equal(lease.Truncate(time.Millisecond)) {
		return // somebody else has decided meanwhile
	}
	dlv.Try--
	c.touchDelivery(dlv)
	at := c.Now.Add(wait)
	switch {
	case d.nextEdit(c, dlv):
		c.skip(dlv, "overtaken")
	case d.worthSending(c, dlv, at):
		dlv.Status, dlv.DueAt = Queued, at
	default:
		tooLong := &SendError{Class: ClassThrottled, Message: "The line of messages before this one is longer than it can wait."}
		dlv.Error = &DeliveryError{Class: tooLong.Class, Message: tooLong.Message}
		d.giveUp(c, dlv, tooLong)
		d.follow(c)
	}
}

// retry queues another try if it comes early enough to be of use.
func (d *desk) retry(c *Case, dlv *Delivery, e *SendError) bool {
	wait, ok := d.pause(dlv, e)
	at := c.Now.Add(wait)
	if !ok || !d.worthSending(c, dlv, at) {
		return false
	}
	dlv.Status, dlv.DueAt = Queued, at
	c.note(NoteDeliveryRetry, dlv, "class", string(e.Class), "in", wait.String())
	return true
}

// The waits after a throttled try when the provider does not name one.
const (
	firstThrottlePause = 2 * time.Second
	maxThrottlePause   = 30 * time.Second
)

// maxRetryPause bounds the waits of what no other channel can carry.
const maxRetryPause = 10 * time.Minute

// pause is how long to wait before the next try, and false when there were
// enough of them. A provider that throttles is there and will take the message
// later, so only the clock ends those tries. Nor does anything else end those of
// an answer, an edit or news of an order, for which no other channel stands
// ready: the waits double.
func (d *desk) pause(dlv *Delivery, e *SendError) (time.Duration, bool) {
	wait := e.RetryAfter
	switch {
	case wait > 0:
	case e.Class == ClassThrottled:
		wait = min(firstThrottlePause<<min(dlv.Try-1, 4), maxThrottlePause)
	case dlv.Try <= len(d.rules.Retries):
		wait = d.rules.Retries[dlv.Try-1]
	case dlv.Kind == DeliverCode || len(d.rules.Retries) == 0:
		return 0, false
	default:
		last, more := d.rules.Retries[len(d.rules.Retries)-1], dlv.Try-len(d.rules.Retries)
		wait = min(last<<min(more, 16), maxRetryPause)
	}
	return wait + spread(dlv, wait), true
}

// maxSpread bounds what is added to a wait, so that it never costs a code its
// place before the fallback by much.
const maxSpread = time.Second

// spread is what a delivery adds to a wait, at most a quarter of it: messages
// that a provider refused together must not come back to it together. It
// follows from the random part of the delivery's id, and so is the same when
// the decision runs twice.
func spread(dlv *Delivery, wait time.Duration) time.Duration {
	draw := fnv.New32a()
	_, _ = fmt.Fprintf(draw, "%s %d", dlv.ID, dlv.Try)
	most := min(wait/4, maxSpread)
	return (most * time.Duration(draw.Sum32()) >> 32).Truncate(time.Millisecond)
}

// worthSending reports whether a try at the given time still helps: before the
// fallback takes over, while the code lives and its chat is linked.
func (d *desk) worthSending(c *Case, dlv *Delivery, at time.Time) bool {
	v := c.Verification
	switch {
	case dlv.Order != "":
		return at.Sub(dlv.QueuedAt) < d.rules.OrderLife
	case dlv.Kind != DeliverCode:
		return at.Sub(dlv.QueuedAt) < d.rules.EditLife
	case v.Status.Terminal() || !at.Before(v.ExpiresAt):
		return false
	case dlv.Channel == SMS || v.Kind == KindHandover:
		return true
	case !c.stillLinked(dlv):
		return false // what waits for a try must not go where no code may go any more
	case c.overtaken(dlv) || !v.FallbackAt.IsZero() && !at.Before(v.FallbackAt):
		return false
	}
	return !tooLate(v, at)
}

// unsure handles a send whose answer was never read. It may have arrived, so
// it is repeated once, with the same code; after that the next channel goes
// ahead and the delivery stays unknown until a receipt settles it.
func (d *desk) unsure(c *Case, dlv *Delivery) {
	wait := time.Duration(0)
	if dlv.Channel == SMS {
		wait = d.rules.ReceiptWait
	}
	if !dlv.Repeated && d.worthSending(c, dlv, c.Now.Add(wait)) {
		dlv.Repeated = true
		if wait == 0 {
			d.lease(c, dlv)
		} else {
			dlv.Status, dlv.DueAt = Queued, c.Now.Add(wait)
		}
		c.note(NoteDeliveryRetry, dlv, "class", string(ClassAmbiguous))
		return
	}
	dlv.Status, dlv.DueAt = Unknown, noTime
	if dlv.Kind == DeliverCode {
		c.note(NoteDeliveryUnknown, dlv)
		d.nextChannel(c, dlv)
	}
}

// giveUp fails the delivery and goes on to the next channel at once.
func (d *desk) giveUp(c *Case, dlv *Delivery, e *SendError) {
	dlv.Status, dlv.DueAt, dlv.FailedAt = FailedDlv, noTime, c.Now
	if e.EndsLink() {
		c.endLink(dlv.LinkID)
	}
	if e.Class == ClassNotOnChannel && dlv.Channel.IsChat() && dlv.LinkID == "" {
		c.markAbsent(dlv.Channel)
	}
	if dlv.Kind != DeliverCode && (c.Order == nil || dlv.Edits != "") {
		return
	}
	c.note(EventDeliveryFailed, dlv, "class", string(e.Class), "message", e.Message, "provider", e.Provider)
	d.nextChannel(c, dlv)
}

// nextChannel goes on from a code that did not get through here. One whose time
// has passed ends, though its own waking may come a moment later: the next
// channel would bring it back to life.
//
// A chat that refused leaves its channel to what reaches the bare number, if
// there is such a way.
func (d *desk) nextChannel(c *Case, dlv *Delivery) {
	switch {
	case dlv.Kind != DeliverCode || c.overtaken(dlv):
	case c.over():
		d.end(c, Expired, EndExpired)
	default:
		if !d.openUnlinked(c, d.way(c.Verification, dlv.Channel), CauseUndeliverable) {
			d.advance(c, CauseUndeliverable)
		}
	}
}

// endLink makes the link inactive: its chat refuses our messages until the
// person comes back.
func (c *Case) endLink(id ID) {
	if l := c.Link(id); l != nil && l.Status == LinkActive {
		l.Status, l.EndReason, l.EndedAt = LinkInactive, "blocked", c.Now
		c.touchLink(l)
	}
}

// markAbsent remembers that the phone has no account at the chat network.
func (c *Case) markAbsent(ch Channel) {
	if c.Standing == nil {
		return
	}
	c.Standing.Absent = maps.Clone(c.Standing.Absent)
	if c.Standing.Absent == nil {
		c.Standing.Absent = make(map[Channel]time.Time)
	}
	c.Standing.Absent[ch] = c.Now.Add(absence)
	c.changed.standing = true
}
