package otpcore

import (
	"slices"
	"strings"
	"time"
)

// advance opens the next channel of the route that can carry the code. Chats
// without a usable link are passed over; when nothing carries the code, or when
// the verification prefers to wait, the first of them holds it for a link. A
// verification that nothing carries any more has failed.
func (d *desk) advance(c *Case, cause Cause) {
	v := c.Verification
	var unlinked *Way
	for v.Position < len(v.Route) {
		ch := v.Route[v.Position]
		if ch == SMS && unlinked != nil && v.WhenUnlinked == Wait && cause == CauseStart {
			break // the clock opens SMS at fallback_at
		}
		v.Position++
		c.touchVerification()
		way := d.way(v, ch)
		why := d.obstacle(c, way)
		if why == "" {
			d.open(c, way, cause)
			d.settleClock(c)
			return
		}
		if why == obstacleLinkStale {
			c.note(EventLinkStale, nil, "channel", string(ch), "bot_id", string(way.BotID))
		}
		if lacksLink(why) && d.openUnlinked(c, way, cause) {
			return
		}
		if lacksLink(why) && unlinked == nil {
			unlinked = &way
		}
		if why != obstacleTried {
			c.note(NoteDeliverySkipped, nil, "channel", string(ch), "reason", why)
		}
	}
	if unlinked != nil && !c.carried() {
		d.hold(c, *unlinked)
	}
	d.settleClock(c)
	if !c.carried() {
		d.end(c, Failed, EndUndeliverable)
	}
}

// The obstacles that decisions look at; the others only explain.
const (
	obstacleNoLink       = "no_link"       // nobody linked the phone
	obstacleLinkInactive = "link_inactive" // its chat blocked or stopped the bot
	obstacleLinkStale    = "link_stale"    // it was proven too long ago
	obstacleLinkProof    = "link_unproven" // the template asks for more proof
	obstacleWindow       = "window_closed" // its person has not written for so long that texts are refused
	obstacleTried        = "already_used"
	obstacleAbsent       = "not_on_channel" // the number had no account there a few days ago
	// The messenger's word on a bare number is worth no more than an unproven
	// link, but no link that comes later mends that.
	obstaclePhoneProof = "phone_unproven"
)

// lacksLink reports whether a link that comes while the code lives would help.
func lacksLink(obstacle string) bool {
	switch obstacle {
	case obstacleNoLink, obstacleLinkInactive, obstacleLinkStale, obstacleLinkProof, obstacleWindow:
		return true
	}
	return false
}

// obstacle says why the way cannot carry a first message now, or nothing. That
// the channel was tried before comes last: it is no obstacle to a resend.
func (d *desk) obstacle(c *Case, way Way) string {
	v := c.Verification
	switch {
	case way.Reason != "":
		return "not_configured"
	case v.Sends >= d.rules.MaxSends:
		return "too_many_sends"
	case way.Channel != SMS && v.Kind == KindCode && tooLate(v, c.Now):
		return "too_late"
	case way.Channel.IsChat() && len(v.Context) > 0 && !way.Capabilities.FreeText:
		return "no_free_text"
	case !d.fits(v, way):
		return "code_not_carried"
	case way.ByPhone && v.LinkProof == ProofSMS:
		return obstaclePhoneProof
	case way.Channel.IsChat() && !way.ByPhone && d.link(c, way) == nil:
		return c.linkObstacle(way)
	case way.ByPhone && c.Standing.absentFrom(way.Channel, c.Now):
		return obstacleAbsent
	case way.ByPhone && c.triedNumber(way.BotID), !way.ByPhone && c.tried(way.Channel):
		return obstacleTried
	}
	return ""
}

// fits reports whether the way carries codes like this one.
func (d *desk) fits(v *Verification, way Way) bool {
	most := way.Capabilities.CodeDigits
	switch {
	case way.ByPhone && v.Kind != KindCode:
		return false // a hand-over code belongs beside its order, in a chat
	case most == 0:
		return true
	case v.CodeLength > most:
		return false
	case v.OwnCode == nil:
		return true // made of digits
	}
	code, ok := d.code(v)
	return ok && !strings.ContainsFunc(code.Reveal(), func(r rune) bool { return r < '0' || r > '9' })
}

