package app_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"otpravka/internal/app"
	"otpravka/internal/sim/telegramsim"
)

// hooked lets bots take their updates by webhook, at a port that is free. The
// simulated Telegram is a Bot API server of one's own, which takes any address.
func hooked(cfg *app.Config) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	cfg.Listen = ln.Addr().String()
	cfg.PublicURL = "http://" + cfg.Listen
	cfg.TelegramUpdates = app.UpdatesWebhook
	_ = ln.Close()
}

// webhookOf is the address and the secret that Telegram was told last.
func (w *world) webhookOf(bot *telegramsim.Bot) (address, secret string) {
	w.Helper()
	w.must(w.tg.WaitCalls(w.ctx(), "setWebhook", 1))
	for _, call := range w.tg.Calls("setWebhook") {
		if call.Target == bot.Username() {
			address, secret = call.Params["url"], call.Params["secret_token"]
		}
	}
	return address, secret
}

// addHookedBot gives the shop a bot whose messages are posted.
func (s *shop) addHookedBot(n int) (address, secret string) {
	s.Helper()
	s.bot = s.tg.AddBot(botToken(n), fmt.Sprintf("shop%d_bot", n), "Shop")
	var b struct{ ID string }
	s.ask("POST", "/v1/bots", telegramBot(botToken(n))).into(s, http.StatusCreated, &b)
	s.botIs(b.ID, "connected")
	return s.webhookOf(s.bot)
}

// botIs waits until the bot is in the state.
func (s *shop) botIs(id, state string) {
	s.Helper()
	s.until("the bot is "+state, func() bool {
		var b struct{ State string }
		s.ask("GET", "/v1/bots/"+id, nil).into(s, http.StatusOK, &b)
		return b.State == state
	})
}

func TestCodesOverWebhooks(t *testing.T) { eachDatabase(t, codesOverWebhooks) }

func codesOverWebhooks(t *testing.T, on func(*app.Config)) {
	w := newWorld(t, on, hooked)
	shop := w.business("Shop")
	address, secret := shop.addHookedBot(1)
	if !strings.HasPrefix(address, w.url+"/callbacks/telegram/") || len(address) != len(w.url)+len("/callbacks/telegram/")+22 || len(secret) != 43 {
		t.Errorf("the webhook is %s with a secret of %d bytes", address, len(secret))
	}
	anna := shop.link(goodPhone)
	v := shop.begin(fields{"phone": goodPhone})
	m := shop.inChat(anna)
	if c := shop.check(v.ID, fields{"code": m.Code()}); !c.Valid {
		t.Errorf("the code of the chat: %s", c.Reason)
	}
	if n := w.tg.CallCount("getUpdates"); n != 0 {
		t.Errorf("the bot polled %d times", n)
	}
	if n := shop.bot.PendingUpdates(); n != 0 {
		t.Errorf("%d updates were not taken", n)
	}
	if log := w.logs.String(); strings.Contains(log, secret) || strings.Contains(log, strings.TrimPrefix(address, w.url)) {
		t.Error("the address or the secret is in the log")
	}
}

// TestSwitchingLosesNoUpdate restarts a server between polling and webhooks.
// What people write meanwhile is answered once each, whatever way it comes.
func TestSwitchingLosesNoUpdate(t *testing.T) { eachDatabase(t, switchingLosesNoUpdate) }

func switchingLosesNoUpdate(t *testing.T, on func(*app.Config)) {
	w := newWorld(t, on)
	shop := w.business("Shop")
	shop.addBot(1)
	people := make([]*telegramsim.User, 12)
	for i := range people {
		people[i] = w.tg.NewUser(telegramsim.UserOptions{FirstName: "P", LanguageCode: "en"})
		people[i].Start(shop.bot, "")
	}
	answered := func(u *telegramsim.User, part string) (n int) {
		for _, m := range u.Chat(shop.bot).Messages {
			if m.FromBot && strings.Contains(m.Text, part) {
				n++
			}
		}
		return n
	}
	for round, mode := range []string{app.UpdatesWebhook, app.UpdatesPoll, app.UpdatesWebhook, app.UpdatesPoll} {
		w.stop()
		for _, u := range people {
			u.Say(shop.bot, "/privacy")
		}
		w.cfg.TelegramUpdates, w.cfg.PublicURL = mode, w.url
		w.start()
		for i, u := range people {
			w.until(fmt.Sprintf("person %d is answered in round %d by %s", i, round, mode), func() bool { return answered(u, "encrypted") > round })
		}
	}
	w.until("nothing waits", func() bool { return shop.bot.PendingUpdates() == 0 })
	for i, u := range people {
		if n := answered(u, "encrypted"); n != 4 {
			t.Errorf("person %d was answered %d times, want 4", i, n)
		}
	}
	for _, method := range []string{"setWebhook", "deleteWebhook"} {
		for _, call := range w.tg.Calls(method) {
			if call.Params["drop_pending_updates"] != "" {
				t.Errorf("%s drops what waits", method)
			}
		}
	}
	if shop.bots() != 1 {
		t.Error("the bot is gone")
	}
}

