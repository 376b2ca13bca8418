package otpcore

// edit asks for another text in place of a sent message. Of several wishes
// only the latest matters, and two edits of one message are never under way at
// once, so that the older one cannot arrive last.
func (d *desk) edit(c *Case, dlv *Delivery, wanted Wanted, cause Cause) {
	if dlv.Kind != DeliverCode || !dlv.Status.Arrived() || dlv.MessageID == "" {
		return
	}
	way := Way{Channel: dlv.Channel, BotID: dlv.BotID, Capabilities: d.wayOf(c.Verification, dlv).Capabilities}
	if !way.Capabilities.CanEdit && !revocable(way, dlv, wanted) {
		return
	}
	inHand := false
	for _, e := range c.Deliveries {
		switch {
		case e.Edits != dlv.ID:
		case e.Wanted == wanted && e.Status.Live():
			return
		case e.Status == Queued:
			e.Wanted = wanted
			c.touchDelivery(e)
			return
		case e.Status == Sending:
			inHand = true
		}
	}
	e := d.newDelivery(c, way, DeliverEdit, cause)
	e.Edits, e.Wanted, e.MessageID, e.LinkID = dlv.ID, wanted, dlv.MessageID, dlv.LinkID
	if dlv.Target != nil {
		address, err := d.vault.Open(targetPlace(dlv), dlv.Target)
		if err != nil {
			return // the chat can no longer be addressed, so its message stays
		}
		e.Target = d.vault.Seal(targetPlace(e), address)
	}
	if inHand {
		e.Status, e.DueAt = Queued, c.Now.Add(d.rules.lease())
	} else {
		d.lease(c, e)
	}
	c.insertDelivery(e)
}

// revocable reports whether the message is to be taken back, where nothing else
// can be done about its text. Providers leave what somebody has read.
func revocable(way Way, dlv *Delivery, wanted Wanted) bool {
	return way.Capabilities.CanRevoke && wanted != WantAlsoSMS && dlv.Status != Read
}

// nextEdit sends the edit that waits for the given one, and reports whether
// there is one.
func (d *desk) nextEdit(c *Case, done *Delivery) bool {
	if done.Kind != DeliverEdit || c.Order != nil {
		return false
	}
	for _, e := range c.Deliveries {
		if e != done && e.Edits == done.Edits && e.Status == Queued {
			d.lease(c, e)
			c.touchDelivery(e)
			return true
		}
	}
	return false
}
