package otpcore

import "slices"

// This file takes codes out of messages that the chat has beside the living one.
// What rings is a message of its own, and the one before it stays: without this a
// withdrawn code would stand above the new one, and the courier be told the wrong
// one.

// bare takes the order's code out of every message that ought not to show it any
// more, and that the next step of the road does not change anyway. While anything
// is under way it does nothing: whoever records the outcome looks again.
func (d *desk) bare(c *Case, r *orderRoad) {
	for _, dlv := range c.Deliveries {
		if dlv.Status == Sending {
			return
		}
	}
	for _, m := range slices.Clone(c.Deliveries) {
		if !d.leftBehind(c, r, m) || c.hasEdit(m, Queued) {
			continue
		}
		d.bareOne(c, m)
	}
}

// bareOne takes the code out of one message. What is under way to it goes first.
func (d *desk) bareOne(c *Case, m *Delivery) {
	address, err := d.vault.Open(targetPlace(m), m.Target)
	if err != nil {
		return // the chat can no longer be addressed, so its message stays
	}
	e := d.newDelivery(c, Way{Channel: m.Channel, BotID: m.BotID}, DeliverEdit, CauseEnd)
	e.Order, e.Edits, e.MessageID, e.LinkID = m.Order, m.ID, m.MessageID, m.LinkID
	e.Target = d.vault.Seal(targetPlace(e), address)
	if c.hasEdit(m, Sending) {
		e.Status, e.DueAt = Queued, c.Now.Add(d.rules.lease())
	} else {
		d.lease(c, e)
	}
	c.insertDelivery(e)
}

// hasEdit reports whether an edit of the message has the status.
func (c *Case) hasEdit(m *Delivery, status DeliveryStatus) bool {
	return slices.ContainsFunc(c.Deliveries, func(e *Delivery) bool { return e.Edits == m.ID && e.Status == status })
}

// takeCodeOut ends the order's code, if one works, and takes it out of every message
// before the order's person is forgotten, with whom the messages' addresses go. It
// writes no new message, and reports whether there was anything to do.
func (d *desk) takeCodeOut(c *Case) bool {
	changed := d.showsCode(c)
	if changed {
		d.end(c, Canceled, EndByBusiness)
	}
	r, _ := d.orderRoad(c)
	for _, m := range slices.Clone(c.Deliveries) {
		if !d.leftBehind(c, r, m) {
			continue
		}
		changed = true
		for _, e := range c.Deliveries {
			if e.Edits == m.ID && e.Status == Queued && !e.bares() {
				c.skip(e, "overtaken")
			}
		}
		if !c.hasEdit(m, Queued) {
			d.bareOne(c, m)
		}
	}
	return changed
}

// bares reports whether the delivery only takes a code out of a message.
func (d *Delivery) bares() bool {
	return d.Order != "" && d.Edits != "" && d.Cause == CauseEnd
}

// leftBehind reports whether the message shows a code that it ought not to: one
// that has ended, or one that a newer message of the road shows.
func (d *desk) leftBehind(c *Case, r *orderRoad, m *Delivery) bool {
	if m == nil || m.Edits != "" || !m.Status.Arrived() || m.MessageID == "" || m.Target == nil || !c.showedCode(m) {
		return false
	}
	if d.showsCode(c) && (r == nil || r.living == nil || r.living == m) {
		return false
	}
	way := d.carriers.Way(c.BusinessID, c.Mode, m.Channel, c.Order.Phone.Region)
	if way.BotID != m.BotID || !way.Capabilities.CanEdit {
		return false
	}
	if c.Order.Phone.Sealed == nil {
		return true // the person was forgotten while the message was on its way
	}
	// A chat that has lost its link hears nothing new of the order.
	return r != nil && r.carries(m) ||
		slices.ContainsFunc(c.Links, func(l *Link) bool { return l.ID == m.LinkID && l.Status == LinkActive })
}

// showedCode reports whether the message showed a code when it was sent or edited
// last. One that takes no edits is left alone.
func (c *Case) showedCode(m *Delivery) bool {
	shows, revision := m.Wanted == WantCode, m.Revision
	for _, e := range c.Deliveries {
		switch {
		case e.Edits != m.ID || e.Status == Queued || e.Status == Skipped:
		case e.Status == FailedDlv:
			return false
		case e.Revision >= revision:
			shows, revision = e.Wanted == WantCode, e.Revision
		}
	}
	return shows
}