// T24: a post that does not prove to come from Telegram changes nothing, and
// neither does one to an address that no bot has.
func TestT24ForgedTelegramPosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, hooked)
	shop, neighbour := w.business("Shop"), w.business("Neighbour")
	address, secret := shop.addHookedBot(1)
	_, foreign := neighbour.addHookedBot(2)
	anna := w.tg.NewUser(telegramsim.UserOptions{Phone: goodPhone, FirstName: "Anna", LanguageCode: "en"})
	update := func(id int64) string {
		return fmt.Sprintf(`{"update_id":%d,"message":{"message_id":1,"date":1,"text":"/help","from":{"id":%[2]d,"language_code":"en"},"chat":{"id":%[2]d,"type":"private"}}}`, id, anna.ID())
	}
	send := func(method, address, body string, secrets ...string) (int, string, http.Header) {
		t.Helper()
		req, err := http.NewRequestWithContext(w.ctx(), method, address, strings.NewReader(body))
		w.must(err)
		req.Header.Set("Content-Type", "application/json")
		for _, s := range secrets {
			req.Header.Add("X-Telegram-Bot-Api-Secret-Token", s)
		}
		res, err := w.http.Do(req)
		w.must(err)
		defer func() { _ = res.Body.Close() }()
		said, err := io.ReadAll(res.Body)
		w.must(err)
		return res.StatusCode, string(said), res.Header
	}
	w.until("both bots' states are stored", func() bool { return strings.Count(w.logs.String(), "bot state changed") == 2 })
	before, rows := w.tg.CallCount("sendMessage"), w.stored()
	key := address[strings.LastIndex(address, "/")+1:]
	for name, tt := range map[string]struct {
		method, address, body string
		secrets               []string
		want                  int
	}{
		"no secret":               {address: address, want: 401},
		"empty secret":            {address: address, secrets: []string{""}, want: 401},
		"truncated secret":        {address: address, secrets: []string{secret[:42]}, want: 401},
		"longer secret":           {address: address, secrets: []string{secret + "A"}, want: 401},
		"another case":            {address: address, secrets: []string{strings.ToLower(secret)}, want: 401},
		"the secret twice":        {address: address, secrets: []string{secret, secret}, want: 401},
		"two secrets":             {address: address, secrets: []string{foreign, secret}, want: 401},
		"another bot's secret":    {address: address, secrets: []string{foreign}, want: 401},
		"the key as secret":       {address: address, secrets: []string{key}, want: 401},
		"the token as secret":     {address: address, secrets: []string{botToken(1)}, want: 401},
		"unknown key":             {address: strings.Replace(address, key, other(key)+"x", 1), secrets: []string{secret}, want: 404},
		"truncated key":           {address: address[:len(address)-1], secrets: []string{secret}, want: 404},
		"no key":                  {address: w.url + "/callbacks/telegram/", secrets: []string{secret}, want: 404},
		"the token as key":        {address: w.url + "/callbacks/telegram/" + botToken(1), secrets: []string{secret}, want: 404},
		"an SMS address":          {address: w.url + "/callbacks/sms/" + key, secrets: []string{secret}, want: 404},
		"another method":          {method: "GET", address: address, secrets: []string{secret}, want: 405},
		"too large":               {address: address, body: update(9) + strings.Repeat(" ", 256<<10), secrets: []string{secret}, want: 413},
		"garbage from Telegram":   {address: address, body: "garbage", secrets: []string{secret}, want: 200},
		"no update id":            {address: address, body: `{"message":{}}`, secrets: []string{secret}, want: 200},
		"nothing of our business": {address: address, body: `{"update_id":900000000,"surprise":{}}`, secrets: []string{secret}, want: 200},
	} {
		method, body := tt.method, tt.body
		if method == "" {
			method = "POST"
		}
		if body == "" && method == "POST" {
			body = update(900_000_001)
		}
		status, said, _ := send(method, tt.address, body, tt.secrets...)
		if status != tt.want {
			t.Errorf("%s: %d %s, want %d", name, status, said, tt.want)
		}
		if strings.Contains(said, "method\":") || tt.want == 401 && said != "" || tt.want == 200 && said != "" {
			t.Errorf("%s: the answer has the body %q", name, said)
		}
		for _, private := range []string{secret, botToken(1)} {
			if strings.Contains(said, private) {
				t.Errorf("%s: the answer tells a secret", name)
			}
		}
	}
	if after := w.stored(); after != rows || w.tg.CallCount("sendMessage") != before {
		t.Errorf("the rows went from %s to %s, and %d messages were sent", rows, after, w.tg.CallCount("sendMessage")-before)
	}
	for range 3 { // the real one counts once, however often it comes
		if status, said, _ := send("POST", address, update(900_000_001), secret); status != http.StatusOK || said != "" {
			t.Fatalf("the real post: %d %q", status, said)
		}
	}
	w.must(w.tg.WaitCalls(w.ctx(), "sendMessage", before+1))
	w.stop()
	if n := w.tg.CallCount("sendMessage"); n != before+1 {
		t.Errorf("%d answers to one update", n-before)
	}
	if n := strings.Count(w.logs.String(), "telegram post refused"); n > 4 {
		t.Errorf("%d lines tell of the refusals", n)
	}
}

