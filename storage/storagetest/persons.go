package storagetest

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

// T48PersonalDataGoes lets a month and an hour pass after the last thing that
// happened to some persons: no row holds a phone, an index or an address then.
func T48PersonalDataGoes(t *testing.T, newLab NewLab) {
	lab := newLab(t)
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t, lab, otpcore.Telegram, otpcore.SMS)
		persons := s.persons()
		s.pass(time.Hour)
		time.Sleep(30 * day)
		purge(t, s.db)
		purge(t, s.db) // the walk of links goes round
		for _, p := range persons {
			p.gone(s)
		}
	})
}

// T48ForgottenAtOnce forgets some persons at one business, of whom another one
// keeps what it has.
func T48ForgottenAtOnce(t *testing.T, newLab NewLab) {
	lab := newLab(t)
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t, lab, otpcore.Telegram, otpcore.SMS)
		persons := s.persons()
		other := s.startBy(liveB, otpcore.StartRequest{Phone: persons[0].phone})
		trial := s.startBy(testA, otpcore.StartRequest{Phone: persons[0].phone})
		for i, p := range persons {
			receipt, err := s.core.Phones.Forget(t.Context(), liveA, p.phone, "", nil)
			must(t, err)
			if receipt.Verifications != 2 || receipt.Links != i%2 || receipt.Deliveries < 2 {
				t.Errorf("receipt %+v", receipt)
			}
		}
		s.pass(21 * time.Minute)
		purge(t, s.db)
		for _, p := range persons {
			p.gone(s)
		}
		equal(t, "another business's person is held", s.holds(liveB, other), true)
		equal(t, "a trial's person is held", s.holds(testA, trial), true)

		_, err := s.core.Phones.Forget(t.Context(), testA, persons[0].phone, "", nil)
		must(t, err)
		equal(t, "a trial's person is held", s.holds(testA, trial), false)
		equal(t, "another business's person is held", s.holds(liveB, other), true)
	})
}

// someone is a phone with two verifications at shop A, and what the rows may
// hold of them.
type someone struct {
	phone   string
	ids     []otpcore.ID
	link    otpcore.ID
	secrets [][]byte
}

// tellingStarts ask for codes with all that a start may tell of a person, in
// words that are no other person's. No template takes both params and a context.
func tellingStarts(person int) []otpcore.StartRequest {
	order := otpcore.StartRequest{
		Phone: phoneOf(person), OrderID: fmt.Sprint("order of ", person), ClientIP: fmt.Sprint("2001:db8::", person),
		Metadata: map[string]string{"name": fmt.Sprint("name of ", person)}, ReturnURL: fmt.Sprint("https://shop.example.com/", person),
		Template: "order_confirm", Params: map[string]otpcore.Param{"order_number": {Text: fmt.Sprint("params-of-", person)}},
	}
	payment := order
	payment.Template, payment.Params = "payment", nil
	payment.Context = map[string]otpcore.Param{
		"amount": {Money: &otpcore.Money{Amount: "10.00", Currency: "KZT"}}, "payee": {Text: fmt.Sprint("payee of ", person)},
	}
	return []otpcore.StartRequest{order, payment}
}

// words are what a telling start tells.
func words(r otpcore.StartRequest) [][]byte {
	said := raw(r.OrderID, r.ClientIP, r.Metadata["name"], r.ReturnURL)
	if r.Context != nil {
		return append(said, raw(r.Context["payee"].Text)...)
	}
	return append(said, raw(r.Params["order_number"].Text)...)
}

// raw are words as a file holds them.
func raw(words ...string) [][]byte {
	list := make([][]byte, len(words))
	for i, word := range words {
		list[i] = []byte(word)
	}
	return list
}

// persons are known to shop A: every other one by a chat that was stopped, and
// one of those by a chat that refused a message.
func (s *shop) persons() []*someone {
	s.t.Helper()
	var list []*someone
	for n := range 6 {
		p := &someone{phone: phoneOf(n)}
		index := s.phoneIndex(p.phone)
		p.secrets = append(p.secrets, index[:])
		var link otpcore.Link
		if n%2 == 1 {
			link = s.linked(byte(n), p.phone)
			p.link = link.ID
			p.secrets = append(p.secrets, link.Phone.Sealed, link.Chat.Sealed, link.Chat.Index[:])
		}
		if n == 3 {
			s.carriers.Of(otpcore.Telegram).Script(coretest.Refuse(&otpcore.SendError{
				Class: otpcore.ClassContentRejected, Provider: "telegram", Message: "The chat wants no codes.",
			}))
		}
		for _, r := range tellingStarts(n) {
			id := s.startBy(liveA, r)
			synctest.Wait()
			v := s.caseOf(liveA, id)
			p.ids = append(p.ids, id)
			p.secrets = append(append(p.secrets, v.Verification.Phone.Sealed), words(r)...)
			for _, d := range v.Deliveries {
				if d.Target != nil {
					p.secrets = append(p.secrets, d.Target)
				}
				if d.Error != nil {
					p.secrets = append(p.secrets, raw(d.Error.Message)...)
				}
			}
		}
		if p.link != "" {
			s.stop(&link)
		}
		list = append(list, p)
	}
	return list
}

// stop ends a link as /stop in its chat does.
func (s *shop) stop(l *otpcore.Link) {
	s.t.Helper()
	l.Status, l.EndedAt, l.EndReason = otpcore.LinkRevoked, s.db.Now(), "stopped"
	s.write(func(tx otpcore.Tx) error { return tx.SaveLink(l) })
}

// gone looks for the person in whatever can be read of shop A.
func (p *someone) gone(s *shop) {
	s.t.Helper()
	for _, id := range p.ids {
		if s.holds(liveA, id) {
			s.t.Errorf("%s holds a person", id)
		}
		for _, d := range s.caseOf(liveA, id).Deliveries {
			if d.Target != nil || d.Content != nil || d.MessageID != "" || d.LinkID != "" || d.Error != nil {
				s.t.Errorf("%s of %s holds a person: %+v", d.ID, id, d)
			}
		}
	}
	links, err := s.db.LinksOfPhone(s.t.Context(), shopA.ID, s.phoneIndex(p.phone))
	must(s.t, err)
	equal(s.t, "links of the phone", len(links), 0)
	if p.link != "" {
		l, err := s.db.Link(s.t.Context(), p.link)
		must(s.t, err)
		if l.Phone.Sealed != nil || l.Chat.Sealed != nil || !l.Chat.Index.IsZero() {
			s.t.Errorf("link %+v holds a person", l)
		}
	}
	q := otpcore.PhoneQuery{BusinessID: shopA.ID, Mode: otpcore.Live, Phone: s.phoneIndex(p.phone), Limit: 10}
	list, err := s.db.VerificationsOf(s.t.Context(), q)
	must(s.t, err)
	equal(s.t, "verifications of the phone", len(list), 0)
	s.write(func(tx otpcore.Tx) error {
		ids, err := tx.Traces(q)
		equal(s.t, "traces of the phone", len(ids), 0)
		return err
	})
}
