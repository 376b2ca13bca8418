package app_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"otpravka/internal/app"
	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/smssim"
	"otpravka/internal/sim/telegramsim"
)

const ownersPhone = "+77017770001"

// named makes the phone the owner's.
func (s *shop) named(phone string) {
	s.Helper()
	var set struct {
		Owner string `json:"owner_phone"`
	}
	s.ask("PATCH", "/v1/settings", fields{"owner_phone": phone}).into(s, http.StatusOK, &set)
	if set.Owner != phone {
		s.Fatalf("the owner's phone is %q, want %q", set.Owner, phone)
	}
}

func TestOwnerIsToldInTheChatOfAHealthyBot(t *testing.T) {
	eachDatabase(t, ownerIsToldInTheChatOfAHealthyBot)
}

func ownerIsToldInTheChatOfAHealthyBot(t *testing.T, on func(*app.Config)) {
	w := newWorld(t, on)
	shop := w.business("Shop")
	shop.addBot(1)
	shop.link(ownersPhone) // in the chat of the bot that will fall
	fallen := shop.bot
	shop.addBot(2)
	owner := shop.link(ownersPhone)
	shop.named(ownersPhone)
	fallen.Revoke(botToken(9))
	_, err := owner.WaitMessage(w.ctx(), shop.bot, telegramsim.HasText("shop1_bot has stopped"))
	w.must(err)
	if n := len(w.sms.Calls()); n != 0 {
		t.Errorf("%d SMS beside the chat", n)
	}
	w.stop()
	w.start()
	w.must(shop.bot.WaitPolling(w.ctx()))
	w.until("the fallen bot was tried again", func() bool {
		return strings.Count(w.logs.String(), `"msg":"bot fell"`) >= 2
	})
	told := 0
	for _, m := range owner.Chat(shop.bot).Messages {
		if m.FromBot && strings.Contains(m.Text, "has stopped") {
			told++
		}
	}
	if told != 1 {
		t.Errorf("the owner was told %d times", told)
	}
}

func TestOwnerOfOneBotIsToldBySMS(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	shop.addBot(1)
	shop.link(ownersPhone)
	shop.named(ownersPhone)
	shop.bot.Revoke(botToken(9))
	m, err := w.sms.WaitSMS(w.ctx(), ownersPhone, func(smssim.SMS) bool { return true })
	w.must(err)
	if !strings.Contains(m.Text, "shop1_bot has stopped") || strings.Contains(m.Text, botToken(1)) {
		t.Errorf("the SMS says %q", m.Text)
	}
}

// A bot that somebody else reads can still write: its own chat is the nearest.
func TestOwnerIsToldThroughTheBotThatOnlyHearsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	shop.addBot(1)
	owner := shop.link(ownersPhone)
	shop.named(ownersPhone)
	w.tg.Fail(fault.Rule{
		Method: "getUpdates", Status: 409, Times: fault.Always,
		Description: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
	})
	owner.Say(shop.bot, "/help")
	_, err := owner.WaitMessage(w.ctx(), shop.bot, telegramsim.HasText("another program reads its messages"))
	w.must(err)
}

// Over a shared bot the alert begins with the name that the operator approved,
// and it is in the language of its chat, not of the business.
func TestOwnerIsToldOverASharedBotInTheChatsLanguage(t *testing.T) {
	t.Parallel()
	c := newCity(t, func(*app.Config) {})
	owner := c.tg.NewUser(telegramsim.UserOptions{Phone: ownersPhone, FirstName: "Anna", LanguageCode: "ru"})
	v := c.books.begin(fields{"phone": ownersPhone, "channels": []string{"telegram"}})
	_, err := owner.OpenLink(v.Links["telegram"])
	c.must(err)
	c.said(owner, "Book House")
	c.must(owner.ShareContact(c.bot))
	c.said(owner, "Готово")
	c.books.named(ownersPhone)
	c.books.addBot(1)
	c.books.bot.Revoke(botToken(9))
	m := c.said(owner, "shop1_bot")
	if want := "Book House\nshop1_bot остановлен"; !strings.HasPrefix(m.Text, want) {
		t.Errorf("the owner reads %q, want it to begin with %q", m.Text, want)
	}
}

func TestOwnersPhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	if a := shop.ask("PATCH", "/v1/settings", fields{"owner_phone": "12"}); a.status != 422 || !strings.Contains(string(a.body), "/owner_phone") {
		t.Errorf("no phone: %d %s", a.status, a.body)
	}
	shop.named(ownersPhone)
	if a := shop.ask("PATCH", "/v1/settings", fields{"code_length": 7}); !strings.Contains(string(a.body), ownersPhone) {
		t.Errorf("another change has lost the phone: %s", a.body)
	}
	files, err := filepath.Glob(filepath.Join(w.dir, "data", "*"))
	w.must(err)
	for _, file := range files {
		if raw, err := os.ReadFile(file); err == nil && bytes.Contains(raw, []byte(ownersPhone[1:])) {
			t.Errorf("the owner's phone lies open in %s", file)
		}
	}
	shop.named("")
	shop.addBot(1)
	shop.bot.Revoke(botToken(9))
	w.until("the fall is logged", func() bool { return strings.Contains(w.logs.String(), "nobody told of a bot's trouble") })
	if n := len(w.sms.Calls()); n != 0 {
		t.Errorf("%d SMS to nobody", n)
	}
}
