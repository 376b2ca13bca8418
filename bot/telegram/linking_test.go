package telegram

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/internal/sim/telegramsim"
	"otpravka/otpcore"
)

func TestLinkAndVerify(t *testing.T) {
	withBot(t, func(w *world, b *otpcore.Bot) {
		started := w.start(annasPhone)
		w.open(w.anna, started.TelegramLink)
		greeting := w.said(w.anna, "Shop would like to send codes for +7 701 •••67")
		if strings.Contains(greeting.Text, annasPhone) {
			w.Errorf("greeting shows the whole phone: %s", greeting.Text)
		}
		check(w, w.anna.ShareContact(w.shop))
		synctest.Wait()
		if n := len(w.links(w.by, annasPhone)); n != 1 {
			w.Fatalf("%d links, want 1\n%s", n, w.logs)
		}
		m, err := w.anna.WaitMessage(w.Context(), w.shop, telegramsim.HasCode())
		check(w, err)
		if !m.NoPreview {
			w.Error("link previews are on")
		}
		if w.anna.Chat(w.shop).Keyboard != nil {
			w.Error("the button that shares the number is still there")
		}
		code := m.Code()
		result, err := w.core.Verifications.Check(w.Context(), w.by, started.Verification.ID, code, nil, nil)
		check(w, err)
		if !result.Valid {
			w.Fatalf("code %q from the chat is %s", code, result.Reason)
		}
		synctest.Wait()
		for _, now := range w.anna.Chat(w.shop).Messages {
			if now.FromBot && strings.Contains(now.Text, code) {
				w.Errorf("the used code is still readable: %q", now.Text)
			}
		}
		if strings.Contains(w.logs.String(), code) || strings.Contains(w.logs.String(), annasPhone) {
			w.Error("the log holds the code or the phone")
		}
	})
}

func TestNotMe(t *testing.T) {
	withBot(t, func(w *world, _ *otpcore.Bot) {
		w.link(w.anna)
		started := w.start(annasPhone)
		m, err := w.anna.WaitMessage(w.Context(), w.shop, telegramsim.HasCode())
		check(w, err)
		w.press(w.anna, m, "notme:"+string(started.Verification.ID))
		w.said(w.anna, "The code is canceled")
		view, err := w.core.Verifications.Get(w.Context(), w.by, started.Verification.ID)
		check(w, err)
		if view.Verification.Status != otpcore.Canceled {
			w.Errorf("verification is %s", view.Verification.Status)
		}
		question, _ := w.anna.Chat(w.shop).Last()
		w.press(w.anna, question, "Pause codes for 1 h")
		paused := w.said(w.anna, "No codes will be sent to your number until")
		if _, err := w.core.Verifications.Start(w.Context(), w.by, otpcore.StartRequest{
			Phone: annasPhone, Channels: []otpcore.Channel{otpcore.Telegram}, Template: "login",
		}); otpcore.CodeOf(err) != "phone_paused" {
			w.Errorf("start while paused: %v", err)
		}
		w.press(w.anna, paused, "Send me codes again")
		w.said(w.anna, "Codes are sent to your number again")
		w.start(annasPhone)
	})
}

func (w *world) press(u *telegramsim.User, m telegramsim.Message, button string) {
	w.Helper()
	p, err := u.Press(m, button)
	check(w, err)
	_, err = p.Answer(w.Context())
	check(w, err)
	synctest.Wait()
}

func TestStrangerPressesNotMe(t *testing.T) {
	withBot(t, func(w *world, _ *otpcore.Bot) {
		w.link(w.anna)
		started := w.start(annasPhone)
		eve := w.tg.NewUser(telegramsim.UserOptions{Phone: "+77010000002"})
		w.link(eve)
		check(w, w.shop.InjectRaw(`{"callback_query":{"id":"1","from":{"id":`+id(eve)+`},"message":{"message_id":1,"date":1,"chat":{"id":`+
			id(eve)+`,"type":"private"}},"data":"notme:`+string(started.Verification.ID)+`"}}`))
		w.said(eve, "no longer valid")
		view, err := w.core.Verifications.Get(w.Context(), w.by, started.Verification.ID)
		check(w, err)
		if view.Verification.Status != otpcore.Pending {
			w.Errorf("a stranger made the verification %s", view.Verification.Status)
		}
	})
}

func TestBlockAndUnblock(t *testing.T) {
	withBot(t, func(w *world, _ *otpcore.Bot) {
		w.link(w.anna)
		time.Sleep(time.Minute) // of the bubble: dates have whole seconds
		w.anna.Block(w.shop)
		if n := len(w.links(w.by, annasPhone)); n != 0 {
			w.Errorf("%d active links after blocking", n)
		}
		w.anna.Unblock(w.shop)
		if n := len(w.links(w.by, annasPhone)); n != 1 {
			w.Errorf("%d active links after unblocking", n)
		}
		late := time.Now().Add(-30 * time.Second).Unix()
		check(w, w.shop.InjectRaw(`{"my_chat_member":{"date":`+encode(late)+`,"chat":{"id":`+id(w.anna)+`,"type":"private"},"from":{"id":`+
			id(w.anna)+`},"new_chat_member":{"status":"kicked"}}}`))
		if n := len(w.links(w.by, annasPhone)); n != 1 {
			w.Error("a late notice of a block that is over took the link away")
		}
	})
}

func TestRefusedSendEndsLink(t *testing.T) {
	withBot(t, func(w *world, _ *otpcore.Bot) {
		w.link(w.anna)
		w.anna.Deactivate()
		w.start(annasPhone)
		if n := len(w.links(w.by, annasPhone)); n != 0 {
			w.Errorf("%d active links of a deactivated account", n)
		}
	})
}

func TestStopAndTalk(t *testing.T) {
	withBot(t, func(w *world, _ *otpcore.Bot) {
		w.anna.Say(w.shop, "/stop")
		w.said(w.anna, "No number is linked")
		w.link(w.anna)
		w.anna.Say(w.shop, "/unlink")
		w.said(w.anna, "no more codes arrive in this chat")
		if n := len(w.links(w.by, annasPhone)); n != 0 {
			w.Errorf("%d active links after /unlink", n)
		}
		w.anna.Say(w.shop, "/privacy")
		w.said(w.anna, "encrypted")
		w.anna.Say(w.shop, "+7 (701) 123-45-67")
		w.said(w.anna, "A typed number is not enough")
		for _, text := range []string{"hello", "are you there?", "/unknown"} {
			w.anna.Say(w.shop, text)
		}
		if n := w.count(w.anna, "nobody reads along"); n != 1 {
			w.Errorf("%d support answers to three messages", n)
		}
		time.Sleep(2 * time.Hour) // of the bubble
		w.anna.Say(w.shop, "hello again")
		if n := w.count(w.anna, "nobody reads along"); n != 2 {
			w.Errorf("%d support answers after two hours, want 2", n)
		}
	})
}
