package otpcore_test

import (
	"strings"
	"testing"
	"time"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

// withNumber is a world whose WhatsApp bot has chats and reaches bare numbers.
func withNumber(t *testing.T, on ...otpcore.Channel) *world {
	w := newWorld(t, on...)
	w.carriers.AddNumber()
	return w
}

// roads tells of each code whether it went into a chat, to a number or by SMS.
func (w *world) roads() string {
	var list []string
	for _, d := range w.deliveries {
		switch {
		case d.Kind != otpcore.DeliverCode:
		case d.Channel == sm:
			list = append(list, "sms")
		case d.Status == otpcore.WaitingLink:
			list = append(list, "waits")
		case d.LinkID != "":
			list = append(list, "chat")
		default:
			list = append(list, "number")
		}
	}
	return strings.Join(list, " ")
}

func TestChatsTakeTextsWhileTheirWindowIsOpen(t *testing.T) {
	const window = 24 * time.Hour
	for _, tt := range []struct {
		name   string
		wrote  time.Duration // before the start; zero: not linked
		change func(*otpcore.Verification)
		road   string
	}{
		{name: "not linked", road: "number"},
		{name: "wrote a minute ago", wrote: time.Minute, road: "chat"},
		{name: "wrote nearly a day ago", wrote: window - 6*time.Minute, road: "chat"},
		{name: "wrote too close to a day ago", wrote: window - 5*time.Minute, road: "number"},
		{name: "wrote days ago", wrote: 3 * window, road: "number"},
		{name: "wrote days ago, country not on the list", wrote: 3 * window, change: func(v *otpcore.Verification) { v.Paid = false }, road: "sms"},
		{name: "wrote days ago, and the start would wait", wrote: 3 * window, change: func(v *otpcore.Verification) {
			v.Paid, v.WhenUnlinked = false, otpcore.Wait
		}, road: "waits"},
		{name: "wrote now, and it is a payment", wrote: time.Minute, change: func(v *otpcore.Verification) {
			v.Context = map[string]otpcore.Param{"payee": {Text: "Anna"}}
		}, road: "chat"},
		{name: "wrote days ago, and it is a payment", wrote: 3 * window, change: func(v *otpcore.Verification) {
			v.Context = map[string]otpcore.Param{"payee": {Text: "Anna"}}
		}, road: "sms"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := withNumber(t)
			if tt.wrote != 0 {
				w.link(wa).ActedAt = w.now.Add(-tt.wrote)
			}
			v := paid(wa, sm)
			if tt.change != nil {
				tt.change(&v)
			}
			w.mustStart(v)
			if got := w.roads(); got != tt.road {
				t.Errorf("went %q, want %q", got, tt.road)
			}
		})
	}
}

func TestChatThatRefusesLeavesItToTheNumber(t *testing.T) {
	w := withNumber(t)
	w.link(wa).ActedAt = w.now
	w.mustStart(paid(wa, sm))
	w.refuse(otpcore.ClassUnknown)
	if got := w.roads(); got != "chat number" {
		t.Fatalf("went %q", got)
	}
	w.refuse(otpcore.ClassUnreachable)
	if got := w.roads(); got != "chat number sms" {
		t.Errorf("went %q", got)
	}
}

func TestWaitingForALinkIsNoTryOfTheNumber(t *testing.T) {
	w := withNumber(t)
	v := paid(wa)
	v.Paid, v.WhenUnlinked = false, otpcore.Wait
	w.mustStart(v)
	w.v.Paid = true
	if d := w.deliveries[0]; d.Status != otpcore.WaitingLink || d.BotID != coretest.WhatsAppBot {
		t.Fatalf("delivery %+v", d)
	}
	w.pass(31 * time.Second)
	if err := w.resend(wa); err != nil {
		t.Fatal(err)
	}
	if got := w.roads(); !strings.HasSuffix(got, "number") {
		t.Errorf("went %q", got)
	}
}

func TestNumberWithoutAnAccountIsRememberedForAWeek(t *testing.T) {
	w := withNumber(t)
	begin := func() string {
		w.v, w.deliveries, w.inHand = nil, nil, nil
		w.mustStart(paid(wa, sm))
		return w.roads()
	}
	if got := begin(); got != "number" {
		t.Fatalf("went %q", got)
	}
	w.refuse(otpcore.ClassNotOnChannel)
	if got := w.roads(); got != "number sms" || w.standing.Idle(w.now) {
		t.Fatalf("went %q, and nothing is remembered: %v", got, w.standing.Idle(w.now))
	}
	w.now = w.now.Add(7*24*time.Hour - time.Second)
	if got := begin(); got != "sms" {
		t.Errorf("within the week it went %q", got)
	}
	w.now = w.now.Add(time.Second)
	if got := begin(); got != "number" || !w.standing.Idle(w.now) {
		t.Errorf("after the week it went %q", got)
	}
}

// A receipt may be what tells that there is no account.
func TestReceiptTellsThatThereIsNoAccount(t *testing.T) {
	w := withNumber(t)
	w.mustStart(paid(wa, sm))
	w.accept("wamid.1")
	w.receive(w.deliveries[0].ID, otpcore.Receipt{Status: otpcore.FailedDlv, Class: otpcore.ClassNotOnChannel, BotID: coretest.WhatsAppBot})
	if got := w.roads(); got != "number sms" || w.standing.Absent[wa].IsZero() {
		t.Errorf("went %q, standing %+v", got, w.standing)
	}
}

func TestNewsIntoAChatWhoseWindowIsClosed(t *testing.T) {
	const window = 24 * time.Hour
	for _, tt := range []struct {
		name      string
		wrote     time.Duration // before the update
		approved  bool          // the network has approved a text for news
		free, sms bool
		want      otpcore.OrderOutcome
		by        otpcore.Channel
	}{
		{name: "open", wrote: time.Minute, want: otpcore.OutcomeSending, by: wa},
		{name: "open and free", wrote: time.Minute, free: true, want: otpcore.OutcomeSending, by: wa},
		{name: "closed", wrote: 2 * window, want: otpcore.OutcomeNoLink},
		{name: "closing", wrote: window - time.Minute, want: otpcore.OutcomeNoLink},
		{name: "closed, and SMS may follow", wrote: 2 * window, sms: true, want: otpcore.OutcomeSending, by: sm},
		{name: "closed, with an approved text", wrote: 2 * window, approved: true, want: otpcore.OutcomeSending, by: wa},
		{name: "closed, with an approved text that must not cost", wrote: 2 * window, approved: true, free: true, want: otpcore.OutcomeNoLink},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &parcel{world: newWorld(t, wa, sm), free: tt.free, sms: tt.sms}
			p.carriers.Of(wa).SetCapabilities(otpcore.Capabilities{FreeText: true, Receipts: true, ReplyWindow: window, ApprovedNews: tt.approved})
			p.link(wa).ActedAt = p.now.Add(-tt.wrote)
			p.want("outcome", p.say(otpcore.OrderPlaced, 0, nil).Outcome, tt.want)
			if tt.by != "" {
				p.want("channel", p.last().Channel, tt.by)
			}
		})
	}
}