// open sends the code over the way: the delivery is leased to this process in
// the same transaction, so that the dispatcher needs no query of its own.
func (d *desk) open(c *Case, way Way, cause Cause) {
	v := c.Verification
	dlv := d.newDelivery(c, way, DeliverCode, cause)
	var link *Link
	if way.Channel.IsChat() && !way.ByPhone {
		link = d.link(c, way)
		if err := d.address(dlv, link); err != nil {
			c.insertDelivery(dlv)
			d.refuse(c, dlv, &SendError{Class: ClassUnknown, Message: "The chat's address cannot be read with the keys in the ring.", Err: err})
			return
		}
	}
	d.lease(c, dlv)
	c.insertDelivery(dlv)
	v.Sends++
	c.touchVerification()
	c.note(NoteDeliveryQueued, dlv, "cause", string(cause))
	if link != nil {
		d.offerRenewal(c, way, link)
	}
	if way.Channel == SMS && v.Kind == KindCode {
		d.extendForSMS(c)
	}
}

// openUnlinked sends the code to the bare number, if something reaches that
// over the channel of the way, and reports whether it does.
func (d *desk) openUnlinked(c *Case, way Way, cause Cause) bool {
	if way.Unlinked == nil || d.obstacle(c, *way.Unlinked) != "" {
		return false
	}
	d.open(c, *way.Unlinked, cause)
	d.settleClock(c)
	return true
}

// address copies the link's chat and its language to the delivery.
func (d *desk) address(dlv *Delivery, link *Link) error {
	if dlv.Mode == Test {
		return nil
	}
	chat, err := d.vault.Open(linkChatPlace(link), link.Chat.Sealed)
	if err != nil {
		return err
	}
	dlv.LinkID = link.ID
	to := target{string(chat), link.Language}
	dlv.Target = d.vault.Seal(targetPlace(dlv), []byte(to.String()))
	return nil
}

// link returns the link that may carry the code over the way, or nil.
func (d *desk) link(c *Case, way Way) *Link {
	if c.Mode == Test {
		return d.trialLink(phonePlace(c.Verification), c.Verification.Phone)
	}
	return c.usableLink(way)
}

// hold keeps the code for a link that may come while it lives.
func (d *desk) hold(c *Case, way Way) {
	dlv := d.newDelivery(c, way, DeliverCode, CauseNoLink)
	dlv.Status = WaitingLink
	c.insertDelivery(dlv)
	c.note(NoteDeliveryWaiting, dlv)
}

func (d *desk) newDelivery(c *Case, way Way, kind DeliveryKind, cause Cause) *Delivery {
	dlv := &Delivery{
		ID: NewID(PrefixDelivery, c.Now), BusinessID: c.BusinessID,
		Mode: c.Mode, Kind: kind, Channel: way.Channel, BotID: way.BotID, Cause: cause, QueuedAt: c.Now,
	}
	if c.Order == nil {
		dlv.VerificationID = c.Verification.ID
	}
	return dlv
}

// lease puts the delivery into this process's hands for one call.
func (d *desk) lease(c *Case, dlv *Delivery) {
	dlv.Status = Sending
	dlv.Try++
	dlv.BootID = c.Boot
	dlv.DueAt = c.Now.Add(d.rules.lease())
	c.changed.leased = append(c.changed.leased, dlv)
	if c.Order != nil {
		dlv.Revision, dlv.Wanted = c.Order.Revision, ""
		if d.showsCode(c) && !dlv.bares() {
			dlv.Wanted = WantCode
		}
	}
}

// extendForSMS gives a reader of an SMS time to type it.
func (d *desk) extendForSMS(c *Case) {
	v := c.Verification
	last := v.CreatedAt.Add(d.rules.MaxLife)
	if least := earlier(c.Now.Add(d.rules.SMSLife), last); v.ExpiresAt.Before(least) {
		d.setExpiry(c, least)
	}
}

