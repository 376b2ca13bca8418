package storagetest

import (
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

// FillWithPersons makes a database know some persons, and returns the values
// that must be in none of its bytes once they are past their time. It is for
// tests that read the bytes.
func FillWithPersons(t *testing.T, db Engine) [][]byte {
	t.Helper()
	s := &shop{t: t, db: db, vault: coretest.NewVault(), carriers: coretest.NewCarriers(otpcore.Telegram, otpcore.SMS), boot: newBoot()}
	s.core = otpcore.New(otpcore.Config{
		Ledger: db, Reader: db, Vault: s.vault, Carriers: s.carriers, Renderer: coretest.NewRenderer(),
		Phones: coretest.NewPhones(), Rules: otpcore.DefaultRules(), Boot: s.boot, Logger: slog.New(slog.DiscardHandler),
	})
	db.OnCommit(s.core.Committed)
	s.write(func(tx otpcore.Tx) error { return errors.Join(tx.SaveBusiness(&shopA), tx.SaveBusiness(&shopB)) })
	var secrets [][]byte
	for n, p := range s.persons() {
		for _, id := range p.ids {
			_, err := s.core.Verifications.Cancel(t.Context(), liveA, id, nil)
			must(t, err)
		}
		secrets = append(secrets, p.secrets...)
		secrets = append(secrets, s.order(n)...)
		secrets = append(secrets, s.conversation(n)...)
	}
	s.pass(time.Minute) // the chats' pace
	s.core.Dispatcher.Close(t.Context())
	return secrets
}

// order tells a person of an order with all that one may show, in a chat that is
// stopped then, and returns what the rows hold of it. Its number stays for a year
// and is no person's. The title of the first update is in the history only.
func (s *shop) order(person int) [][]byte {
	s.t.Helper()
	price := &otpcore.Money{Amount: fmt.Sprint("10000.0", person), Currency: "KZT"}
	r := otpcore.OrderRequest{
		Number: fmt.Sprint("A-", person), Phone: phoneOf(person), Status: "at_customs", Title: fmt.Sprint("at the customs of ", person),
		Items: []otpcore.OrderItem{{Name: fmt.Sprint("tea of ", person), Price: price}},
		Total: &otpcore.Money{Amount: fmt.Sprint("20000.0", person), Currency: "KZT"}, TrackingURL: fmt.Sprint("https://shop.example.com/track/", person),
	}
	said := raw(r.Title, r.Items[0].Name, price.Amount, r.Total.Amount, r.TrackingURL)
	link := s.linked(byte(100+person), r.Phone)
	s.update(liveA, r)
	synctest.Wait()
	r.Status, r.Title = "at_the_door", fmt.Sprint("at the door of ", person)
	s.update(liveA, r)
	v := s.orderOf(liveA, r.Number)
	equal(s.t, "the order has messages", len(v.Deliveries) > 0, true)
	said = append(append(said, raw(r.Title)...), v.Order.Phone.Sealed)
	for _, d := range v.Deliveries {
		said = append(said, d.Target)
	}
	s.stop(&link)
	return said
}

// conversation opens a chat by the token of a link that waits for a person, who
// then says nothing more. It returns what the rows hold of both.
func (s *shop) conversation(person int) [][]byte {
	s.t.Helper()
	r := otpcore.LinkRequest{Phone: phoneOf(person), Channel: otpcore.Telegram, ReturnURL: fmt.Sprint("https://shop.example.com/linked/", person)}
	link, err := s.core.Links.Open(s.t.Context(), liveA, r)
	must(s.t, err)
	chat := otpcore.ChatRef{
		Bot:     &otpcore.Bot{ID: coretest.TelegramBot, BusinessID: shopA.ID, Kind: otpcore.BotTelegram},
		Address: fmt.Sprint("chat of ", person),
	}
	var session *otpcore.LinkSession
	s.write(func(tx otpcore.Tx) error {
		opened, err := s.core.Linking.Open(tx, chat, link.Token)
		if err != nil {
			return err
		}
		equal(s.t, "the link's token", opened.Outcome, otpcore.InviteOpen)
		session, err = tx.Session(chat.Bot.ID, s.vault.Index("chat:"+string(chat.Bot.ID), chat.Address))
		return err
	})
	return append(raw(r.ReturnURL), link.Link.Phone.Sealed, link.TokenHash, session.Chat[:], session.Phone.Sealed)
}
