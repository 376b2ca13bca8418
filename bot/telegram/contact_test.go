package telegram

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/internal/sim/telegramsim"
	"otpravka/otpcore"
)

func id(u *telegramsim.User) string { return strconv.FormatInt(u.ID(), 10) }

// spoof is one way to claim the victim's phone, or to link without being
// asked. Eve has an open invitation for the victim's phone where the case does
// not say otherwise.
type spoof struct {
	name string
	act  func(*spoofing)
}

type spoofing struct {
	*world
	eve    *telegramsim.User
	victim *telegramsim.User
	card   telegramsim.Contact // the victim's phone under Eve's user id: as good as a forgery gets
}

// raw injects an update whose message is Eve's, with more fields.
func (s *spoofing) raw(kind, fields string) {
	s.Helper()
	check(s, s.shop.InjectRaw(fmt.Sprintf(
		`{"%s":{"message_id":900,"date":%d,"from":{"id":%[3]d,"is_bot":false},"chat":{"id":%[3]d,"type":"private"},%[4]s}}`,
		kind, time.Now().Unix(), s.eve.ID(), fields)))
}

func (s *spoofing) contactJSON(userID string) string {
	return `"contact":{"phone_number":"` + strings.TrimPrefix(annasPhone, "+") + `","first_name":"Anna"` + userID + `}`
}

var spoofs = []spoof{
	{"somebody else's card", func(s *spoofing) { s.eve.SendForeignContact(s.shop, annasPhone, s.victim.ID()) }},
	{"card without user id", func(s *spoofing) { s.eve.SendForeignContact(s.shop, annasPhone, 0) }},
	{"user id zero", func(s *spoofing) { s.raw("message", s.contactJSON(`,"user_id":0`)) }},
	{"user id null", func(s *spoofing) { s.raw("message", s.contactJSON(`,"user_id":null`)) }},
	{"user id as text", func(s *spoofing) { s.raw("message", s.contactJSON(`,"user_id":"`+id(s.eve)+`"`)) }},
	{"forwarded from the victim", func(s *spoofing) { s.eve.ForwardContact(s.shop, s.victim.OwnContact(), s.victim) }},
	{"own old card forwarded", func(s *spoofing) { s.eve.ForwardContact(s.shop, s.card, s.eve) }},
	{"forwarded from a hidden user", func(s *spoofing) { s.eve.ForwardContact(s.shop, s.card, nil) }},
	{"in a group", func(s *spoofing) { s.tg.NewGroup("Group", s.shop).SendContact(s.eve, s.card) }},
	{"in a channel", func(s *spoofing) { s.tg.NewChannel("Channel", s.shop).SendContact(s.eve, s.card) }},
	{"edited into a card", func(s *spoofing) { s.eve.EditContact(s.shop, s.eve.Say(s.shop, "/help"), s.card) }},
	{"edited, as an update we ask for", func(s *spoofing) {
		s.raw("message", fmt.Sprintf(`"edit_date":%d,%s`, time.Now().Unix(), s.contactJSON(`,"user_id":`+id(s.eve))))
	}},
	{"channel_post", func(s *spoofing) { s.raw("channel_post", s.contactJSON(`,"user_id":`+id(s.eve))) }},
	{"edited_message", func(s *spoofing) { s.raw("edited_message", s.contactJSON(`,"user_id":`+id(s.eve))) }},
	{"to a business account", func(s *spoofing) { s.eve.SendBusinessContact(s.shop, s.card) }},
	{"business_message", func(s *spoofing) { s.raw("business_message", s.contactJSON(`,"user_id":`+id(s.eve))) }},
	{"business connection in a message", func(s *spoofing) {
		s.raw("message", `"business_connection_id":"b",`+s.contactJSON(`,"user_id":`+id(s.eve)))
	}},
	{"via another bot", func(s *spoofing) {
		s.eve.SendContactViaBot(s.shop, s.card, s.tg.AddBot("220201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0", "inline_bot", "Inline"))
	}},
	{"chat of somebody else", func(s *spoofing) {
		check(s, s.shop.InjectRaw(fmt.Sprintf(`{"message":{"date":%d,"from":{"id":%d},"chat":{"id":%d,"type":"private"},%s}}`,
			time.Now().Unix(), s.eve.ID(), s.victim.ID(), s.contactJSON(`,"user_id":`+id(s.eve)))))
	}},
	{"phone mismatch", func(s *spoofing) { check(s, s.eve.ShareContact(s.shop)) }},
	{"typed number", func(s *spoofing) { s.eve.Say(s.shop, annasPhone) }},
	{"number in other digits", func(s *spoofing) {
		s.raw("message", `"contact":{"phone_number":"٧٧٠١١٢٣٤٥٦٧","user_id":`+id(s.eve)+`}`)
	}},
	{"number with an extension", func(s *spoofing) {
		s.raw("message", `"contact":{"phone_number":"77011234567;ext=1","user_id":`+id(s.eve)+`}`)
	}},
	{"invitation expired", func(s *spoofing) {
		time.Sleep(2 * time.Hour) // of the bubble
		s.eve.SendContact(s.shop, s.card)
	}},
	{"never started", func(s *spoofing) {
		stranger := s.tg.NewUser(telegramsim.UserOptions{Phone: annasPhone})
		stranger.SendContact(s.shop, stranger.OwnContact())
	}},
	{"link of another business's bot", func(s *spoofing) {
		other := s.newBusiness("Other")
		stranger := s.tg.NewUser(telegramsim.UserOptions{Phone: annasPhone})
		s.by, s.business = other, other.Business
		theirs := s.tg.AddBot("330201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0", "other_bot", "Other")
		s.register(theirs.Token())
		link := s.start(annasPhone).TelegramLink
		_, payload, _ := strings.Cut(link, "?start=")
		stranger.Start(s.shop, payload)
		synctest.Wait()
		stranger.SendContact(s.shop, stranger.OwnContact())
	}},
}

