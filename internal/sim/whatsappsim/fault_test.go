//go:build !nowhatsmeow

package whatsappsim_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"otpravka/internal/sim/fault"
)

func TestRefusedLogins(t *testing.T) {
	for name, c := range map[string]struct {
		rule  fault.Rule
		shown func(d *desk) bool
	}{
		"unlinked": {fault.Rule{Status: 401}, loggedOut(events.ConnectFailureLoggedOut)},
		"locked":   {fault.Rule{Status: 403}, loggedOut(events.ConnectFailureMainDeviceGone)},
		"banned":   {fault.Rule{Status: 406}, loggedOut(events.ConnectFailureUnknownLogout)},
		"outdated": {fault.Rule{Status: 405}, func(d *desk) bool { wait[*events.ClientOutdated](d); return true }},
		"banned for a time": {
			fault.Rule{Status: 402, Description: "104", RetryAfter: time.Hour},
			func(d *desk) bool {
				ban := wait[*events.TemporaryBan](d)
				return ban.Code == events.TempBanSentTooManySameMessage && ban.Expire == time.Hour
			},
		},
		"server away": {fault.Rule{Status: 503}, func(d *desk) bool { wait[*events.Connected](d); return true }},
	} {
		t.Run(name, func(t *testing.T) {
			shop := newPhone("Shop")
			d := newLinked(t, shop)
			d.Disconnect()
			c.rule.Method, c.rule.Target = "login", shop.Number()
			refused := wa.Fail(c.rule)
			d.connect()
			if !c.shown(d) {
				t.Error("the client shows something else")
			}
			if refused.Hits() != 1 {
				t.Errorf("refused %d times", refused.Hits())
			}
		})
	}
}

func loggedOut(reason events.ConnectFailureReason) func(*desk) bool {
	return func(d *desk) bool {
		got := wait[*events.LoggedOut](d)
		return got.OnConnect && got.Reason == reason
	}
}

func TestForeignKeysAreLoggedOut(t *testing.T) {
	shop := newPhone("Shop")
	d := newLinked(t, shop)
	d.Disconnect()
	shop.Unlink()
	d.connect()
	if got := wait[*events.LoggedOut](d); !got.OnConnect {
		t.Error("not at login")
	}
}

func TestReachOutLock(t *testing.T) {
	shop, anna := newPhone("Shop"), newPhone("Anna")
	d := newLinked(t, shop)
	shop.LockReachOut(true)
	_, err := d.SendMessage(soon(t), jid(anna), words("hello, stranger"))
	if !errors.Is(err, whatsmeow.ErrServerReturnedError) || !strings.HasSuffix(err.Error(), "463") {
		t.Fatalf("to a stranger: %v", err)
	}
	if len(anna.Messages()) != 0 {
		t.Error("a refused message arrived")
	}
	notices := wa.CallCount("ack")
	write(t, anna, shop, "hello, shop")
	wait[*events.Message](d)
	if err := wa.WaitCalls(soon(t), "ack", notices+1); err != nil { // the token has arrived
		t.Fatal(err)
	}
	d.say(anna, "hello, Anna")
	shows(t, anna, "hello, Anna")
}

func TestStrangerWithoutWhatsApp(t *testing.T) {
	d := newLinked(t, newPhone("Shop"))
	_, err := d.SendMessage(soon(t), types.NewJID("77018888888", types.DefaultUserServer), words("x"))
	if !errors.Is(err, whatsmeow.ErrServerReturnedError) {
		t.Errorf("got %v", err)
	}
}

