package otpcore

import "time"

// receive applies a receipt. Receipts come late, twice and out of order, so
// they only ever move a delivery forward: failed counts before delivered, and
// nothing after the end of the verification changes more than statistics.
func (d *desk) receive(c *Case, id ID, r Receipt) {
	dlv := c.Delivery(id)
	if dlv != nil && dlv.Kind == DeliverEdit {
		dlv = c.Delivery(dlv.Edits) // both have the message's id
	}
	if dlv == nil || dlv.Kind != DeliverCode && dlv.Kind != DeliverOrder || r.BotID != "" && dlv.BotID != r.BotID {
		return // of somebody else's message, a bot's owner has nothing to say
	}
	defer d.follow(c)
	at := r.At
	if at.IsZero() || at.After(c.Now) || at.Before(dlv.QueuedAt) {
		at = c.Now
	}
	c.settleCost(dlv, r.Cost)
	if r.Status == FailedDlv {
		d.receiveFailure(c, dlv, r)
		return
	}
	if r.Status.rank() <= dlv.Status.rank() || dlv.Status == FailedDlv || dlv.Status == Skipped {
		return
	}
	settle(dlv, r, at)
	c.touchDelivery(dlv)
	c.note(receiptEvent(r.Status), dlv, "provider", dlv.Provider)
	d.afterArrival(c, dlv, r.Status)
}

// settle also ends a lease or a wait: the receipt proves that the message left.
func settle(dlv *Delivery, r Receipt, at time.Time) {
	dlv.Status, dlv.DueAt, dlv.Error = r.Status, noTime, nil
	if dlv.MessageID == "" {
		dlv.MessageID = r.MessageID
	}
	if dlv.Provider == "" {
		dlv.Provider = r.Provider
	}
	if dlv.SentAt.IsZero() {
		dlv.SentAt = at
	}
	switch r.Status {
	case Delivered:
		dlv.DeliveredAt = at
	case Read:
		dlv.ReadAt = at
		if dlv.DeliveredAt.IsZero() {
			dlv.DeliveredAt = at
		}
	}
}

// settleCost follows the provider's word on what the message cost, which may
// change after the end: money that was given back is not taken again.
func (c *Case) settleCost(dlv *Delivery, cost Cost) {
	if cost.IsZero() || cost == dlv.Cost || dlv.Cost.Refunded {
		return
	}
	dlv.Cost = cost
	c.touchDelivery(dlv)
	if cost.Refunded {
		c.note(NoteCostRefunded, dlv, "amount", cost.Amount, "currency", cost.Currency)
	}
}

func (d *desk) receiveFailure(c *Case, dlv *Delivery, r Receipt) {
	class := r.Class
	if class == "" {
		class = ClassUnreachable
	}
	switch dlv.Status {
	case Sending, Queued, Unknown, Sent:
		dlv.Error = &DeliveryError{Class: class, Message: "The provider reported that the message was not delivered."}
		c.touchDelivery(dlv)
		d.giveUp(c, dlv, &SendError{Class: class, Provider: dlv.Provider, Message: dlv.Error.Message})
	case Delivered, Read:
		c.note(NoteLateReceipt, dlv, "status", string(r.Status), "class", string(class))
	}
}

func receiptEvent(s DeliveryStatus) EventType {
	switch s {
	case Delivered:
		return EventDeliveryDelivered
	case Read:
		return EventDeliveryRead
	}
	return EventDeliverySent
}
