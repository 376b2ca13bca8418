//go:build !nowhatsmeow

package whatsappsim_test

import (
	"errors"
	"testing"

	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/whatsappsim"
)

func TestMessageIsDeliveredAndRead(t *testing.T) {
	shop, anna := newPhone("Shop"), newPhone("Anna")
	d := newLinked(t, shop)
	for _, text := range []string{"123456", "a second one"} { // the second in the same session
		id := d.say(anna, text)
		d.receipt(id, types.ReceiptTypeDelivered)
		d.receipt(id, types.ReceiptTypeRead)
		m := shows(t, anna, text)
		if m.ID != id || m.From != shop.Number() || m.To != anna.Number() || m.Copies != 1 {
			t.Errorf("got %+v", m)
		}
		if own := shows(t, shop, text); own.From != shop.Number() || own.To != anna.Number() {
			t.Errorf("copy on the owner's phone: %+v", own)
		}
	}
}

func TestPhoneWithoutReadReceipts(t *testing.T) {
	anna := newPhone("Anna", func(o *whatsappsim.PhoneOptions) { o.NoReceipts = true })
	d := newLinked(t, newPhone("Shop"))
	first := d.say(anna, "one")
	second := d.say(anna, "two")
	kinds := map[types.ReceiptType]int{}
	waitFor(d, func(r *events.Receipt) bool {
		kinds[r.Type]++
		return r.Type == types.ReceiptTypeDelivered && r.MessageIDs[0] == second
	})
	if kinds[types.ReceiptTypeRead] != 0 || kinds[types.ReceiptTypeDelivered] != 2 {
		t.Errorf("receipts of %s: %v", first, kinds)
	}
}

func TestPhoneThatIsOff(t *testing.T) {
	anna := newPhone("Anna")
	d := newLinked(t, newPhone("Shop"))
	anna.SwitchOff()
	id := d.say(anna, "late")
	if len(anna.Messages()) != 0 {
		t.Error("a phone that is off shows a message")
	}
	anna.SwitchOn()
	d.receipt(id, types.ReceiptTypeDelivered)
	shows(t, anna, "late")
}

func TestPhoneAsksAgain(t *testing.T) {
	anna := newPhone("Anna")
	d := newLinked(t, newPhone("Shop"))
	anna.SpoilNext(1)
	id := d.say(anna, "spoilt")
	d.receipt(id, types.ReceiptTypeRetry)
	d.receipt(id, types.ReceiptTypeDelivered)
	if m := shows(t, anna, "spoilt"); m.Copies != 1 {
		t.Errorf("%d copies", m.Copies)
	}
}

func TestDeviceAsksAgain(t *testing.T) {
	shop, anna := newPhone("Shop"), newPhone("Anna")
	d := newLinked(t, shop)
	write(t, anna, shop, "hello")
	wait[*events.Message](d)
	d.say(anna, "good day") // both sides have a session now
	shows(t, anna, "good day")
	if err := d.Store.Sessions.DeleteAllSessions(t.Context(), types.NewJID(anna.LID(), types.HiddenUserServer).SignalAddressUser()); err != nil {
		t.Fatal(err)
	}
	id := write(t, anna, shop, "can you read this?")
	wait[*events.UndecryptableMessage](d)
	if got := wait[*events.Message](d); got.Info.ID != id || got.Message.GetConversation() != "can you read this?" {
		t.Errorf("got %s %q", got.Info.ID, got.Message.GetConversation())
	}
}

func TestEditAndRevoke(t *testing.T) {
	anna := newPhone("Anna")
	d := newLinked(t, newPhone("Shop"))
	id := d.say(anna, "123456")
	if _, err := d.SendMessage(soon(t), jid(anna), d.BuildEdit(jid(anna), id, words("used"))); err != nil {
		t.Fatal(err)
	}
	if m := shows(t, anna, "used"); m.ID != id || len(m.History) != 1 || m.History[0] != "123456" {
		t.Errorf("edited: %+v", m)
	}
	if _, err := d.SendMessage(soon(t), jid(anna), d.BuildRevoke(jid(anna), types.EmptyJID, id)); err != nil {
		t.Fatal(err)
	}
	if m := shows(t, anna, ""); m.ID != id || !m.Revoked {
		t.Errorf("revoked: %+v", m)
	}
}

