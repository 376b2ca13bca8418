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
	if dlv == nil || dlv.Kind != DeliverCode {
		return
	}
	at := r.At
	if at.IsZero() || at.After(c.Now) || at.Before(dlv.QueuedAt) {
		at = c.Now
	}
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
	if !r.Cost.IsZero() {
		dlv.Cost = r.Cost
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