// TestT21ContactSpoofing tries every way that is known to link a phone that is
// not one's own. The contact that does prove it is in TestLinkAndVerify.
func TestT21ContactSpoofing(t *testing.T) {
	for _, tt := range spoofs {
		t.Run(tt.name, func(t *testing.T) {
			withBot(t, func(w *world, _ *otpcore.Bot) {
				shop := w.by
				s := &spoofing{world: w, victim: w.anna}
				s.eve = w.tg.NewUser(telegramsim.UserOptions{Phone: "+77010000002", FirstName: "Eve", LanguageCode: "en"})
				s.card = telegramsim.Contact{Phone: strings.TrimPrefix(annasPhone, "+"), FirstName: "Eve", UserID: s.eve.ID()}
				w.open(s.eve, w.start(annasPhone).TelegramLink)
				w.said(s.eve, "would like to send codes")
				tt.act(s)
				synctest.Wait()
				// The bot still hears: the update was handled and not just stuck.
				s.eve.Say(w.shop, "/privacy")
				w.said(s.eve, "encrypted")
				for _, by := range []otpcore.Caller{shop, w.by} {
					for _, number := range []string{annasPhone, "+77010000002"} {
						if n := len(w.links(by, number)); n != 0 {
							w.Errorf("%d links of %s", n, number)
						}
					}
				}
				for _, m := range s.eve.Chat(w.shop).Messages {
					if m.FromBot && m.Code() != "" {
						w.Errorf("Eve got the code: %s", m.Text)
					}
				}
			})
		})
	}
}

// TestT21SpoofingByALinkedChat tries the same from a chat that holds a link of
// its own, and so needs no invitation to share a number. It loses nothing and
// gains nothing. A card of the victim's number under Eve's own user id is left
// out: no app can send one, since Telegram fills in the id.
func TestT21SpoofingByALinkedChat(t *testing.T) {
	for _, tt := range spoofs {
		switch tt.name {
		case "invitation expired", "phone mismatch": // the card of above, and an invitation
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			withBot(t, func(w *world, _ *otpcore.Bot) {
				s := &spoofing{world: w, victim: w.anna}
				s.eve = w.tg.NewUser(telegramsim.UserOptions{Phone: "+77010000002", FirstName: "Eve", LanguageCode: "en"})
				s.card = telegramsim.Contact{Phone: strings.TrimPrefix(annasPhone, "+"), FirstName: "Eve", UserID: s.eve.ID()}
				w.link(s.eve)
				shop := w.by
				tt.act(s)
				synctest.Wait()
				if n := len(w.links(shop, annasPhone)) + len(w.links(w.by, annasPhone)); n != 0 {
					w.Errorf("%d links of the victim", n)
				}
				if n := len(w.links(shop, "+77010000002")); n != 1 {
					w.Errorf("%d links of Eve's own number, want the one that she had", n)
				}
			})
		})
	}
}

// TestT21TokenReuse links with a token and offers the same token again.
func TestT21TokenReuse(t *testing.T) {
	withBot(t, func(w *world, _ *otpcore.Bot) {
		open, err := w.core.Links.Open(w.Context(), w.by, otpcore.LinkRequest{Channel: otpcore.Telegram})
		check(w, err)
		w.open(w.anna, open.URL)
		eve := w.tg.NewUser(telegramsim.UserOptions{Phone: "+77010000002", LanguageCode: "en"})
		w.open(eve, open.URL) // both hold it open; the first to share wins
		check(w, w.anna.ShareContact(w.shop))
		w.said(w.anna, "arrive in this chat")
		check(w, eve.ShareContact(w.shop))
		w.said(eve, "has been used already")
		w.open(eve, open.URL)
		w.said(eve, "has been used already")
		if n := len(w.links(w.by, "+77010000002")); n != 0 {
			w.Errorf("%d links by a used token", n)
		}
		if n := len(w.links(w.by, annasPhone)); n != 1 {
			w.Errorf("%d links of the first, want 1", n)
		}
	})
}

// TestT23OtherBusiness: a link serves the business it was made with.
func TestT23OtherBusiness(t *testing.T) {
	withBot(t, func(w *world, _ *otpcore.Bot) {
		w.link(w.anna)
		other := w.newBusiness("Other")
		if n := len(w.links(other, annasPhone)); n != 0 {
			w.Errorf("%d links at a business that never saw the person", n)
		}
	})
}
