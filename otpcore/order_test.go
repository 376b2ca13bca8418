package otpcore_test

import (
	"testing"
	"time"

	"otpravka/otpcore"
)

// parcel is one order in memory, driven like a storage drives it.
type parcel struct {
	*world
	order   *otpcore.Order
	history []*otpcore.OrderUpdate
	former  []*otpcore.Verification
	quiet   otpcore.QuietHours
	sms     bool
	free    bool // nothing that costs money may leave
}

func newParcel(t *testing.T) *parcel {
	p := &parcel{world: newWorld(t, otpcore.Telegram, otpcore.SMS)}
	p.link(otpcore.Telegram)
	return p
}

func (p *parcel) do(decide func(*otpcore.Case) error) error {
	p.t.Helper()
	c := p.load()
	if p.order != nil {
		c.Order = clone(p.order)
	}
	if err := decide(c); err != nil {
		return err
	}
	ch := c.Changes()
	p.order, p.v, p.deliveries, p.links = c.Order, c.Verification, c.Deliveries, c.Links
	if ch.NewVerification != nil && ch.Verification != nil {
		p.former = append(p.former, ch.Verification)
	}
	if ch.OrderUpdate != nil {
		p.history = append(p.history, ch.OrderUpdate)
	}
	p.events = append(p.events, ch.Events...)
	for _, d := range c.Leased() {
		p.inHand = append(p.inHand, try{d.ID, d.Try})
	}
	return nil
}

// say sends an update that happened the given time after the start.
func (p *parcel) say(status otpcore.OrderStatus, since time.Duration, handover *otpcore.Verification) otpcore.OrderUpdated {
	p.t.Helper()
	out, err := p.trySay(status, since, handover)
	if err != nil {
		p.t.Fatalf("update to %s: %v", status, err)
	}
	return out
}

func (p *parcel) trySay(status otpcore.OrderStatus, since time.Duration, handover *otpcore.Verification) (otpcore.OrderUpdated, error) {
	return p.tryUpdate(otpcore.OrderRequest{Number: "№ A/10#42", Status: status, OccurredAt: started.Add(since)}, handover)
}

func (p *parcel) tryUpdate(r otpcore.OrderRequest, handover *otpcore.Verification) (out otpcore.OrderUpdated, err error) {
	err = p.do(func(c *otpcore.Case) (err error) {
		out, err = p.desk.UpdateOrder(c, r, otpcore.OrderNews{
			Channels: otpcore.Channels, SMSFallback: p.sms, Paid: !p.free, LinkProof: otpcore.ProofContact, LinkMaxAge: 90 * 24 * time.Hour,
			Quiet: p.quiet,
		}, handover, p.phone)
		return err
	})
	return out, err
}

func handover() *otpcore.Verification {
	return &otpcore.Verification{
		BusinessID: shop, Mode: otpcore.Live, Kind: otpcore.KindHandover, Template: "handover", OrderID: "№ A/10#42",
		CodeLength: 4, TTL: 3 * 24 * time.Hour,
	}
}

// settle records what the provider said to the oldest try in hand.
func (p *parcel) settle(accepted otpcore.Accepted, sendErr error) {
	p.t.Helper()
	if len(p.inHand) == 0 {
		p.t.Fatalf("nothing is in hand")
	}
	t := p.inHand[0]
	p.inHand = p.inHand[1:]
	_ = p.do(func(c *otpcore.Case) error { p.desk.Record(c, t.id, t.number, accepted, sendErr); return nil })
}

func (p *parcel) took(messageID string) {
	p.t.Helper()
	p.settle(otpcore.Accepted{Provider: "p", MessageID: messageID}, nil)
}

func (p *parcel) refused(class otpcore.ErrorClass) {
	p.t.Helper()
	p.settle(otpcore.Accepted{}, &otpcore.SendError{Class: class, Provider: "p", Message: "No."})
}

func (p *parcel) wakes() { _ = p.do(func(c *otpcore.Case) error { p.desk.Wake(c); return nil }) }

// last is the newest delivery.
func (p *parcel) last() *otpcore.Delivery { return p.deliveries[len(p.deliveries)-1] }

