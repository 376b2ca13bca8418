package otpcore

import "slices"

// linked brings a code that is still alive into a chat that was linked a
// moment ago, however far the route has come. It reports whether the code is
// on its way.
func (d *desk) linked(c *Case, link *Link) bool {
	v := c.Verification
	if c.over() || v.Kind != KindCode || !slices.Contains(v.Route, link.Channel) {
		return false
	}
	way := d.way(v, link.Channel)
	if way.BotID != link.BotID || c.chatHasCode(link) {
		return false
	}
	if why := d.obstacle(c, way); why != "" && why != obstacleTried {
		return false
	}
	for _, dlv := range c.Deliveries {
		if dlv.Status == WaitingLink {
			c.skip(dlv, "linked")
		}
	}
	d.open(c, way, CauseLinked)
	return true
}

// chatHasCode reports whether the link's chat has the code already, under this
// link or under one that this link renewed, or because it came to the bare
// number over the same bot.
func (c *Case) chatHasCode(link *Link) bool {
	return slices.ContainsFunc(c.Deliveries, func(dlv *Delivery) bool {
		if dlv.toNumber(link.BotID) {
			return dlv.Status == Delivered || dlv.Status == Read
		}
		return dlv.Kind == DeliverCode && dlv.Status.Live() && c.sentTo(dlv, link.BotID, link.Chat.Index)
	})
}

// sentTo reports whether the delivery's message went into the chat.
func (c *Case) sentTo(dlv *Delivery, bot ID, chat Index) bool {
	return dlv.LinkID != "" && slices.ContainsFunc(c.Links, func(l *Link) bool {
		return l.ID == dlv.LinkID && l.BotID == bot && l.Chat.Index == chat
	})
}

// stillLinked reports whether the chat that the delivery goes to is linked, under
// the link that it was made for or under one that renewed it.
func (c *Case) stillLinked(dlv *Delivery) bool {
	return dlv.LinkID == "" || slices.ContainsFunc(c.Links, func(l *Link) bool {
		return l.Status == LinkActive && c.sentTo(dlv, l.BotID, l.Chat.Index)
	})
}
