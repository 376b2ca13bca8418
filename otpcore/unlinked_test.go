package otpcore_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

// paid is a start for a phone whose country is on the list, at a business that
// has the Telegram Gateway.
func paid(route ...otpcore.Channel) otpcore.Verification {
	v := draft(route...)
	v.Paid = true
	return v
}

func withGateway(t *testing.T, on ...otpcore.Channel) *world {
	w := newWorld(t, on...)
	w.carriers.AddGateway()
	return w
}

// carriedBy names the bots of the codes, in their order.
func (w *world) carriedBy() string {
	names := map[otpcore.ID]string{coretest.TelegramBot: "bot", coretest.GatewayBot: "gateway", "": "sms"}
	var list []string
	for _, d := range w.deliveries {
		if d.Kind == otpcore.DeliverCode {
			list = append(list, names[d.BotID])
		}
	}
	return strings.Join(list, " ")
}

func TestGatewayCarriesWhatNoLinkDoes(t *testing.T) {
	linked := func(change func(*otpcore.Link)) func(*world) {
		return func(w *world) { change(w.link(tg)) }
	}
	for _, tt := range []struct {
		name   string
		on     []otpcore.Channel
		set    func(*world)
		change func(*otpcore.Verification)
		by     string
	}{
		{name: "unlinked", by: "gateway"},
		{name: "unlinked, and the start would wait", change: func(v *otpcore.Verification) { v.WhenUnlinked = otpcore.Wait }, by: "gateway"},
		{name: "linked", set: linked(func(*otpcore.Link) {}), by: "bot"},
		{name: "the chat blocked the bot", set: linked(func(l *otpcore.Link) { l.Status = otpcore.LinkInactive }), by: "gateway"},
		{name: "the link is too old", set: linked(func(l *otpcore.Link) { l.VerifiedAt = started.Add(-100 * 24 * time.Hour) }), by: "gateway"},
		{name: "no bot of the business's own", on: []otpcore.Channel{sm}, by: "gateway"},
		{name: "country not on the list", change: func(v *otpcore.Verification) { v.Paid = false }, by: "sms"},
		{name: "country not on the list, no bot", on: []otpcore.Channel{sm}, change: func(v *otpcore.Verification) { v.Paid = false }, by: "sms"},
		{name: "bound to a payment", change: func(v *otpcore.Verification) {
			v.Context = map[string]otpcore.Param{"payee": {Text: "Anna"}}
		}, by: "sms"},
		{name: "asks for more proof", change: func(v *otpcore.Verification) { v.LinkProof = otpcore.ProofSMS }, by: "sms"},
		{name: "code too long", change: func(v *otpcore.Verification) { v.CodeLength = 9 }, by: "sms"},
		{name: "longest code", change: func(v *otpcore.Verification) { v.CodeLength = 8 }, by: "gateway"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := withGateway(t, tt.on...)
			if tt.set != nil {
				tt.set(w)
			}
			v := paid(tg, sm)
			if tt.change != nil {
				tt.change(&v)
			}
			w.mustStart(v)
			if got := w.carriedBy(); got != tt.by {
				t.Errorf("carried by %q, want %q", got, tt.by)
			}
		})
	}
}

func TestGatewayCarriesOwnCodesOfDigits(t *testing.T) {
	for code, by := range map[string]string{"482913": "gateway", "48291357": "gateway", "482913570": "sms", "4829AB": "sms"} {
		w := withGateway(t)
		v := paid(tg, sm)
		v.CodeLength = len(code)
		err := w.do(func(c *otpcore.Case) error { return w.desk.Start(c, v, w.phone, otpcore.NewCode(code)) })
		if got := w.carriedBy(); err != nil || got != by {
			t.Errorf("%s: carried by %q (%v), want %q", code, got, err, by)
		}
	}
}