// A server that polls has no address to post to.
func TestT24NoWebhookNoAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	shop.addBot(1)
	res, err := w.http.Post(w.url+"/callbacks/telegram/AAAAAAAAAAAAAAAAAAAAAA", "application/json", strings.NewReader("{}"))
	w.must(err)
	w.must(res.Body.Close())
	if res.StatusCode != http.StatusNotFound {
		t.Errorf("answered %d", res.StatusCode)
	}
}

// TestForeignWebhookIsLeftAlone: a service that takes a bot of ours keeps it,
// until its owner registers it with takeover.
func TestForeignWebhookIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, hooked)
	shop := w.business("Shop")
	mine, _ := shop.addHookedBot(1)
	var page struct{ Items []struct{ ID string } }
	shop.ask("GET", "/v1/bots", nil).into(shop, http.StatusOK, &page)
	const theirs = "http://127.0.0.1:1/theirs"
	res, err := w.http.Post(w.tg.URL()+"/bot"+botToken(1)+"/setWebhook?url="+theirs, "", nil)
	w.must(err)
	w.must(res.Body.Close())
	w.stop()
	w.start()
	shop.botIs(page.Items[0].ID, "in_use")
	if now, _ := w.webhookOf(shop.bot); now != theirs {
		t.Errorf("the webhook is %s", now)
	}
	if a := shop.ask("POST", "/v1/bots", telegramBot(botToken(1))); a.status != 409 || a.code != "bot_in_use" {
		t.Errorf("registered again: %d %s", a.status, a.body)
	}
	take := telegramBot(botToken(1))
	take["takeover"] = true
	if a := shop.ask("POST", "/v1/bots", take); a.status != http.StatusCreated {
		t.Errorf("takeover: %d %s", a.status, a.body)
	}
	shop.botIs(page.Items[0].ID, "connected")
	if now, _ := w.webhookOf(shop.bot); now != mine {
		t.Errorf("after the takeover the webhook is %s", now)
	}
	shop.addHookedBot(2)
	var both struct{ Items []struct{ ID string } }
	shop.ask("GET", "/v1/bots", nil).into(shop, http.StatusOK, &both)
	second := both.Items[0].ID
	if second == page.Items[0].ID {
		second = both.Items[1].ID
	}
	res, err = w.http.Post(w.tg.URL()+"/bot"+botToken(2)+"/setWebhook?url="+theirs, "", nil)
	w.must(err)
	w.must(res.Body.Close())
	before := w.tg.CallCount("deleteWebhook")
	if a := shop.ask("DELETE", "/v1/bots/"+second, nil); a.status != http.StatusNoContent || w.tg.CallCount("deleteWebhook") != before {
		t.Errorf("removed while another service reads it: %d %s, %d webhooks taken", a.status, a.body, w.tg.CallCount("deleteWebhook")-before)
	}
	if a := shop.ask("DELETE", "/v1/bots/"+page.Items[0].ID, nil); a.status != http.StatusNoContent || w.tg.CallCount("deleteWebhook") < 2 {
		t.Errorf("removed: %d %s, %d webhooks taken back", a.status, a.body, w.tg.CallCount("deleteWebhook"))
	}
}
