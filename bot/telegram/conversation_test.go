package telegram

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/internal/sim/telegramsim"
	"otpravka/otpcore"
)

func TestWrongPhone(t *testing.T) {
	withBot(t, func(w *world, _ *otpcore.Bot) {
		w.anna.ChangePhone("+77770000012")
		w.open(w.anna, w.start(annasPhone).TelegramLink)
		check(w, w.anna.ShareContact(w.shop))
		m := w.said(w.anna, "This is +7 777 •••12, Shop waits for +7 701 •••67.")
		if strings.Contains(m.Text, "0000012") || strings.Contains(m.Text, "1234567") {
			w.Errorf("a whole number shows: %s", m.Text)
		}
		if n := len(w.links(w.by, annasPhone)) + len(w.links(w.by, "+77770000012")); n != 0 {
			w.Errorf("%d links, want none", n)
		}
		// The right account may still answer, and the button is there for it.
		w.anna.ChangePhone(annasPhone)
		check(w, w.anna.ShareContact(w.shop))
		_, err := w.anna.WaitMessage(w.Context(), w.shop, telegramsim.HasCode())
		check(w, err)
		if n := len(w.links(w.by, annasPhone)); n != 1 {
			w.Errorf("%d links of the right account, want 1", n)
		}
	})
}

// A typed number proves nothing, but whoever types it wants to be linked, so the
// button that follows works without /start.
func TestTypedNumberLeadsToTheButton(t *testing.T) {
	withBot(t, func(w *world, _ *otpcore.Bot) {
		w.anna.Say(w.shop, annasPhone)
		w.said(w.anna, "A typed number is not enough")
		if n := len(w.links(w.by, annasPhone)); n != 0 {
			w.Fatalf("%d links by typing", n)
		}
		check(w, w.anna.ShareContact(w.shop))
		w.said(w.anna, "arrive in this chat")
	})
}

func TestSupportTextIsSaidOnce(t *testing.T) {
	withBot(t, func(w *world, _ *otpcore.Bot) {
		_, err := w.core.Businesses.Change(w.Context(), w.business.ID, func(_ *string, s *otpcore.Settings) {
			s.SupportText = "Call us, 9 to 18."
		})
		check(w, err)
		for range 3 {
			w.anna.Say(w.shop, "where is my order?")
			synctest.Wait()
		}
		if n := w.count(w.anna, "Shop: Call us, 9 to 18."); n != 1 {
			w.Errorf("%d support answers to three messages", n)
		}
	})
}

// TestMessageWithACode: the code leads, one tap copies it, and after the end
// neither the message nor a button of it gives the code.
func TestMessageWithACode(t *testing.T) {
	for name, end := range map[string]func(*world, *otpcore.Started, string){
		"has been used": func(w *world, s *otpcore.Started, code string) {
			_, err := w.core.Verifications.Check(w.Context(), w.by, s.Verification.ID, code, nil, nil)
			check(w, err)
		},
		"has expired": func(*world, *otpcore.Started, string) { time.Sleep(4 * time.Minute) },
		"is canceled": func(w *world, s *otpcore.Started, _ string) {
			_, err := w.core.Verifications.Cancel(w.Context(), w.by, s.Verification.ID, nil)
			check(w, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			withBot(t, func(w *world, _ *otpcore.Bot) {
				w.link(w.anna)
				s := w.start(annasPhone)
				m := w.said(w.anna, "is your login code for Shop")
				code := m.Code()
				if !strings.HasPrefix(m.Text, code+" ") || len(code) != 6 {
					w.Errorf("the code does not lead: %q", m.Text)
				}
				w.press(w.anna, m, "Copy the code")
				if got := w.anna.Clipboard(); got != code {
					w.Errorf("the clipboard holds %q, want %s", got, code)
				}
				if _, ok := m.Button("It wasn't me"); !ok {
					w.Error("no button to say that it was somebody else")
				}
				end(w, s, code)
				over := w.said(w.anna, name)
				if over.ID != m.ID || len(over.Buttons) != 0 || len(over.Entities) != 0 {
					w.Errorf("message after the end: %+v", over)
				}
				for _, now := range w.anna.Chat(w.shop).Messages {
					if strings.Contains(now.Text, code) {
						w.Errorf("the code is still readable: %q", now.Text)
					}
				}
			})
		})
	}
}

