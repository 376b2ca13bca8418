package otpcore

import (
	"slices"
	"time"
)

// wake does what is due on a case by itself: leases that ran out, queued
// tries, the fallback, the end of the code's life.
func (d *desk) wake(c *Case) {
	if c.Order != nil {
		d.wakeOrder(c)
		d.follow(c)
		return
	}
	if c.Verification != nil {
		d.wakeVerification(c)
	}
	for _, dlv := range c.Deliveries {
		if !c.due(dlv.DueAt) {
			continue
		}
		switch dlv.Status {
		case Sending:
			d.refuse(c, dlv, &SendError{Class: ClassAmbiguous, Message: "The process ended before the provider's answer was read."})
		case Queued:
			d.wakeQueued(c, dlv)
		}
	}
}

func (c *Case) due(at time.Time) bool { return !at.IsZero() && !at.After(c.Now) }

// bury ends what is due on a case that cannot be woken, so that it is due no
// more. It decides nothing and asks nobody: whatever broke the waking must not
// break this as well.
func (d *desk) bury(c *Case) {
	for _, dlv := range c.Deliveries {
		if !c.due(dlv.DueAt) {
			continue
		}
		dlv.Status, dlv.DueAt, dlv.FailedAt = FailedDlv, noTime, c.Now
		dlv.Error = &DeliveryError{Class: ClassUnknown, Message: "Something went wrong on our side."}
		c.touchDelivery(dlv)
		if dlv.Kind == DeliverCode || c.Order != nil && dlv.Edits == "" {
			c.note(EventDeliveryFailed, dlv, "class", string(dlv.Error.Class), "message", dlv.Error.Message)
		}
	}
	switch v := c.Verification; {
	case v == nil || c.Order != nil || v.Status.Terminal():
	case c.over():
		c.close(Expired, EndExpired)
	case c.due(v.WakeAt()) || !c.carried():
		c.close(Failed, EndUndeliverable)
	}
}

func (d *desk) wakeVerification(c *Case) {
	v := c.Verification
	switch {
	case v.Status.Terminal():
	case c.over():
		d.end(c, Expired, EndExpired)
	case !v.FallbackAt.IsZero() && !c.Now.Before(v.FallbackAt):
		d.fallBack(c)
	}
}

func (d *desk) wakeQueued(c *Case, dlv *Delivery) {
	if !d.worthSending(c, dlv, c.Now) {
		why := "too_late"
		if !c.stillLinked(dlv) {
			why = obstacleLinkInactive
		}
		c.skip(dlv, why)
		d.nextChannel(c, dlv)
		return
	}
	d.lease(c, dlv)
	c.touchDelivery(dlv)
}

// fallBack opens SMS, whichever channels of the route come before it, or the
// next chat where SMS cannot be used.
func (d *desk) fallBack(c *Case) {
	v := c.Verification
	v.FallbackAt = noTime
	c.touchVerification()
	if slices.Contains(v.Route[v.Position:], SMS) {
		if way := d.way(v, SMS); d.obstacle(c, way) == "" {
			d.overtakeChats(c)
			d.open(c, way, CauseTimeout)
			return
		}
	}
	d.advance(c, CauseTimeout)
}

// overtakeChats leaves behind what has not left by now. Messages that have get
// a note that the same code is on its way.
func (d *desk) overtakeChats(c *Case) {
	for _, dlv := range c.Deliveries {
		if dlv.Kind != DeliverCode || !dlv.Channel.IsChat() {
			continue
		}
		if dlv.Status == Queued || dlv.Status == WaitingLink {
			c.skip(dlv, "overtaken_by_sms")
		}
		d.edit(c, dlv, WantAlsoSMS, CauseTimeout)
	}
}
