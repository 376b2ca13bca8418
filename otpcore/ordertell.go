package otpcore

import (
	"slices"
	"time"
)

// This file keeps the customer's chat up to date with an order. There is one
// living message per order and chat. It is edited in place where the channel
// can, which makes no sound, and only what rings is a message of its own.
//
// A message is made from the order as it stands when it leaves. So while one is
// on its way or waits, later updates add nothing: whoever records its outcome
// looks again.

// orderRoad is one way to the customer, with what has gone over it.
type orderRoad struct {
	way  Way
	link *Link // nil: SMS
	tied []ID  // the links of this chat, past ones included: a renewed link finds the message

	living   *Delivery // the newest message that the chat has
	waiting  *Delivery // one that has not left yet
	underWay bool
	shown    int64 // revision that the chat shows
	failed   int64 // revision at which a new message failed
	lost     bool  // the living message takes no edits any more
}

// orderStep is what the chat needs.
type orderStep int

const (
	stepNone orderStep = iota
	stepEdit
	stepNew
)

// roads lists the ways that may carry the order, the preferred one first.
func (d *desk) roads(c *Case) []*orderRoad {
	o := c.Order
	var list []*orderRoad
	for _, ch := range o.News.Channels {
		if !ch.IsChat() {
			continue
		}
		way := d.carriers.Way(o.BusinessID, o.Mode, ch, o.Phone.Region)
		if way.Reason != "" || way.ByPhone || !way.Capabilities.FreeText {
			continue
		}
		if link := d.orderLink(c, way); link != nil {
			list = append(list, c.survey(&orderRoad{way: way, link: link}))
		}
	}
	if o.News.SMSFallback && o.News.Paid {
		if way := d.carriers.Way(o.BusinessID, o.Mode, SMS, o.Phone.Region); way.Reason == "" {
			list = append(list, c.survey(&orderRoad{way: way}))
		}
	}
	return list
}

// orderLink returns the link that may carry the order over the way, or nil.
func (d *desk) orderLink(c *Case, way Way) *Link {
	o := c.Order
	if o.Mode == Test {
		return d.trialLink(orderPhonePlace(o), o.Phone)
	}
	for _, l := range c.Links {
		told := way.open(l, c.Now) || way.Capabilities.ApprovedNews && o.News.Paid
		if l.BotID == way.BotID && l.Status == LinkActive && told &&
			l.Proof.Satisfies(o.News.LinkProof) && !l.VerifiedAt.Before(c.Now.Add(-o.News.LinkMaxAge)) {
			return l
		}
	}
	return nil
}

// survey finds out what has gone over the road so far.
func (c *Case) survey(r *orderRoad) *orderRoad {
	if r.link != nil {
		r.tied = append(r.tied, r.link.ID)
		for _, l := range c.Links {
			if l.BotID == r.link.BotID && l.Chat.Index == r.link.Chat.Index {
				r.tied = append(r.tied, l.ID)
			}
		}
	}
	bared := make(map[ID]bool) // messages out of which a code is being taken
	for _, dlv := range c.Deliveries {
		switch {
		case !r.carries(dlv):
		case dlv.bares():
			bared[dlv.Edits] = bared[dlv.Edits] || dlv.Status == Sending
		case dlv.Status == Sending:
			r.underWay = true
		case dlv.Status == Queued:
			r.waiting = dlv
		case dlv.Status == FailedDlv && dlv.Edits == "":
			r.failed = max(r.failed, dlv.Revision)
		case dlv.Status == FailedDlv:
			r.lost = r.lost || r.living != nil && r.living.ID == dlv.Edits
		case dlv.Status.Live():
			r.shown = max(r.shown, dlv.Revision)
			if dlv.Edits == "" {
				r.living, r.lost = dlv, false
			}
		}
	}
	r.underWay = r.underWay || r.living != nil && bared[r.living.ID]
	return r
}

func (r *orderRoad) carries(dlv *Delivery) bool {
	return dlv.Channel == r.way.Channel && dlv.BotID == r.way.BotID && (r.link == nil || slices.Contains(r.tied, dlv.LinkID))
}