func TestLostAck(t *testing.T) {
	anna := newPhone("Anna")
	d := newLinked(t, newPhone("Shop"))
	wa.Fail(fault.Rule{Method: "message", Target: anna.Number(), Empty: true, Processed: true})
	again := whatsmeow.SendRequestExtra{ID: d.GenerateMessageID(), Timeout: 300 * time.Millisecond}
	if _, err := d.SendMessage(soon(t), jid(anna), words("once"), again); !errors.Is(err, whatsmeow.ErrMessageTimedOut) {
		t.Fatalf("lost ack: %v", err)
	}
	again.Timeout = 0
	if _, err := d.SendMessage(soon(t), jid(anna), words("once"), again); err != nil {
		t.Fatal(err)
	}
	d.receipt(again.ID, types.ReceiptTypeRead)
	d.receipt(again.ID, types.ReceiptTypeRead)
	if all := anna.Messages(); len(all) != 1 || all[0].Copies != 2 {
		t.Errorf("shows %+v", all)
	}
}

func TestLostMessage(t *testing.T) {
	anna := newPhone("Anna")
	d := newLinked(t, newPhone("Shop"))
	wa.Fail(fault.Rule{Method: "message", Target: anna.Number(), Empty: true})
	lost := whatsmeow.SendRequestExtra{Timeout: 300 * time.Millisecond}
	if _, err := d.SendMessage(soon(t), jid(anna), words("lost"), lost); !errors.Is(err, whatsmeow.ErrMessageTimedOut) {
		t.Fatalf("lost message: %v", err)
	}
	if len(anna.Messages()) != 0 {
		t.Error("a lost message arrived")
	}
}

func TestConnectionCutUnderAMessage(t *testing.T) {
	for name, drop := range map[string]fault.Drop{"before": fault.DropBefore, "after": fault.DropAfter} {
		t.Run(name, func(t *testing.T) {
			anna := newPhone("Anna")
			d := newLinked(t, newPhone("Shop"))
			// The client would come back by itself, and wait for that in the message
			// too: two waits of the library's at once are a race of its own making.
			d.EnableAutoReconnect = false
			wa.Fail(fault.Rule{Method: "message", Target: anna.Number(), Drop: drop})
			anna.SwitchOff() // no receipt, which the client would answer into the cut
			said := make(chan error, 1)
			go func() {
				_, err := d.SendMessage(soon(t), jid(anna), words("through"))
				said <- err
			}()
			wait[*events.Disconnected](d)
			d.connect()
			wait[*events.Connected](d)
			if err := <-said; err != nil { // the client itself repeats the frame
				t.Fatal(err)
			}
			anna.SwitchOn()
			if m := shows(t, anna, "through"); m.Copies != 1 {
				t.Errorf("%d copies", m.Copies)
			}
		})
	}
}

func TestKeysThatCannotBeFetched(t *testing.T) {
	anna, boris := newPhone("Anna"), newPhone("Boris")
	d := newLinked(t, newPhone("Shop"))
	wa.Fail(fault.Rule{Method: "prekeys", Target: anna.Number()})
	d.say(anna, "into the void") // accepted, and yet nothing was enciphered for her
	id := d.say(boris, "arrives")
	d.receipt(id, types.ReceiptTypeDelivered)
	if len(anna.Messages()) != 0 {
		t.Error("a message arrived without keys")
	}
}

func TestConnectionCut(t *testing.T) {
	anna := newPhone("Anna")
	d := newLinked(t, newPhone("Shop"))
	wa.Cut()
	wait[*events.Disconnected](d)
	wait[*events.Connected](d)
	d.say(anna, "again")
	shows(t, anna, "again")
}

func TestLateAck(t *testing.T) {
	anna := newPhone("Anna")
	d := newLinked(t, newPhone("Shop"))
	wa.Fail(fault.Rule{Method: "message", Target: anna.Number(), AnswerDelay: 100 * time.Millisecond})
	d.say(anna, "late")
	if len(anna.Messages()) != 1 {
		t.Error("the ack came before the message")
	}
}

func TestErrorOfOurChoice(t *testing.T) {
	anna := newPhone("Anna")
	d := newLinked(t, newPhone("Shop"))
	wa.Fail(fault.Rule{Method: "message", Target: anna.Number(), Status: 479})
	if _, err := d.SendMessage(soon(t), jid(anna), words("x")); err == nil || !strings.HasSuffix(err.Error(), "479") {
		t.Errorf("got %v", err)
	}
}