func TestStaleLinkIsToldThoughTheGatewayCarries(t *testing.T) {
	w := withGateway(t)
	w.link(tg).VerifiedAt = started.Add(-100 * 24 * time.Hour)
	w.mustStart(paid(tg, sm))
	if w.carriedBy() != "gateway" || w.noted(otpcore.EventLinkStale, "telegram") != 1 {
		t.Errorf("carried by %q, stale links told: %d", w.carriedBy(), w.noted(otpcore.EventLinkStale, "telegram"))
	}
}

func TestChatThatRefusesLeavesItToTheGateway(t *testing.T) {
	w := withGateway(t)
	w.link(tg)
	w.mustStart(paid(tg, sm))
	w.refuse(otpcore.ClassBlocked)
	if got := w.carriedBy(); got != "bot gateway" {
		t.Fatalf("carried by %q", got)
	}
	w.refuse(otpcore.ClassUnreachable) // not on Telegram at all
	if got := w.carriedBy(); got != "bot gateway sms" {
		t.Errorf("carried by %q", got)
	}
	w.expect("telegram:failed telegram:failed sms:sending")
}

func TestGatewayAloneIsNoReasonToWaitForALink(t *testing.T) {
	w := withGateway(t, sm)
	v := paid(tg)
	v.WhenUnlinked = otpcore.Wait
	w.mustStart(v)
	w.refuse(otpcore.ClassUnreachable)
	if w.v.Status != otpcore.Failed || w.v.EndReason != otpcore.EndUndeliverable {
		t.Errorf("verification is %s %s", w.v.Status, w.v.EndReason)
	}
}

func TestResendGoesWhereTheFirstOneWent(t *testing.T) {
	w := withGateway(t)
	w.mustStart(paid(tg, sm))
	w.accept("g1")
	w.pass(31 * time.Second)
	if err := w.resend(tg); err != nil {
		t.Fatal(err)
	}
	if got := w.carriedBy(); got != "gateway gateway" {
		t.Errorf("carried by %q", got)
	}
}

func TestLinkMadeLaterStillGetsTheCode(t *testing.T) {
	w := withGateway(t)
	w.mustStart(paid(tg, sm))
	w.accept("g1")
	l := w.link(tg)
	_ = w.do(func(c *otpcore.Case) error { w.desk.Linked(c, l); return nil })
	if got := w.carriedBy(); got != "gateway bot" {
		t.Errorf("carried by %q", got)
	}
}

func TestReceiptOfTheGatewayAndTheClock(t *testing.T) {
	for on, armed := range map[otpcore.FallbackOn]bool{otpcore.Unconfirmed: true, otpcore.Undelivered: false} {
		w := withGateway(t)
		v := paid(tg, sm)
		v.FallbackOn = on
		w.mustStart(v)
		w.accept("g1")
		if w.v.FallbackAt.IsZero() {
			t.Errorf("%s: acceptance stopped the clock, though the gateway reports", on)
		}
		w.receive(w.deliveries[0].ID, otpcore.Receipt{BotID: coretest.GatewayBot, Status: otpcore.Delivered})
		if got := !w.v.FallbackAt.IsZero(); got != armed {
			t.Errorf("%s: armed after delivery: %v, want %v", on, got, armed)
		}
	}
}

func TestEndTakesTheMessageBack(t *testing.T) {
	for name, tt := range map[string]struct {
		status otpcore.DeliveryStatus
		trail  string
	}{
		"sent":      {otpcore.Sent, "telegram:sent edit(canceled):sending"},
		"delivered": {otpcore.Delivered, "telegram:delivered edit(canceled):sending"},
		"read":      {otpcore.Read, "telegram:read"},
	} {
		w := withGateway(t)
		w.mustStart(paid(tg))
		w.accept("g1")
		w.receive(w.deliveries[0].ID, otpcore.Receipt{BotID: coretest.GatewayBot, Status: tt.status})
		w.endBy(otpcore.Canceled, otpcore.EndByBusiness)
		if got := w.trail(); got != tt.trail {
			t.Errorf("%s: %q, want %q", name, got, tt.trail)
		}
	}
}