// settleClock disarms the fallback when no channel is left to fall back to.
func (d *desk) settleClock(c *Case) {
	v := c.Verification
	left := slices.ContainsFunc(v.Route[v.Position:], func(ch Channel) bool { return !c.tried(ch) })
	if !v.FallbackAt.IsZero() && !left {
		v.FallbackAt = noTime
		c.touchVerification()
	}
}

// carried reports whether any delivery carries the code already, still may, or
// waits for a link.
func (c *Case) carried() bool {
	return slices.ContainsFunc(c.Deliveries, func(dlv *Delivery) bool {
		return dlv.Kind == DeliverCode && dlv.Status.Live()
	})
}

// tried reports whether the code went over the channel before, whatever became
// of it there.
func (c *Case) tried(ch Channel) bool {
	return slices.ContainsFunc(c.Deliveries, func(dlv *Delivery) bool {
		return dlv.Kind == DeliverCode && dlv.Channel == ch
	})
}

// triedNumber is tried for the bare number, over one bot of a channel.
func (c *Case) triedNumber(bot ID) bool {
	return slices.ContainsFunc(c.Deliveries, func(dlv *Delivery) bool { return dlv.toNumber(bot) })
}

// toNumber reports whether the delivery is a code for the bare number over the
// bot, and not one for a chat or one that waits for a link.
func (dlv *Delivery) toNumber(bot ID) bool {
	return dlv.Kind == DeliverCode && dlv.BotID == bot && dlv.LinkID == "" && dlv.Cause != CauseNoLink
}

// overtaken reports whether the code went another way since the delivery was
// made, so that its failure calls for no further step.
func (c *Case) overtaken(dlv *Delivery) bool {
	since := c.Deliveries[slices.Index(c.Deliveries, dlv)+1:]
	return slices.ContainsFunc(since, func(next *Delivery) bool {
		return next.Kind == DeliverCode && next.Status.Live() && next.Status != WaitingLink
	})
}

// usableLink returns the link that may carry this verification over the way:
// active, young enough, with the proof that the template asks for, and its
// person heard of lately where the chat network wants that.
func (c *Case) usableLink(way Way) *Link {
	v := c.Verification
	for _, l := range c.Links {
		if l.BotID == way.BotID && l.Status == LinkActive &&
			l.Proof.Satisfies(v.LinkProof) && !l.VerifiedAt.Before(v.LinkNotBefore) && way.open(l, c.Now) {
			return l
		}
	}
	return nil
}

// linkObstacle says why no link may carry this verification over the way: it
// speaks of the link that comes nearest.
func (c *Case) linkObstacle(way Way) string {
	why := obstacleNoLink
	for _, l := range c.Links {
		switch {
		case l.BotID != way.BotID:
		case l.Status == LinkActive && l.VerifiedAt.Before(c.Verification.LinkNotBefore):
			return obstacleLinkStale
		case l.Status == LinkActive && !l.Proof.Satisfies(c.Verification.LinkProof):
			return obstacleLinkProof
		case l.Status == LinkActive:
			return obstacleWindow
		case l.Status == LinkInactive:
			why = obstacleLinkInactive
		}
	}
	return why
}

// windowMargin keeps a text that leaves at the very end of a window from coming
// to the network behind it.
const windowMargin = 5 * time.Minute

// open reports whether the link's chat takes texts over the way now.
func (w Way) open(l *Link, now time.Time) bool {
	until := w.openUntil(l.ActedAt)
	return until.IsZero() || now.Before(until)
}

// openUntil is until when a chat takes texts over the way whose person was heard of
// last at the given time; zero: any time.
func (w Way) openUntil(heard time.Time) time.Time {
	if window := w.Capabilities.ReplyWindow; window > 0 {
		return heard.Add(window - windowMargin)
	}
	return noTime
}
