//go:build !nowhatsmeow

package whatsappdevice

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.mau.fi/whatsmeow"

	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/whatsappsim"
	"otpravka/otpcore"
)

func TestMessageIsSentDeliveredAndRead(t *testing.T) {
	d := newLinked(t)
	anna := newPhone("Anna")
	o := to(anna, "482913\nis your code")
	d.sends(o)
	d.receipt(o.DeliveryID, otpcore.Delivered)
	d.receipt(o.DeliveryID, otpcore.Read)
	if m := d.shows(anna, "482913\nis your code"); m.ID != messageID(o.DeliveryID) || m.From != d.owner.Number() {
		t.Errorf("the phone shows %+v", m)
	}
	d.await("dropped content", func() bool {
		m, found, err := d.keys.sent(t.Context(), d.bot.ID, messageID(o.DeliveryID))
		return err == nil && found && m.content == nil
	})
}

func TestMessageIsChanged(t *testing.T) {
	d := newLinked(t)
	anna := newPhone("Anna")
	o := to(anna, "482913")
	d.sends(o)
	edit := to(anna, "The code was used.")
	d.must(d.Edit(soon(t), messageID(o.DeliveryID), edit))
	if m := d.shows(anna, "The code was used."); m.ID != messageID(o.DeliveryID) || len(m.History) != 1 {
		t.Errorf("the phone shows %+v", m)
	}
}

func TestLinkOfAButtonStandsUnderTheText(t *testing.T) {
	m := otpcore.Message{Text: "Hello", Buttons: [][]otpcore.Button{
		{{Label: "Copy", Copy: "482913"}, {Label: "Back to the shop", URL: "https://shop.example/back"}},
	}}
	if got := plain(m); got != "Hello\nBack to the shop: https://shop.example/back" {
		t.Errorf("%q", got)
	}
}

// TestLostAnswerIsOneMessage: WhatsApp took the message and its word got lost.
// The repeat is the same message to the phone.
func TestLostAnswerIsOneMessage(t *testing.T) {
	d := newLinked(t)
	anna := newPhone("Anna")
	wa.Fail(fault.Rule{Method: "message", Target: anna.Number(), Empty: true, Processed: true})
	o := to(anna, "482913")
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	_, err := d.Send(ctx, o)
	if e, ok := errors.AsType[*otpcore.SendError](err); !ok || e.Class != otpcore.ClassAmbiguous {
		t.Fatalf("a lost answer: %v", err)
	}
	d.sends(o)
	d.receipt(o.DeliveryID, otpcore.Read)
	if all := anna.Messages(); len(all) != 1 {
		t.Errorf("the phone shows %d messages", len(all))
	}
}

func TestLostMessageIsAmbiguous(t *testing.T) {
	d := newLinked(t)
	anna := newPhone("Anna")
	wa.Fail(fault.Rule{Method: "message", Target: anna.Number(), Empty: true})
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	_, err := d.Send(ctx, to(anna, "482913"))
	if e, ok := errors.AsType[*otpcore.SendError](err); !ok || e.Class != otpcore.ClassAmbiguous {
		t.Errorf("a lost message: %v", err)
	}
}

// TestRetryIsAnsweredAfterARestart: the phone was off, the server was started
// anew, and the phone cannot decipher what waited for it.
func TestRetryIsAnsweredAfterARestart(t *testing.T) {
	d := newLinked(t)
	anna := newPhone("Anna")
	anna.SwitchOff()
	o := to(anna, "482913")
	d.sends(o)
	d.must(d.halt())
	d.states = nil
	d.begin()
	d.until("connected")
	anna.SpoilNext(1)
	anna.SwitchOn()
	d.shows(anna, "482913")
	d.receipt(o.DeliveryID, otpcore.Delivered)
	var stored []byte
	d.must(d.keys.db.QueryRowContext(t.Context(), "SELECT coalesce(max(content), '') FROM otpravka_sent").Scan(&stored))
	if strings.Contains(string(stored), "482913") {
		t.Error("the code lies in the database in clear")
	}
}