// step is what brings the chat up to date.
func (r *orderRoad) step(o *Order) orderStep {
	editable := r.living != nil && r.living.MessageID != "" && r.way.Capabilities.CanEdit && !r.lost
	switch {
	case r.living == nil && r.shown < o.NewsRevision,
		r.living != nil && r.living.Revision < o.RingRevision,
		!editable && r.shown < o.NewsRevision:
		return stepNew
	case editable && r.shown < o.Revision:
		return stepEdit
	}
	return stepNone
}

// orderRoad chooses the first way that has not refused what is in force.
func (d *desk) orderRoad(c *Case) (*orderRoad, OrderOutcome) {
	list := d.roads(c)
	for _, r := range list {
		if r.failed < c.Order.NewsRevision {
			return r, ""
		}
	}
	if len(list) > 0 || c.refusedEverywhere() {
		return nil, OutcomeFailed
	}
	return nil, OutcomeNoLink
}

// refusedEverywhere reports whether what is in force was refused by a chat that
// has no link any more.
func (c *Case) refusedEverywhere() bool {
	return slices.ContainsFunc(c.Deliveries, func(dlv *Delivery) bool {
		return dlv.Status == FailedDlv && dlv.Edits == "" && dlv.Revision >= c.Order.NewsRevision
	})
}

// heldUntil is when a new message may make a sound; zero: now. A message with a
// live hand-over code is a code, which nothing holds back.
func (d *desk) heldUntil(c *Case, r *orderRoad) (until time.Time, held bool) {
	if d.showsCode(c) {
		return noTime, false
	}
	if r.link != nil && r.link.Muted {
		return noTime, true
	}
	until = c.Order.News.Quiet.End(c.Now)
	return until, !until.IsZero()
}

// showsCode reports whether the order's message shows a code that works.
func (d *desk) showsCode(c *Case) bool {
	v := c.Verification
	return v != nil && v.ID == c.Order.VerificationID && !c.over()
}

// orderOutcome tells how far the chat has come, and changes nothing.
func (d *desk) orderOutcome(c *Case) (OrderOutcome, time.Time) {
	r, outcome := d.orderRoad(c)
	if r == nil {
		return outcome, noTime
	}
	step := r.step(c.Order)
	until, held := d.heldUntil(c, r)
	switch {
	case step == stepNone && !r.underWay:
		return OutcomeSent, noTime
	case r.underWay:
		return OutcomeSending, noTime
	case step == stepNew && held:
		return OutcomeHeld, until
	}
	return OutcomeQueued, noTime
}

// tell takes the next step towards a chat that is up to date. It may be called
// at any time, and as often as one likes.
func (d *desk) tell(c *Case, cause Cause) (OrderOutcome, time.Time) {
	r, outcome := d.orderRoad(c)
	d.leaveOthers(c, r)
	until := noTime
	if r != nil {
		outcome, until = d.proceed(c, r, cause)
	}
	d.bare(c, r)
	return outcome, until
}

// proceed takes the next step on the road.
func (d *desk) proceed(c *Case, r *orderRoad, cause Cause) (OrderOutcome, time.Time) {
	step := r.step(c.Order)
	until, held := d.heldUntil(c, r)
	held = held && step == stepNew
	switch w := r.waiting; {
	case r.underWay:
		return OutcomeQueued, noTime
	case w != nil && (step == stepNone || held && until.IsZero() || (w.Edits == "") != (step == stepNew)):
		c.skip(w, "overtaken")
	case w != nil && held:
		w.DueAt, w.Wanted = until, WantHeld
		c.touchDelivery(w)
		return OutcomeHeld, until
	case w != nil && (w.Wanted == WantHeld || w.Wanted != WantCode && d.showsCode(c)): // a code does not wait for the turn of news
		d.lease(c, w)
		c.touchDelivery(w)
		return OutcomeSending, noTime
	case w != nil:
		return OutcomeQueued, noTime
	}
	switch {
	case step == stepNone:
		return OutcomeSent, noTime
	case held && until.IsZero():
		return OutcomeHeld, noTime // until /unmute
	}
	return d.carry(c, r, step, cause, until)
}