func TestWhoIsOnWhatsApp(t *testing.T) {
	anna := newPhone("Anna")
	d := newLinked(t, newPhone("Shop"))
	got, err := d.IsOnWhatsApp(soon(t), []string{"+" + anna.Number(), "+77019999999"})
	if err != nil || len(got) != 2 {
		t.Fatalf("%v, %v", got, err)
	}
	if !got[0].IsIn || got[0].JID != jid(anna) || got[1].IsIn {
		t.Errorf("got %+v", got)
	}
}

func TestInboundNamesItsSender(t *testing.T) {
	shop := newPhone("Shop")
	d := newLinked(t, shop)
	for name, addressing := range map[string]whatsappsim.Addressing{
		"number": whatsappsim.ByNumber, "lid": whatsappsim.ByLID, "lid only": whatsappsim.ByLIDOnly,
	} {
		t.Run(name, func(t *testing.T) {
			anna := newPhone("Anna", func(o *whatsappsim.PhoneOptions) { o.Addressing = addressing })
			id := write(t, anna, shop, "hello from "+name)
			got := wait[*events.Message](d)
			number, lid := jid(anna), types.NewJID(anna.LID(), types.HiddenUserServer)
			want := map[whatsappsim.Addressing][2]types.JID{
				whatsappsim.ByNumber: {number, lid}, whatsappsim.ByLID: {lid, number}, whatsappsim.ByLIDOnly: {lid, {}},
			}[addressing]
			if got.Info.Sender != want[0] || got.Info.SenderAlt != want[1] {
				t.Errorf("from %v, %v; want %v", got.Info.Sender, got.Info.SenderAlt, want)
			}
			if got.Info.ID != id || got.Info.PushName != "Anna" || got.Message.GetConversation() != "hello from "+name {
				t.Errorf("got %+v", got.Info)
			}
			// The answer to the chat that it came from arrives.
			if _, err := d.SendMessage(soon(t), got.Info.Chat, words("answer")); err != nil {
				t.Fatal(err)
			}
			shows(t, anna, "answer")
		})
	}
}

func TestOpenLink(t *testing.T) {
	shop, anna := newPhone("Shop"), newPhone("Anna")
	d := newLinked(t, shop)
	if _, err := anna.OpenLink("https://wa.me/" + shop.Number() + "?text=Hello%20K7QX"); err != nil {
		t.Fatal(err)
	}
	if got := wait[*events.Message](d).Message.GetConversation(); got != "Hello K7QX" {
		t.Errorf("got %q", got)
	}
	for _, link := range []string{"https://t.me/shop", "https://wa.me/1?text=x", "https://wa.me/" + shop.Number(), "%"} {
		if _, err := anna.OpenLink(link); !errors.Is(err, whatsappsim.ErrBadLink) {
			t.Errorf("%s: %v", link, err)
		}
	}
}

func TestInboundWaitsForTheDevice(t *testing.T) {
	shop, anna := newPhone("Shop"), newPhone("Anna")
	d := newLinked(t, shop)
	d.Disconnect()
	id := write(t, anna, shop, "are you there?")
	d.connect()
	if got := wait[*events.Message](d); got.Info.ID != id {
		t.Errorf("got %s", got.Info.ID)
	}
}

func TestInboundComesAgainUntilItIsAcknowledged(t *testing.T) {
	shop, anna := newPhone("Shop"), newPhone("Anna")
	d := newLinked(t, shop)
	lost := wa.Fail(fault.Rule{Method: "receipt", Target: shop.Number()})
	defer lost.Lift()
	receipts, acks := wa.CallCount("receipt"), wa.CallCount("ack")
	write(t, anna, shop, "twice")
	wait[*events.Message](d)
	if err := wa.WaitCalls(soon(t), "receipt", receipts+1); err != nil {
		t.Fatal(err)
	}
	if err := wa.WaitCalls(soon(t), "ack", acks+1); err != nil { // of the token
		t.Fatal(err)
	}
	wa.Cut()
	wait[*events.Connected](d)
	// The ciphertext is the same, so the client knows it and only acknowledges.
	if err := wa.WaitCalls(soon(t), "receipt", receipts+2); err != nil {
		t.Fatal(err)
	}
	if lost.Hits() != 1 {
		t.Errorf("%d receipts were lost", lost.Hits())
	}
}