func (p *parcel) want(what string, got, want any) {
	p.t.Helper()
	if got != want {
		p.t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestOrderHasOneLivingMessage(t *testing.T) {
	p := newParcel(t)
	p.want("first", p.say(otpcore.OrderPlaced, 0, nil).Outcome, otpcore.OutcomeSending)
	p.took("m1")
	p.say(otpcore.OrderPaid, time.Minute, nil)
	p.want("edits", p.last().Edits, p.deliveries[0].ID)
	p.want("message", p.last().MessageID, "m1")
	p.took("m1")
	p.say(otpcore.OrderOutForDelivery, 2*time.Minute, nil) // rings
	p.want("edits of what rings", p.last().Edits, otpcore.ID(""))
	p.took("m2")
	p.say(otpcore.OrderShipped, 3*time.Minute, nil)
	p.want("edited message", p.last().MessageID, "m2")
	p.took("m2")
	p.want("deliveries", len(p.deliveries), 4)
	p.want("in hand", len(p.inHand), 0)
}

func TestUpdatesBehindOneUnderWayAreOne(t *testing.T) {
	p := newParcel(t)
	p.say(otpcore.OrderPlaced, 0, nil)
	for i, s := range []otpcore.OrderStatus{otpcore.OrderConfirmed, otpcore.OrderPaid, otpcore.OrderPacked} {
		p.want("outcome", p.say(s, time.Duration(i+1)*time.Second, nil).Outcome, otpcore.OutcomeQueued)
	}
	p.want("deliveries", len(p.deliveries), 1)
	p.took("m1")
	p.want("deliveries", len(p.deliveries), 2)
	p.want("edit", p.last().Edits, p.deliveries[0].ID)
	p.want("revision", p.last().Revision, p.order.Revision)
	p.took("m1")
	p.want("in hand", len(p.inHand), 0)
}

func TestOlderUpdatesStayInTheHistory(t *testing.T) {
	p := newParcel(t)
	p.pass(2 * time.Hour)
	p.say(otpcore.OrderShipped, time.Hour, nil)
	p.took("m1")
	p.want("older", p.say(otpcore.OrderPaid, time.Minute, nil).Outcome, otpcore.OutcomeOutdated)
	p.want("status", p.order.Status, otpcore.OrderShipped)
	p.want("history", len(p.history), 2)
	p.want("shown", p.history[1].Shown, false)
	p.want("deliveries", len(p.deliveries), 1)
	again := p.say(otpcore.OrderShipped, time.Hour, nil)
	p.want("repeated", again.Outcome, otpcore.OutcomeUnchanged)
	p.want("id of the repeated", again.ID, p.history[0].ID)
	p.want("history", len(p.history), 2)
	if _, err := p.trySay(otpcore.OrderDelivered, 3*time.Hour, nil); otpcore.CodeOf(err) != "occurred_at_in_future" {
		t.Errorf("an update from the future: %v", err)
	}
}

func TestUpdateWithoutATimeIsNewerThanAClockThatIsAhead(t *testing.T) {
	p := newParcel(t)
	p.say(otpcore.OrderShipped, 4*time.Minute, nil)
	p.took("m1")
	p.pass(time.Minute)
	out, err := p.tryUpdate(otpcore.OrderRequest{Number: "№ A/10#42", Status: otpcore.OrderDelivered}, nil)
	if err != nil || out.Outcome == otpcore.OutcomeOutdated || p.order.Status != otpcore.OrderDelivered {
		t.Errorf("an update that happens now: %+v %v, order %s", out, err, p.order.Status)
	}
}

func TestOrderOfAnotherPhoneIsRefused(t *testing.T) {
	p := newParcel(t)
	p.say(otpcore.OrderPlaced, 0, nil)
	p.phone = otpcore.NewPhone("+77017654321", "KZ")
	if _, err := p.trySay(otpcore.OrderPaid, time.Second, nil); otpcore.CodeOf(err) != "order_phone_differs" {
		t.Errorf("another phone: %v", err)
	}
}

func TestHandoverCodeEndsWithItsMessage(t *testing.T) {
	p := newParcel(t)
	out := p.say(otpcore.OrderShipped, 0, handover())
	first := p.v
	p.want("verification", out.VerificationID, first.ID)
	p.took("m1")
	out = p.say(otpcore.OrderOutForDelivery, time.Minute, handover())
	if out.VerificationID == first.ID || len(p.former) != 1 || p.former[0].Status != otpcore.Canceled || p.former[0].Seed != nil {
		t.Fatalf("the code before is not withdrawn: %+v", p.former)
	}
	p.took("m2")
	p.took("m1") // loses the code that was withdrawn
	p.checks()
	p.wakes()
	p.want("edits", p.last().MessageID, "m2")
	p.want("kind", p.last().Kind, otpcore.DeliverEdit)
	p.took("m2")
	p.want("in hand", len(p.inHand), 0)
}

// checks is the courier's app with the right code: a case of its own, which
// knows no order.
func (p *parcel) checks() {
	p.t.Helper()
	c := &otpcore.Case{Now: p.now, Epoch: p.epoch, Boot: p.boot, Mode: p.mode, BusinessID: shop, Verification: clone(p.v)}
	result, err := p.desk.Check(c, otpcore.NewCode(p.right()), nil)
	if err != nil || !result.Valid {
		p.t.Fatalf("check: %+v %v", result, err)
	}
	aside := c.Changes().Aside
	if len(aside) != 1 || aside[0].Order != p.order.ID {
		p.t.Fatalf("nobody takes the code out of the message: %+v", aside)
	}
	p.v = c.Verification
	p.deliveries = append(p.deliveries, aside[0])
}

// bares demands that the code is being taken out of the message, and says it was.
func (p *parcel) bares(messageID string) {
	p.t.Helper()
	p.want("in hand", len(p.inHand), 1)
	p.want("message that loses its code", p.last().MessageID, messageID)
	p.want("kind", p.last().Kind, otpcore.DeliverEdit)
	p.want("text", p.last().Wanted, otpcore.Wanted(""))
	p.took(messageID)
	p.want("in hand", len(p.inHand), 0)
}

func TestMessagesBeforeTheLivingOneKeepNoCode(t *testing.T) {
	p := newParcel(t)
	p.say(otpcore.OrderShipped, 0, handover())
	p.took("m1")
	p.say(otpcore.OrderOutForDelivery, time.Minute, handover()) // another code
	p.took("m2")
	p.bares("m1")
	p.say(otpcore.OrderReadyForPickup, 2*time.Minute, nil) // the same code once more
	p.want("text", p.last().Wanted, otpcore.WantCode)
	p.took("m3")
	p.bares("m2")
	p.say(otpcore.OrderPacked, 3*time.Minute, nil) // an edit
	p.took("m3")
	p.want("in hand", len(p.inHand), 0)
	p.say(otpcore.OrderDelivered, 4*time.Minute, nil) // no code any more
	p.took("m4")
	p.bares("m3")
}

func TestHeldNewsLeaveNoCodeBehind(t *testing.T) {
	p := newParcel(t)
	p.quiet = otpcore.QuietHours{From: 11 * 60, Until: 13 * 60, Zone: "UTC"} // it is noon
	p.say(otpcore.OrderOutForDelivery, 0, handover())
	p.took("m1")
	p.want("outcome", p.say(otpcore.OrderDelivered, time.Minute, nil).Outcome, otpcore.OutcomeHeld)
	p.bares("m1")
	p.pass(time.Hour)
	p.wakes()
	p.want("what was held", p.deliveries[1].Status, otpcore.Sending)
	p.took("m2")
	p.want("in hand", len(p.inHand), 0)
}

// A courier who is fast: the check comes while an edit that shows the code is
// under way.
func TestCodeThatEndsUnderAnEditIsTakenOut(t *testing.T) {
	p := newParcel(t)
	p.say(otpcore.OrderOutForDelivery, 0, handover())
	p.took("m1")
	p.say(otpcore.OrderPacked, time.Minute, nil)
	p.pass(time.Second)
	p.checks()
	p.took("m1")
	p.bares("m1")
	p.wakes()
	p.want("in hand", len(p.inHand), 0)
}

func TestChatThatLostItsLinkHearsNothingNew(t *testing.T) {
	p := newParcel(t)
	p.say(otpcore.OrderOutForDelivery, 0, handover())
	p.took("m1")
	p.links[0].Status = otpcore.LinkRevoked
	p.link(otpcore.Telegram)
	p.say(otpcore.OrderDelivered, time.Minute, nil)
	p.want("edits", p.last().Edits, otpcore.ID(""))
	p.took("n1")
	p.want("in hand", len(p.inHand), 0)
}

func TestRefusedEditLeavesTheMessageAlone(t *testing.T) {
	p := newParcel(t)
	p.say(otpcore.OrderOutForDelivery, 0, handover())
	p.took("m1")
	p.say(otpcore.OrderDelivered, time.Minute, nil)
	p.took("m2")
	p.refused(otpcore.ClassThrottled)
	p.want("in hand", len(p.inHand), 0)
	p.pass(10 * time.Second)
	p.wakes()
	p.want("edited again", p.last().MessageID, "m1")
	p.refused(otpcore.ClassUnknown)
	p.want("in hand", len(p.inHand), 0)
	p.want("delivered", p.deliveries[1].Status, otpcore.Sent)
}

func TestDeliveredOrderWithdrawsItsCode(t *testing.T) {
	p := newParcel(t)
	p.say(otpcore.OrderOutForDelivery, 0, handover())
	p.took("m1")
	p.say(otpcore.OrderDelivered, time.Minute, nil)
	p.want("status", p.v.Status, otpcore.Canceled)
	p.want("seed", p.v.Seed == nil, true)
}

func TestUnlinkedPhoneGetsTheOrderLater(t *testing.T) {
	p := newParcel(t)
	p.links = nil
	p.want("unlinked", p.say(otpcore.OrderPlaced, 0, nil).Outcome, otpcore.OutcomeNoLink)
	p.want("deliveries", len(p.deliveries), 0)
	p.link(otpcore.Telegram)
	_ = p.do(func(c *otpcore.Case) error { p.desk.Tell(c); return nil })
	p.want("in hand", len(p.inHand), 1)
}

func TestBlockedChatFallsBackToSMSWhereAsked(t *testing.T) {
	p := newParcel(t)
	p.say(otpcore.OrderPlaced, 0, nil)
	p.refused(otpcore.ClassBlocked)
	p.want("without the wish", len(p.inHand), 0)
	p = newParcel(t)
	p.sms = true
	p.say(otpcore.OrderPlaced, 0, nil)
	p.refused(otpcore.ClassBlocked)
	p.want("channel", p.last().Channel, otpcore.SMS)
	p.took("s1")
	p.want("in hand", len(p.inHand), 0)
	// The end of a code is no reason to pay for another SMS.
	p.order.Revision++
	_ = p.do(func(c *otpcore.Case) error { p.desk.Tell(c); return nil })
	p.want("in hand", len(p.inHand), 0)
	p.sms = false
	p.want("the next one", p.say(otpcore.OrderPaid, time.Minute, nil).Outcome, otpcore.OutcomeNoLink)
}

func TestQuietHoursHoldWhatRings(t *testing.T) {
	p := newParcel(t)
	p.quiet = otpcore.QuietHours{From: 11 * 60, Until: 13 * 60, Zone: "UTC"} // it is noon
	out := p.say(otpcore.OrderPlaced, 0, nil)
	p.want("outcome", out.Outcome, otpcore.OutcomeHeld)
	p.want("until", out.HeldUntil, started.Add(time.Hour))
	p.want("in hand", len(p.inHand), 0)
	p.say(otpcore.OrderPaid, time.Second, nil)
	p.want("deliveries", len(p.deliveries), 1)
	p.pass(time.Hour)
	p.wakes()
	p.want("in hand", len(p.inHand), 1)
	p.want("revision", p.last().Revision, p.order.Revision)
	p.took("m1")
	p.pass(23 * time.Hour) // noon again
	p.say(otpcore.OrderPacked, 2*time.Hour, nil)
	p.want("edits make no sound", len(p.inHand), 1)
	p.took("m1")
	p.want("codes are not held", p.say(otpcore.OrderShipped, 3*time.Hour, handover()).Outcome, otpcore.OutcomeSending)
}

func TestMutedChatKeepsItsMessageCurrent(t *testing.T) {
	p := newParcel(t)
	p.say(otpcore.OrderPlaced, 0, nil)
	p.took("m1")
	p.links[0].Muted = true
	p.want("silent", p.say(otpcore.OrderPaid, time.Second, nil).Outcome, otpcore.OutcomeSending)
	p.took("m1")
	p.want("ringing", p.say(otpcore.OrderReadyForPickup, time.Minute, nil).Outcome, otpcore.OutcomeHeld)
	p.want("in hand", len(p.inHand), 0)
	p.links[0].Muted = false
	_ = p.do(func(c *otpcore.Case) error { p.desk.Tell(c); return nil })
	p.want("in hand", len(p.inHand), 1)
}

// News that wait for another try, or were waiting when the program stopped, know no
// more of the night than those that come in it.
func TestNewsThatWaitKeepTheQuietThatBeganMeanwhile(t *testing.T) {
	p := newParcel(t)
	p.quiet = otpcore.QuietHours{From: 12*60 + 5, Until: 13 * 60, Zone: "UTC"} // it is noon
	p.say(otpcore.OrderOutForDelivery, 0, nil)
	p.refused(otpcore.ClassThrottled)
	p.pass(10 * time.Minute)
	p.wakes()
	p.want("in hand in quiet hours", len(p.inHand), 0)
	p.want("held until", p.last().DueAt, started.Add(time.Hour))
	p.pass(50 * time.Minute)
	p.wakes()
	p.want("in hand after them", len(p.inHand), 1)

	p = newParcel(t)
	p.say(otpcore.OrderOutForDelivery, 0, nil)
	p.refused(otpcore.ClassThrottled)
	p.links[0].Muted = true
	p.pass(10 * time.Minute)
	p.wakes()
	p.want("in hand of a muted chat", len(p.inHand), 0)
	p.links[0].Muted = false
	_ = p.do(func(c *otpcore.Case) error { p.desk.Tell(c); return nil })
	p.want("in hand after /unmute", len(p.inHand), 1)
}

func TestRenewedLinkKeepsTheLivingMessage(t *testing.T) {
	p := newParcel(t)
	p.say(otpcore.OrderPlaced, 0, nil)
	p.took("m1")
	old := p.links[0]
	fresh := p.link(otpcore.Telegram)
	fresh.Chat.Index, old.Status = old.Chat.Index, otpcore.LinkRevoked
	_ = p.do(func(c *otpcore.Case) error { p.desk.Tell(c); return nil })
	p.want("in hand", len(p.inHand), 0)
	p.say(otpcore.OrderPaid, time.Second, nil)
	p.want("edited message", p.last().MessageID, "m1")
	p.took("m1")
	// A link of another chat begins with a message of its own.
	p.links[1].Status = otpcore.LinkRevoked
	p.link(otpcore.Telegram)
	_ = p.do(func(c *otpcore.Case) error { p.desk.Tell(c); return nil })
	p.want("message of the other chat", p.last().Edits, otpcore.ID(""))
	p.want("in hand", len(p.inHand), 1)
}

func TestRefusedEditBecomesANewMessage(t *testing.T) {
	p := newParcel(t)
	p.say(otpcore.OrderPlaced, 0, nil)
	p.took("m1")
	p.say(otpcore.OrderPaid, time.Second, nil)
	p.refused(otpcore.ClassUnknown)
	p.want("edits", p.last().Edits, otpcore.ID(""))
	p.refused(otpcore.ClassUnknown)
	p.want("in hand", len(p.inHand), 0)
	p.say(otpcore.OrderPacked, time.Minute, nil)
	p.want("in hand", len(p.inHand), 1)
}

func TestThrottledNewsComeBack(t *testing.T) {
	p := newParcel(t)
	p.say(otpcore.OrderPlaced, 0, nil)
	p.refused(otpcore.ClassThrottled)
	p.want("status", p.last().Status, otpcore.Queued)
	p.say(otpcore.OrderPaid, time.Second, nil)
	p.want("deliveries", len(p.deliveries), 1)
	p.pass(10 * time.Second)
	p.wakes()
	p.want("in hand", len(p.inHand), 1)
	p.want("revision", p.last().Revision, p.order.Revision)
}

func TestCodeDoesNotWaitForTheTurnOfNews(t *testing.T) {
	p := newParcel(t)
	p.say(otpcore.OrderPlaced, 0, nil)
	p.refused(otpcore.ClassThrottled)
	p.want("outcome", p.say(otpcore.OrderOutForDelivery, time.Second, handover()).Outcome, otpcore.OutcomeSending)
	p.want("in hand", len(p.inHand), 1)
	p.refused(otpcore.ClassThrottled)
	p.say(otpcore.OrderOutForDelivery, 2*time.Second, nil)
	p.want("in hand, with its own turn", len(p.inHand), 0)
}

func TestOrderUpdatesAreBounded(t *testing.T) {
	p := newParcel(t)
	for i := range 200 {
		p.say(otpcore.OrderShipped, time.Duration(i)*time.Second-time.Hour, nil)
	}
	if _, err := p.trySay(otpcore.OrderDelivered, 0, nil); otpcore.CodeOf(err) != "too_many_updates" {
		t.Errorf("the 201st update: %v", err)
	}
}

func TestQuietHoursFollowTheWallClock(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := func(month time.Month, day, hour, minute int) time.Time {
		return time.Date(2026, month, day, hour, minute, 0, 0, zone)
	}
	for _, c := range []struct {
		text     string
		now, end time.Time
	}{
		{"22:00-08:00", at(11, 22, 21, 59), time.Time{}},
		{"22:00-08:00", at(11, 22, 22, 0), at(11, 23, 8, 0)},
		{"22:00-08:00", at(11, 23, 7, 59), at(11, 23, 8, 0)},
		{"22:00-08:00", at(11, 23, 8, 0), time.Time{}},
		{"22:00-08:00", at(10, 24, 23, 0), at(10, 25, 8, 0)}, // an hour longer
		{"22:00-08:00", at(3, 28, 23, 0), at(3, 29, 8, 0)},   // an hour shorter
		{"13:00-15:00", at(11, 22, 14, 0), at(11, 22, 15, 0)},
		{"13:00-15:00", at(11, 22, 15, 0), time.Time{}},
		{"", at(11, 22, 3, 0), time.Time{}},
	} {
		q, ok := otpcore.ParseQuietHours(c.text, "Europe/Berlin")
		if got := q.End(c.now); !ok || !got.Equal(c.end) {
			t.Errorf("%s at %v: %v, want %v", c.text, c.now, got, c.end)
		}
	}
	for _, text := range []string{"22-8", "24:00-08:00", "22:00-22:00", "22:00 - 08:00", "22:60-08:00"} {
		if _, ok := otpcore.ParseQuietHours(text, ""); ok {
			t.Errorf("%q was accepted", text)
		}
	}
}

func TestOrderNumbersAsShopsWriteThem(t *testing.T) {
	for _, number := range []string{"1", "A-1042", "№ 10/42", "#1042", "KZ/2026/11-000123", "Заказ 17 (самовывоз)", "a_b.c:d+e"} {
		if err := otpcore.CheckOrderNumber(number); err != nil {
			t.Errorf("%q: %v", number, err)
		}
	}
	for _, number := range []string{"", " 1", "1 ", ".", "..", "./..", "a\nb", "https://evil.example", "evil.com", "a@b", "evil(.)com", "4111111111111111", "a\u202eb"} {
		if otpcore.CheckOrderNumber(number) == nil {
			t.Errorf("%q was accepted", number)
		}
	}
}

// T32: no variable of an order leads people away or looks like a phone.
func TestT32GoodsAndTitlesLeadNobodyAway(t *testing.T) {
	for _, name := range []string{"Молоко 3,2% 1000 мл", "Samsung SM-A556E 256GB", "Чай «Ахмад» 100 пак."} {
		if err := otpcore.CheckItems([]otpcore.OrderItem{{Name: name}}); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"", "call +7 701 555-01-23", "win at evil.com", "t.me/evil", "a\u202eb", "evil。com", "77015550123"} {
		if otpcore.CheckItems([]otpcore.OrderItem{{Name: name}}) == nil {
			t.Errorf("%q was accepted", name)
		}
	}
	for _, title := range []string{"code 4821", "go to evil.com", ""} {
		if otpcore.CheckStatus("sorted", title) == nil {
			t.Errorf("title %q was accepted", title)
		}
	}
	if otpcore.CheckStatus("sorted", "At the sorting centre") != nil || otpcore.CheckStatus("Sorted", "x") == nil || otpcore.CheckStatus("paid", "x") == nil {
		t.Error("statuses of one's own are not told from the others")
	}
}