// carry makes the next message or edit of the road.
func (d *desk) carry(c *Case, r *orderRoad, step orderStep, cause Cause, until time.Time) (OrderOutcome, time.Time) {
	kind := DeliverOrder
	if step == stepEdit && r.shown >= c.Order.NewsRevision {
		kind = DeliverEdit // it takes a code out, which is urgent, and says nothing new
	}
	dlv := d.newDelivery(c, r.way, kind, cause)
	dlv.Order = c.Order.ID
	if step == stepEdit {
		dlv.Edits, dlv.MessageID = r.living.ID, r.living.MessageID
	}
	c.insertDelivery(dlv)
	if r.link != nil {
		if err := d.address(dlv, r.link); err != nil {
			dlv.Revision = c.Order.Revision
			dlv.Status, dlv.FailedAt = FailedDlv, c.Now
			dlv.Error = &DeliveryError{Class: ClassUnknown, Message: "The chat's address cannot be read with the keys in the ring."}
			return OutcomeFailed, noTime
		}
	}
	if step == stepNew && !until.IsZero() {
		dlv.Status, dlv.DueAt, dlv.Wanted = Queued, until, WantHeld
		return OutcomeHeld, until
	}
	d.lease(c, dlv)
	return OutcomeSending, noTime
}

// leaveOthers drops what waits for a way that is not taken any more.
func (d *desk) leaveOthers(c *Case, r *orderRoad) {
	for _, dlv := range c.Deliveries {
		if dlv.Status == Queued && !dlv.bares() && (r == nil || !r.carries(dlv)) {
			c.skip(dlv, "overtaken")
		}
	}
}

// wakeOrder does what is due on an order by itself.
func (d *desk) wakeOrder(c *Case) {
	r, _ := d.orderRoad(c)
	for _, dlv := range c.Deliveries {
		if !c.due(dlv.DueAt) {
			continue
		}
		switch {
		case dlv.Status == Sending:
			d.refuse(c, dlv, &SendError{Class: ClassAmbiguous, Message: "The process ended before the provider's answer was read."})
		case dlv.Status == Queued && dlv.Channel == "":
			c.skip(dlv, "done") // the word that its code has ended
			c.Order.Revision++
			c.touchOrder()
		case dlv.Status == Queued && !d.worthSending(c, dlv, c.Now):
			dlv.Revision = c.Order.Revision
			dlv.Error = &DeliveryError{Class: ClassThrottled, Message: "The message waited for longer than it is news."}
			d.giveUp(c, dlv, &SendError{Class: ClassThrottled, Message: dlv.Error.Message})
		case dlv.Status == Queued && dlv.bares():
			// With a forgotten person the message has lost its address, and only this
			// edit still has it.
			if c.Order.Phone.Sealed != nil && !d.leftBehind(c, r, c.Delivery(dlv.Edits)) {
				c.skip(dlv, "overtaken")
				continue
			}
			d.lease(c, dlv)
			c.touchDelivery(dlv)
		case dlv.Status == Queued && dlv.Wanted != WantHeld && r != nil && r.carries(dlv) && !d.rests(c, r, dlv):
			d.lease(c, dlv)
			c.touchDelivery(dlv)
		}
	}
}

// rests reports whether quiet hours have begun, or the chat was muted, since the
// message was to leave: it makes a sound and is held back by the next step.
func (d *desk) rests(c *Case, r *orderRoad, dlv *Delivery) bool {
	_, held := d.heldUntil(c, r)
	return held && dlv.Edits == ""
}

// follow looks again after something happened on an order.
func (d *desk) follow(c *Case) {
	if c.Order != nil {
		d.tell(c, CauseNews)
	}
}

// codeOver sees to it that a hand-over code which has ended does not stay
// readable: the order's own case takes it out of the message.
func (d *desk) codeOver(c *Case) {
	v := c.Verification
	if v.Kind != KindHandover || v.Order == "" {
		return
	}
	if c.Order != nil {
		c.Order.Revision++
		c.touchOrder()
		return
	}
	c.changed.aside = append(c.changed.aside, &Delivery{
		ID: NewID(PrefixDelivery, c.Now), BusinessID: v.BusinessID, Mode: v.Mode, Kind: DeliverEdit, Order: v.Order,
		Cause: CauseEnd, Status: Queued, QueuedAt: c.Now, DueAt: c.Now,
	})
}
