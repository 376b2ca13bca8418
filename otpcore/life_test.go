package otpcore_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"otpravka/otpcore"
)

// TestLifeKeepsItsInvariants lives random lives: whatever users, businesses,
// providers and clocks do in whatever order, the rules of invariants hold
// after each step, and the same code goes out all along.
func TestLifeKeepsItsInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		l := &life{world: w, t: t}
		l.begin()
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			step := rapid.SampledFrom(steps).Draw(t, "step")
			step.take(l)
			if l.approvals > 1 {
				t.Errorf("approved %d times", l.approvals)
			}
			if l.guesses > w.v.MaxAttempts {
				t.Errorf("%d guesses were compared, %d allowed", l.guesses, w.v.MaxAttempts)
			}
			if code, ok := w.desk.Code(w.v); ok && code.Reveal() != l.code {
				t.Errorf("the code changed")
			}
		}
		// However it went, it ends at its time.
		w.now = w.v.ExpiresAt
		w.wake()
		if !w.v.Status.Terminal() {
			t.Errorf("verification is %s after its time", w.v.Status)
		}
	})
}

type life struct {
	*world
	t         *rapid.T
	code      string
	guesses   int
	approvals int
}

var steps = []struct {
	name string
	take func(l *life)
}{
	{"time", (*life).time},
	{"wake", func(l *life) { l.wake() }},
	{"accept", func(l *life) { l.provider(nil) }},
	{"refuse", func(l *life) { l.provider(l.refusal()) }},
	{"receipt", (*life).receipt},
	{"guess", (*life).guess},
	{"resend", (*life).resendAny},
	{"link", (*life).linkChat},
	{"unlink", (*life).unlink},
	{"end", (*life).end},
	{"crash", func(l *life) { l.boot, l.inHand = otpcore.NewID(otpcore.PrefixBoot, l.now), nil }},
	{"switch", (*life).toggle},
}

func (l *life) begin() {
	routes := [][]otpcore.Channel{{tg, sm}, {tg, wa, sm}, {wa, tg}, {tg, sm, wa}, {sm}, {sm, tg}, {tg}}
	v := draft(rapid.SampledFrom(routes).Draw(l.t, "route")...)
	v.TTL = time.Duration(rapid.IntRange(30, 600).Draw(l.t, "ttl")) * time.Second
	v.FallbackAfter = min(45*time.Second, v.TTL/2)
	v.FallbackOn = rapid.SampledFrom([]otpcore.FallbackOn{otpcore.Unconfirmed, otpcore.Undelivered}).Draw(l.t, "fallback on")
	v.WhenUnlinked = rapid.SampledFrom([]otpcore.WhenUnlinked{otpcore.SMSNow, otpcore.Wait}).Draw(l.t, "unlinked")
	l.carriers.Of(wa).SetCapabilities(otpcore.Capabilities{CanEdit: true, FreeText: true, Receipts: true})
	for _, ch := range []otpcore.Channel{tg, wa} {
		if rapid.Bool().Draw(l.t, "linked") {
			l.link(ch)
		}
	}
	l.mustStart(v)
	l.code = l.right()
}

func (l *life) time() {
	l.pass(time.Duration(rapid.IntRange(1, 60_000).Draw(l.t, "ms")) * time.Millisecond)
}

// provider answers any try in hand, of codes and of edits, in any order.
func (l *life) provider(err error) {
	if len(l.inHand) == 0 {
		return
	}
	i := rapid.IntRange(0, len(l.inHand)-1).Draw(l.t, "try")
	t := l.inHand[i]
	l.inHand = slices.Delete(l.inHand, i, i+1)
	accepted := otpcore.Accepted{}
	if err == nil {
		accepted = otpcore.Accepted{Provider: "p", MessageID: rapid.SampledFrom([]string{"", "m"}).Draw(l.t, "message")}
	}
	_ = l.do(func(c *otpcore.Case) error { l.desk.Record(c, t.id, t.number, accepted, err); return nil })
}

func (l *life) refusal() error {
	all := make([]otpcore.ErrorClass, 0, len(classes))
	for class := range classes {
		all = append(all, class)
	}
	slices.Sort(all)
	return &otpcore.SendError{
		Class: rapid.SampledFrom(all).Draw(l.t, "class"), Provider: rapid.SampledFrom([]string{"p", "q"}).Draw(l.t, "provider"),
		Elsewhere: rapid.Bool().Draw(l.t, "elsewhere"), Message: "No.",
		RetryAfter: time.Duration(rapid.IntRange(0, 60).Draw(l.t, "retry after")) * time.Second,
	}
}

func (l *life) receipt() {
	d := rapid.SampledFrom(l.deliveries).Draw(l.t, "delivery")
	status := rapid.SampledFrom([]otpcore.DeliveryStatus{otpcore.Sent, otpcore.Delivered, otpcore.Read, otpcore.FailedDlv}).Draw(l.t, "status")
	l.receive(d.ID, otpcore.Receipt{Provider: "p", MessageID: "m", Status: status})
}

func (l *life) guess() {
	code := rapid.SampledFrom([]string{l.code, l.wrongOf(), "12345"}).Draw(l.t, "code")
	r := l.check(code)
	if r.Valid {
		l.approvals++
	}
	if r.Valid || r.Reason == otpcore.ReasonInvalidCode {
		l.guesses++
	}
	if r.Valid && code != l.code {
		l.t.Errorf("a wrong code was approved")
	}
}

// wrongOf is a wrong code also when the right one can no longer be made.
func (l *life) wrongOf() string {
	code := []byte(l.code)
	code[5] = '0' + (code[5]-'0'+1)%10
	return string(code)
}

func (l *life) resendAny() {
	_ = l.resend(rapid.SampledFrom([]otpcore.Channel{"", tg, wa, sm}).Draw(l.t, "channel"))
}

// linkChat links the channel's chat anew; what it had before is replaced.
func (l *life) linkChat() {
	ch := rapid.SampledFrom([]otpcore.Channel{tg, wa}).Draw(l.t, "chat")
	for _, old := range l.links {
		if old.Channel == ch {
			old.Status = otpcore.LinkRevoked
		}
	}
	l.link(ch)
	_ = l.do(func(c *otpcore.Case) error { l.desk.Linked(c, c.Links[len(c.Links)-1]); return nil })
}

func (l *life) unlink() {
	for _, link := range l.links {
		link.Status = otpcore.LinkInactive
	}
}

func (l *life) end() {
	if !rapid.Bool().Draw(l.t, "really") {
		return
	}
	reason := rapid.SampledFrom([]otpcore.EndReason{otpcore.EndByBusiness, otpcore.EndReported}).Draw(l.t, "reason")
	l.endBy(otpcore.Canceled, reason)
}

func (l *life) toggle() {
	ch := rapid.SampledFrom(otpcore.Channels).Draw(l.t, "channel")
	if rapid.Bool().Draw(l.t, "on") {
		l.carriers.TurnOn(ch)
	} else {
		l.carriers.TurnOff(ch, "Off.")
	}
}