func TestLanguage(t *testing.T) {
	withBot(t, func(w *world, _ *otpcore.Bot) {
		w.link(w.anna)
		w.anna.Say(w.shop, "/language")
		w.press(w.anna, w.said(w.anna, "Which language"), "Қазақша")
		w.said(w.anna, "қазақша жазамыз")
		w.start(annasPhone)
		if m := w.said(w.anna, "— Shop жүйесіне кіру коды"); m.Code() == "" {
			w.Errorf("no code in %q", m.Text)
		}
		w.anna.Say(w.shop, "/help")
		w.said(w.anna, "тілді таңдау")
		w.anna.Say(w.shop, "/stop")
		w.said(w.anna, "кодтар келмейді")
		w.anna.Start(w.shop, "")
		w.said(w.anna, "осы чатқа жібере алады") // though Telegram still says English
	})
}

// TestUnknownLanguagePressed: what a button brings back is not to be trusted.
func TestUnknownLanguagePressed(t *testing.T) {
	withBot(t, func(w *world, _ *otpcore.Bot) {
		w.link(w.anna)
		before := len(w.anna.Chat(w.shop).Messages)
		for _, data := range []string{"speak:", "speak:../ru", "speak:x", "speak:" + strings.Repeat("a", 50)} {
			check(w, w.shop.InjectRaw(`{"callback_query":{"id":"1","from":{"id":`+id(w.anna)+`},"message":{"message_id":1,"date":1,"chat":{"id":`+
				id(w.anna)+`,"type":"private"}},"data":"`+data+`"}}`))
		}
		synctest.Wait()
		if n := len(w.anna.Chat(w.shop).Messages); n != before {
			w.Errorf("%d answers to nonsense", n-before)
		}
		check(w, w.shop.InjectRaw(`{"callback_query":{"id":"1","from":{"id":`+id(w.anna)+`},"message":{"message_id":1,"date":1,"chat":{"id":`+
			id(w.anna)+`,"type":"private"}},"data":"speak:xx"}}`))
		w.said(w.anna, "we write English")
	})
}

// aged makes the phone's link older.
func (w *world) aged(number string, by time.Duration) {
	w.Helper()
	for _, l := range w.links(w.by, number) {
		l.VerifiedAt = l.VerifiedAt.Add(-by)
		check(w, w.db.Write(w.Context(), func(tx otpcore.Tx) error { return tx.SaveLink(l) }))
	}
}

func TestOneTapRenewal(t *testing.T) {
	withBot(t, func(w *world, _ *otpcore.Bot) {
		w.link(w.anna)
		w.aged(annasPhone, 76*24*time.Hour)
		before := time.Now()
		w.start(annasPhone)
		if m := w.said(w.anna, "is your login code"); m.Code() == "" {
			w.Error("the code does not come first")
		}
		time.Sleep(3 * time.Second) // of the bubble
		w.said(w.anna, "Is +7 701 •••67 still your number?")
		time.Sleep(26 * time.Hour)
		check(w, w.anna.ShareContact(w.shop)) // one tap on the keyboard, a day later
		w.said(w.anna, "+7 701 •••67 is confirmed")
		links := w.links(w.by, annasPhone)
		if len(links) != 1 || !links[0].VerifiedAt.After(before) {
			w.Errorf("links %+v", links)
		}
		if w.anna.Chat(w.shop).Keyboard != nil {
			w.Error("the button that shares the number is still there")
		}
	})
}

func TestNumberChange(t *testing.T) {
	withBot(t, func(w *world, _ *otpcore.Bot) {
		w.link(w.anna)
		w.anna.ChangePhone("+77770000012")
		w.anna.SendContact(w.shop, w.anna.OwnContact())
		w.said(w.anna, "codes of Shop for +7 777 •••12 arrive in this chat from now on, and those for +7 701 •••67 no longer")
		if old, now := len(w.links(w.by, annasPhone)), len(w.links(w.by, "+77770000012")); old != 0 || now != 1 {
			w.Errorf("%d links of the old number, %d of the new one", old, now)
		}
	})
}

