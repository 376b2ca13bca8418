package otpcore

import "time"

// end moves the verification to a terminal state, and lets no message keep its
// code.
func (d *desk) end(c *Case, status Status, reason EndReason) {
	if !c.close(status, reason) {
		return
	}
	for _, dlv := range c.Deliveries {
		d.edit(c, dlv, wantedAtEnd(c.Verification), CauseEnd)
	}
	d.codeOver(c)
}

// close moves the verification to a terminal state, if it may. Its secrets go
// in the same statement, and nothing waiting is sent any more.
func (c *Case) close(status Status, reason EndReason) bool {
	v := c.Verification
	if !v.Status.CanBecome(status) {
		return false
	}
	v.Status, v.EndReason, v.EndedAt = status, reason, c.Now
	v.Seed, v.OwnCode, v.FallbackAt = nil, nil, noTime
	c.touchVerification()
	for _, dlv := range c.Deliveries {
		if dlv.Kind == DeliverCode && (dlv.Status == Queued || dlv.Status == WaitingLink) {
			c.skip(dlv, "verification_ended")
		}
	}
	c.note(endEvent(status, reason), nil, "reason", string(reason), "because", c.because())
	return true
}

// because tells why a verification ends before its time. One of an older
// recovery epoch came out of a backup, and what happened to it since is not
// known; the code of another one cannot be made any more.
func (c *Case) because() string {
	switch {
	case c.Verification.Epoch != c.Epoch:
		return "restored"
	case c.keyGone:
		return "key_gone"
	}
	return ""
}

func endEvent(status Status, reason EndReason) EventType {
	switch {
	case reason == EndReported:
		return EventVerificationReported
	case status == Approved:
		return EventVerificationApproved
	case status == Canceled:
		return EventVerificationCanceled
	case status == Expired:
		return EventVerificationExpired
	}
	return EventVerificationFailed
}

func wantedAtEnd(v *Verification) Wanted {
	switch {
	case v.EndReason == EndReported:
		return WantReported
	case v.Status == Approved:
		return WantUsed
	case v.Status == Expired:
		return WantExpired
	}
	return WantCanceled
}

func (d *desk) setExpiry(c *Case, at time.Time) {
	c.Verification.ExpiresAt = at
	c.touchVerification()
}

func (c *Case) skip(dlv *Delivery, reason string) {
	dlv.Status, dlv.DueAt = Skipped, noTime
	c.touchDelivery(dlv)
	c.note(NoteDeliverySkipped, dlv, "reason", reason)
}
