package otpcore

import (
	"slices"
	"time"
)

// resend sends the same code once more: over the named channel, else over the
// next one of the route, else over the last one again. Attempts stay as they
// are, so that resends multiply no guesses.
func (d *desk) resend(c *Case, named Channel) error {
	v := c.Verification
	if err := d.mayResend(c); err != nil {
		return err
	}
	d.setExpiry(c, later(v.ExpiresAt, earlier(c.Now.Add(v.TTL), v.CreatedAt.Add(d.rules.policy(v.Kind).MaxLife))))
	if tooLate(v, c.Now) {
		return &Error{Kind: KindConflict, Code: "verification_ending", Detail: "The code is about to reach the end of its longest life. Start a new verification."}
	}
	way, ok := d.resendWay(c, named)
	if !ok {
		return &Error{Kind: KindInvalid, Code: "no_channel", Field: "/channel", Detail: "No channel of this verification can carry the code again. Name another channel of its route, or start a new verification."}
	}
	v.Resends++
	v.ResendAt = c.Now.Add(d.cooldown(v.Resends))
	for _, dlv := range c.Deliveries {
		if dlv.Kind == DeliverCode && dlv.Channel == way.Channel && dlv.Status == Queued {
			c.skip(dlv, "resent") // its next try would be a second message at once
		}
	}
	d.open(c, way, CauseResend)
	d.settleClock(c)
	return nil
}

func (d *desk) mayResend(c *Case) error {
	v := c.Verification
	switch wait := v.ResendAt.Sub(c.Now); {
	case c.over():
		return &Error{Kind: KindConflict, Code: "verification_ended", Detail: "This verification is over. Start a new one."}
	case !d.rules.policy(v.Kind).Resend:
		return &Error{Kind: KindConflict, Code: "resend_not_possible", Detail: "A hand-over code is not sent again. Send a new order update to issue a new one."}
	case v.Sends >= d.rules.MaxSends:
		return &Error{Kind: KindConflict, Code: "too_many_sends", Detail: "This code was sent as often as one code may be. Start a new verification."}
	case wait > 0:
		return limited("resend_too_soon", wait, "The code was sent a moment ago. Wait before sending it again.")
	}
	if wait := c.Standing.PausedUntil.Sub(c.Now); wait > 0 && v.Mode == Live {
		return limited("phone_paused", wait, "The user asked not to get codes for a while.")
	}
	return nil
}

// resendWay prefers the named channel, then those of the route that have not
// been tried, then the one that carried the code last.
func (d *desk) resendWay(c *Case, named Channel) (Way, bool) {
	v := c.Verification
	if named != "" {
		return d.resendable(c, named)
	}
	for _, ch := range v.Route[v.Position:] {
		if way, why := d.reach(c, ch); why == "" {
			return way, true
		}
	}
	for _, dlv := range slices.Backward(c.Deliveries) {
		if dlv.Kind == DeliverCode && dlv.Status.Live() {
			if way, ok := d.resendable(c, dlv.Channel); ok {
				return way, true
			}
		}
	}
	return Way{}, false
}

// resendable allows a channel that was used before; everything else that
// stands in the way of a first message stands in the way of the next one too.
func (d *desk) resendable(c *Case, ch Channel) (Way, bool) {
	v := c.Verification
	if !slices.Contains(v.Route, ch) {
		return Way{}, false
	}
	way, why := d.reach(c, ch)
	return way, why == "" || why == obstacleTried
}

// reach picks the way of the channel that a resend takes: the chat, or for a
// phone without one what reaches its number.
func (d *desk) reach(c *Case, ch Channel) (Way, string) {
	way := d.way(c.Verification, ch)
	why := d.obstacle(c, way)
	if way.Unlinked != nil && lacksLink(why) {
		return *way.Unlinked, d.obstacle(c, *way.Unlinked)
	}
	return way, why
}

// cooldown is the wait before the next resend; it grows with each one.
func (d *desk) cooldown(resends int) time.Duration {
	return d.rules.Cooldowns[min(resends, len(d.rules.Cooldowns)-1)]
}
