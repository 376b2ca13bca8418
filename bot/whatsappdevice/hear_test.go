//go:build !nowhatsmeow

package whatsappdevice

import (
	"testing"

	"otpravka/bot"
	"otpravka/internal/sim/whatsappsim"
)

func TestInputNamesItsSender(t *testing.T) {
	d := newLinked(t)
	for name, addressing := range map[string]whatsappsim.Addressing{
		"number": whatsappsim.ByNumber, "lid": whatsappsim.ByLID, "lid only": whatsappsim.ByLIDOnly,
	} {
		t.Run(name, func(t *testing.T) {
			anna := newPhone("Anna", func(o *whatsappsim.PhoneOptions) { o.Addressing = addressing })
			d.writes(anna, "Hello from "+name)
			in := d.hears()
			number, chat := "+"+anna.Number(), anna.Number()+"@s.whatsapp.net"
			if addressing == whatsappsim.ByLIDOnly {
				number, chat = "", anna.LID()+"@lid" // which is no number, whatever it looks like
			}
			if in.Number != number || in.Chat != chat || in.Text != "Hello from "+name || in.Kind != bot.Text || !in.Posted || in.Update <= 0 || in.At.IsZero() {
				t.Errorf("heard %+v of %s in %s", in, in.Number, in.Chat)
			}
		})
	}
}

// TestHiddenAddressIsResolved: a number that was told once is known later.
func TestHiddenAddressIsResolved(t *testing.T) {
	d := newLinked(t)
	anna := newPhone("Anna")
	d.writes(anna, "by number")
	first := d.hears()
	anna.Address(whatsappsim.ByLIDOnly)
	d.writes(anna, "by lid")
	if second := d.hears(); second.Number != first.Number || second.Chat != first.Chat {
		t.Errorf("heard %s in %s, then %s in %s", first.Number, first.Chat, second.Number, second.Chat)
	}
}

// TestInputThatWasNotStoredComesAgain: the database refuses, and nothing is
// acknowledged. With the next connection the message is there again, once.
func TestInputThatWasNotStoredComesAgain(t *testing.T) {
	d := newLinked(t)
	anna := newPhone("Anna")
	d.change(func() { d.refusals = 1 })
	d.writes(anna, "Hello K7QX")
	d.await("refusal", func() bool { return d.refusals == 0 })
	d.states = nil
	wa.Cut()
	d.until("connected")
	first := d.hears()
	if first.Text != "Hello K7QX" {
		t.Errorf("heard %q", first.Text)
	}
	d.must(d.owner.WaitSettled(soon(t)))
	if len(d.heard) != 0 {
		t.Errorf("heard %d times more", len(d.heard))
	}
}

func TestInputWaitsForTheDevice(t *testing.T) {
	d := newLinked(t)
	anna := newPhone("Anna")
	d.must(d.halt())
	d.writes(anna, "are you there?")
	d.begin()
	if in := d.hears(); in.Text != "are you there?" {
		t.Errorf("heard %q", in.Text)
	}
}