func TestNoteOfAnSMSTakesNothingBack(t *testing.T) {
	w := withGateway(t)
	w.mustStart(paid(tg, sm))
	w.accept("g1")
	w.wakeAt(45 * time.Second)
	w.expect("telegram:sent sms:sending")
}

func TestRefund(t *testing.T) {
	cent := otpcore.Cost{Money: otpcore.Money{Amount: "0.01", Currency: "USD"}}
	back := cent
	back.Refunded = true
	w := withGateway(t)
	w.mustStart(paid(tg, sm))
	w.answer(otpcore.Accepted{Provider: "telegram_gateway", MessageID: "g1", Cost: cent}, nil)
	id := w.deliveries[0].ID
	w.receive(id, otpcore.Receipt{BotID: coretest.GatewayBot, Status: otpcore.FailedDlv, Class: otpcore.ClassUnreachable, Cost: cent})
	w.expect("telegram:failed sms:sending")
	if d := w.deliveries[0]; d.Cost != cent {
		t.Errorf("cost is %+v", d.Cost)
	}
	for range 2 { // which may come late and twice, and is not taken back by an older word
		w.receive(id, otpcore.Receipt{BotID: coretest.GatewayBot, Cost: back})
		w.receive(id, otpcore.Receipt{BotID: coretest.GatewayBot, Status: otpcore.Sent, Cost: cent})
	}
	if d := w.deliveries[0]; d.Cost != back || d.Status != otpcore.FailedDlv {
		t.Errorf("delivery is %s, cost %+v", d.Status, d.Cost)
	}
	if n := w.noted(otpcore.NoteCostRefunded, "0.01"); n != 1 {
		t.Errorf("%d refunds are noted", n)
	}
}

// The owner of a bot signs its reports, and so could sign any.
func TestT24ReportOfAnotherBotIsIgnored(t *testing.T) {
	foreign := otpcore.FormatID(otpcore.PrefixBot, [16]byte{15: 9})
	for _, status := range []otpcore.DeliveryStatus{otpcore.Delivered, otpcore.Read, otpcore.FailedDlv, ""} {
		w := withGateway(t)
		w.mustStart(paid(tg, sm))
		w.accept("g1")
		w.receive(w.deliveries[0].ID, otpcore.Receipt{
			BotID: foreign, Status: status, Cost: otpcore.Cost{Money: otpcore.Money{Amount: "9"}, Refunded: true},
		})
		if d := w.deliveries[0]; d.Status != otpcore.Sent || !d.Cost.IsZero() || len(w.deliveries) != 1 {
			t.Errorf("%q: delivery is %s, cost %+v, %d deliveries", status, d.Status, d.Cost, len(w.deliveries))
		}
	}
}

func TestApprovalIsConfirmedToTheGateway(t *testing.T) {
	inHouse(t, func(h *house) {
		gateway := h.carriers.AddGateway()
		s := h.begin()
		sent := gateway.Await(1)
		code := coretest.CodeIn(sent[0])
		if sent[0].Phone.E164() != user || sent[0].Chat != "" || sent[0].Useful != 45*time.Second {
			t.Errorf("sent %+v, of use for %s", sent[0], sent[0].Useful)
		}
		if r := h.check(s.Verification.ID, otherThan(code)); r.Valid {
			t.Fatal("a wrong code was approved")
		}
		if r := h.check(s.Verification.ID, code); !r.Valid {
			t.Fatalf("check: %+v", r)
		}
		if got := gateway.AwaitConfirmed(1); !slices.Equal(got, []string{"m1 " + code}) {
			t.Errorf("confirmed %q", got)
		}
		if edits := gateway.AwaitEdits(1); edits[0].MessageID != "m1" {
			t.Errorf("taken back: %+v", edits)
		}
	})
}