func TestNumberWithoutWhatsApp(t *testing.T) {
	d := newLinked(t)
	before := wa.CallCount("message")
	for range 2 {
		e := d.refusal(otpcore.Outgoing{DeliveryID: "dlv_a", Phone: otpcore.NewPhone("+77019999999", "KZ"), Message: otpcore.Message{Text: "x"}})
		if e.Class != otpcore.ClassUnreachable {
			t.Errorf("refused by %v", e)
		}
	}
	if n := wa.CallCount("message") - before; n != 0 {
		t.Errorf("%d messages were sent to nobody", n)
	}
	if asked := len(d.present.seen); asked != 1 {
		t.Errorf("%d numbers are remembered", asked)
	}
}

// TestReachOutLock: WhatsApp forbids the account to write to strangers. One try
// finds out, the next stranger is left alone, and who has written gets answers.
func TestReachOutLock(t *testing.T) {
	d := newLinked(t)
	anna, boris, clara := newPhone("Anna"), newPhone("Boris"), newPhone("Clara", func(o *whatsappsim.PhoneOptions) { o.Addressing = whatsappsim.ByLID })
	d.owner.LockReachOut(true)
	if e := d.refusal(to(anna, "x")); e.Class != otpcore.ClassSenderNotAllowed || e.Temporary() {
		t.Fatalf("refused by %v", e)
	}
	d.until("reach_out_locked")
	before := wa.CallCount("message")
	if e := d.refusal(to(boris, "x")); e.Class != otpcore.ClassSenderNotAllowed {
		t.Errorf("refused by %v", e)
	}
	if n := wa.CallCount("message") - before; n != 0 {
		t.Errorf("%d more tries were made", n)
	}
	for _, p := range []*whatsappsim.Phone{boris, clara} {
		d.writes(p, "hello, shop")
		d.hears()
		d.must(d.owner.WaitSettled(soon(t))) // the token that lets us answer has come
		d.sends(to(p, "hello, "+p.String()))
		d.shows(p, "hello, "+p.String())
	}

	// It holds over a restart, and ends by itself.
	d.must(d.halt())
	d.states = nil
	d.begin()
	d.until("reach_out_locked")
	if e := d.refusal(to(anna, "x")); e.Class != otpcore.ClassSenderNotAllowed {
		t.Errorf("refused by %v", e)
	}
	d.owner.LockReachOut(false)
	d.lock.close(time.Now().Add(-time.Second))
	d.look(t.Context(), d.live.Load(), time.Now())
	d.until("connected")
	d.sends(to(anna, "hello at last"))
}

func TestRefusalsOfWhatsApp(t *testing.T) {
	d := newLinked(t)
	for status, want := range map[int]otpcore.ErrorClass{
		479: otpcore.ClassUnknown, 429: otpcore.ClassThrottled, 503: otpcore.ClassProviderDown, 404: otpcore.ClassUnreachable,
	} {
		anna := newPhone("Anna")
		wa.Fail(fault.Rule{Method: "message", Target: anna.Number(), Status: status})
		e := d.refusal(to(anna, "482913"))
		if e.Class != want || e.Message == "" || strings.Contains(fmt.Sprintf("%+v", e), anna.Number()) {
			t.Errorf("%d: %v, want %s", status, e, want)
		}
	}
}

func TestErrorsOfTheLibraryStayInside(t *testing.T) {
	leaky := fmt.Errorf("failed to get user info for 77011234567@s.whatsapp.net: %w", errors.New("482913"))
	if got := refusedBy(leaky); got != errOther {
		t.Errorf("shown is %v", got)
	}
	if got := refusedBy(fmt.Errorf("to 77011234567: %w", whatsmeow.ErrMessageTimedOut)); got != whatsmeow.ErrMessageTimedOut {
		t.Errorf("shown is %v", got)
	}
}

func TestPace(t *testing.T) {
	p := pace{every: 4 * time.Second}
	now := time.Unix(1_800_000_000, 0)
	ctx, cancel := context.WithDeadline(t.Context(), now.Add(10*time.Second))
	defer cancel()
	var waits []time.Duration
	for range 5 {
		wait, ok := p.turn(ctx, now)
		if !ok {
			wait = -wait
		}
		waits = append(waits, max(wait, -time.Minute).Truncate(time.Second))
	}
	if got := fmt.Sprint(waits); got != "[-8s -4s 0s 4s -8s]" {
		t.Errorf("waits are %s", got)
	}
	// The one that was sent away has taken no turn.
	if wait, ok := p.turn(t.Context(), now.Add(4*time.Second)); !ok || wait != 4*time.Second {
		t.Errorf("later it is %v, %t", wait, ok)
	}
}
