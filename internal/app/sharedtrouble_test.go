package app_test

import (
	"net/http"
	"strings"
	"testing"

	"otpravka/internal/app"
	"otpravka/internal/sim/smssim"
	"otpravka/otpcore"
)

type sharedBot struct {
	ID, Name, State, URL string
	Detail               string `json:"state_detail"`
	Shared               bool
}

// sharedBots are the operator's bots that the business sees.
func (s *shop) sharedBots() (shared []sharedBot) {
	s.Helper()
	var list struct{ Items []sharedBot }
	s.ask("GET", "/v1/bots", nil).into(s, http.StatusOK, &list)
	for _, b := range list.Items {
		if b.Shared {
			shared = append(shared, b)
		}
	}
	return shared
}

// TestTroubleOfASharedBot: the businesses that it serves see it in the API, and
// whoever the operator's file names is told, once.
func TestTroubleOfASharedBot(t *testing.T) {
	t.Parallel()
	c := newCity(t, func(*app.Config) {})
	c.stop()
	c.cfg.SharedBots[0].Tell = otpcore.ID(c.other.id) // the operator's own business, which the bot does not serve
	c.start()
	c.must(c.bot.WaitPolling(c.ctx()))
	c.other.named(ownersPhone)
	for s, name := range map[*shop]string{c.books: "Book House", c.taxi: "Steppe Taxi"} {
		list := s.sharedBots()
		if len(list) != 1 || list[0].Name != name || list[0].State != "connected" || list[0].URL != "https://t.me/city_bot?start="+s.id {
			t.Errorf("%s sees %+v", name, list)
		}
	}
	id := c.books.sharedBots()[0].ID
	if list := c.other.sharedBots(); len(list) != 0 {
		t.Errorf("a business that it does not serve sees %+v", list)
	}
	if a := c.other.ask("GET", "/v1/bots/"+id, nil); a.status != http.StatusNotFound {
		t.Errorf("and reads it: %d", a.status)
	}
	c.bot.Revoke("7000000099:another-token-of-the-same-shared-bot")
	c.books.botIs(id, "bad_credentials")
	if b := c.taxi.sharedBots()[0]; b.State != "bad_credentials" || b.Detail == "" {
		t.Errorf("the other business sees %+v", b)
	}
	m, err := c.sms.WaitSMS(c.ctx(), ownersPhone, func(smssim.SMS) bool { return true })
	c.must(err)
	if !strings.Contains(m.Text, "city_bot has stopped") {
		t.Errorf("the SMS says %q", m.Text)
	}
	sent := len(c.sms.Calls())
	c.stop()
	c.start()
	c.books.botIs(id, "bad_credentials")
	if n := len(c.sms.Calls()); n != sent {
		t.Error("a restart told it again")
	}
}

// TestSharedBotTakenOutOfTheFile: its webhook goes with it, and what people write
// waits; one that another program has set since stays.
func TestSharedBotTakenOutOfTheFile(t *testing.T) {
	t.Parallel()
	c := newCity(t, func(*app.Config) {})
	c.stop()
	c.cfg.TelegramUpdates, c.cfg.PublicURL = app.UpdatesWebhook, c.url
	c.start()
	c.webhookOf(c.bot)
	declared := c.cfg.SharedBots
	c.stop()
	anna := c.user(goodPhone)
	anna.Say(c.bot, "/privacy")
	before := c.tg.CallCount("deleteWebhook")
	c.cfg.SharedBots = nil
	c.start()
	c.must(c.tg.WaitCalls(c.ctx(), "deleteWebhook", before+1))
	for _, call := range c.tg.Calls("deleteWebhook") {
		if call.Params["drop_pending_updates"] != "" {
			t.Error("what people wrote is dropped")
		}
	}
	if c.bot.PendingUpdates() != 1 {
		t.Errorf("%d updates wait", c.bot.PendingUpdates())
	}
	// Another program has the bot now.
	c.stop()
	res, err := c.http.Post(c.tg.URL()+"/bot"+sharedToken+"/setWebhook?url=http://127.0.0.1:1/theirs", "", nil)
	c.must(err)
	c.must(res.Body.Close())
	taken, looked := c.tg.CallCount("deleteWebhook"), c.tg.CallCount("getWebhookInfo")
	c.start()
	c.must(c.tg.WaitCalls(c.ctx(), "getWebhookInfo", looked+1))
	c.stop()
	if n := c.tg.CallCount("deleteWebhook"); n != taken {
		t.Error("another program's webhook was taken away")
	}
	res, err = c.http.Post(c.tg.URL()+"/bot"+sharedToken+"/deleteWebhook", "", nil)
	c.must(err)
	c.must(res.Body.Close())
	// Declared again, it answers what waited.
	c.cfg.SharedBots = declared
	c.start()
	c.until("the person is answered", func() bool {
		for _, m := range anna.Chat(c.bot).Messages {
			if m.FromBot && strings.Contains(m.Text, "Which one is it about?") {
				return true
			}
		}
		return false
	})
}