func TestReplacedChatIsTold(t *testing.T) {
	withBot(t, func(w *world, _ *otpcore.Bot) {
		w.link(w.anna)
		tablet := w.tg.NewUser(telegramsim.UserOptions{Phone: annasPhone, LanguageCode: "ru"})
		tablet.Start(w.shop, "")
		synctest.Wait()
		check(w, tablet.ShareContact(w.shop))
		w.said(tablet, "теперь приходят в этот чат")
		w.said(w.anna, "for +7 701 •••67 now arrive in another chat")
		w.start(annasPhone)
		if m, _ := w.anna.Chat(w.shop).Last(); m.Code() != "" {
			w.Error("the old chat got a code")
		}
		w.said(tablet, "is your login code") // in the language that the start asked for
	})
}

func TestWayBack(t *testing.T) {
	withBot(t, func(w *world, _ *otpcore.Bot) {
		const address = "https://shop.example.com/login?step=2"
		changed, err := w.core.Businesses.Change(w.Context(), w.business.ID, func(_ *string, s *otpcore.Settings) {
			s.ReturnHosts = []string{"shop.example.com"}
		})
		check(w, err)
		w.by.Business = changed
		link, err := w.core.Links.Open(w.Context(), w.by, otpcore.LinkRequest{Channel: otpcore.Telegram, ReturnURL: address})
		check(w, err)
		w.open(w.anna, link.URL)
		check(w, w.anna.ShareContact(w.shop))
		w.said(w.anna, "arrive in this chat")
		time.Sleep(2 * time.Second) // of the bubble
		m := w.said(w.anna, "You can go back to Shop now")
		if b, ok := m.Button("Back to Shop"); !ok || b.URL != address {
			w.Errorf("button %+v", b)
		}
		if w.count(w.anna, "arrive in this chat") != 1 {
			w.Error("nobody said that the number is linked")
		}
		_, err = w.core.Verifications.Start(w.Context(), w.by, otpcore.StartRequest{Phone: annasPhone, ReturnURL: address})
		check(w, err)
		if b, ok := w.said(w.anna, "is your login code").Button("Back to Shop"); !ok || b.URL != address {
			w.Errorf("button under the code %+v", b)
		}
	})
}

// TestUnblockingBringsTheWaitingCode: the notice alone does it, before the
// person writes or shares anything.
func TestUnblockingBringsTheWaitingCode(t *testing.T) {
	withBot(t, func(w *world, _ *otpcore.Bot) {
		w.link(w.anna)
		time.Sleep(time.Minute)
		w.anna.Block(w.shop)
		synctest.Wait()
		w.start(annasPhone)
		synctest.Wait()
		if m, _ := w.anna.Chat(w.shop).Last(); m.Code() != "" {
			w.Fatal("a blocked chat got a code")
		}
		w.anna.Unblock(w.shop)
		w.said(w.anna, "is your login code")
	})
}

func TestProfile(t *testing.T) {
	inWorld(t, func(w *world) {
		w.registerWithOwnText("ru", "Наш бот")
		for language, start := range map[string]string{
			"": "Link your number to this chat", "ru": "Привязать свой номер к этому чату",
			"kk": "Нөміріңізді осы чатқа байлау", "uz": "Raqamingizni shu chatga bog'lash",
		} {
			got := w.shop.Profile(language)
			names := make([]string, len(got.Commands))
			for i, c := range got.Commands {
				names[i] = c.Command
			}
			if strings.Join(names, " ") != "start mute unmute stop language help privacy" || got.Commands[0].Description != start {
				w.Errorf("%q: commands %+v", language, got.Commands)
			}
			if got.ShortDescription == "" || len([]rune(got.ShortDescription)) > 120 || len([]rune(got.Description)) > 512 {
				w.Errorf("%q: descriptions %+v", language, got)
			}
			if own := got.Description == "Наш бот"; own != (language == "ru") || got.Description == "" {
				w.Errorf("%q: description %q", language, got.Description)
			}
		}
		// A later start finds it all done.
		before := w.tg.CallCount("setMyCommands")
		w.state(w.register(goodToken), otpcore.BotConnected)
		if n := w.tg.CallCount("setMyCommands"); n != before {
			w.Errorf("commands were written %d times more", n-before)
		}
	})
}

// registerWithOwnText registers the bot after its owner gave it a description.
func (w *world) registerWithOwnText(language, text string) {
	w.Helper()
	_, failed := w.client.call(w.Context(), goodToken, "setMyDescription", map[string]string{"description": text, "language_code": language}, callLimit)
	if failed != nil {
		w.Fatal(failed)
	}
	w.state(w.register(goodToken), otpcore.BotConnected)
}
