package otpcore

import "time"

// A link is renewed by sharing the number once more. It is offered before the
// link is too old to carry codes, after a message that shows why it matters.
const (
	renewalAhead = 15 * day
	renewalEvery = day             // people who are asked with every code stop reading
	renewalAfter = 2 * time.Second // behind the code, which comes first
)

// offerRenewal sends an offer to renew the link behind the code that it has
// just been chosen for. A message has room for either buttons or the keyboard
// that shares the number, and the code needs its buttons, so the offer is a
// message of its own.
func (d *desk) offerRenewal(c *Case, way Way, link *Link) {
	if c.Mode == Test || !c.ripe(link) || c.Now.Before(link.OfferedAt.Add(renewalEvery)) {
		return
	}
	offer := d.newDelivery(c, way, DeliverRenewal, CauseRenewal)
	if err := d.address(offer, link); err != nil {
		return // the code itself fails for the same reason, and tells of it
	}
	offer.Status, offer.DueAt = Queued, c.Now.Add(renewalAfter)
	c.insertDelivery(offer)
	link.OfferedAt = c.Now
	c.touchLink(link)
}

// ripe reports whether the link will soon be too old. Businesses that let links
// live for a few weeks only have a third of that as notice.
func (c *Case) ripe(link *Link) bool {
	v := c.Verification
	life := v.CreatedAt.Sub(v.LinkNotBefore)
	return link.VerifiedAt.Before(v.LinkNotBefore.Add(min(renewalAhead, life/3)))
}
