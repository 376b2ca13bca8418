package app_test

import (
	"net/http"
	"testing"

	"otpravka/internal/app"
	"otpravka/internal/sim/fault"
)

func (s *shop) bots() int {
	s.Helper()
	var page struct{ Items []struct{ ID string } }
	s.ask("GET", "/v1/bots", nil).into(s, http.StatusOK, &page)
	return len(page.Items)
}

func telegramBot(token string) fields { return fields{"kind": "telegram", "token": token} }

func TestUnusableBotTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	w.tg.AddBot(botToken(1), "shop1_bot", "Shop")
	for name, r := range map[string]refusal{
		"unknown":    {body: telegramBot(botToken(2)), status: 422, code: "bot_token_invalid"},
		"other bot":  {body: telegramBot(botToken(1) + "x"), status: 422, code: "bot_token_invalid"},
		"no token":   {body: fields{"kind": "telegram"}, status: 422, code: "missing_field"},
		"no number":  {body: telegramBot("shop:" + botToken(1)[11:]), status: 422, code: "invalid_value"},
		"slash":      {body: telegramBot("7000000001:../../../../getMe?x=aaaaaaaaaaaaaaa"), status: 422, code: "invalid_value"},
		"other kind": {body: fields{"kind": "icq", "token": botToken(1)}, status: 422, code: "invalid_value"},
	} {
		if a := shop.ask("POST", "/v1/bots", r.body); a.status != r.status || a.code != r.code {
			t.Errorf("%s: %d %s, want %d %s", name, a.status, a.body, r.status, r.code)
		}
	}
	w.tg.Fail(fault.Rule{Method: "getMe", Status: http.StatusBadGateway, Body: fault.GatewayPage(http.StatusBadGateway), Times: fault.Always})
	if a := shop.ask("POST", "/v1/bots", telegramBot(botToken(1))); a.status != 503 || a.header.Get("Retry-After") == "" {
		t.Errorf("while Telegram is away: %d %s", a.status, a.body)
	}
	if n := shop.bots(); n != 0 {
		t.Errorf("%d bots are stored", n)
	}
	if n := w.tg.CallCount("getUpdates"); n != 0 {
		t.Errorf("a refused bot was read %d times", n)
	}
	w.tg.ClearFaults()
	shop.addBot(1)
}

func TestBotOfAnotherService(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop, neighbour := w.business("Shop"), w.business("Neighbour")
	foreign := w.tg.AddBot(botToken(1), "shop1_bot", "Shop")
	res, err := w.http.Post(w.tg.URL()+"/bot"+botToken(1)+"/setWebhook?url=http://127.0.0.1:1/hook", "", nil)
	w.must(err)
	w.must(res.Body.Close())

	if a := shop.ask("POST", "/v1/bots", telegramBot(botToken(1))); a.status != 409 || a.code != "bot_in_use" {
		t.Errorf("a bot with a foreign webhook: %d %s", a.status, a.body)
	}
	if n := shop.bots() + w.tg.CallCount("deleteWebhook"); n != 0 {
		t.Error("the refusal has changed something")
	}
	take := telegramBot(botToken(1))
	take["takeover"] = true
	if a := shop.ask("POST", "/v1/bots", take); a.status != http.StatusCreated {
		t.Errorf("takeover: %d %s", a.status, a.body)
	}
	w.must(foreign.WaitPolling(w.ctx()))
	if a := neighbour.ask("POST", "/v1/bots", telegramBot(botToken(1))); a.status != 409 || a.code != "bot_exists" {
		t.Errorf("the bot of another business: %d %s", a.status, a.body)
	}
	if shop.bots() != 1 || neighbour.bots() != 0 {
		t.Errorf("%d and %d bots", shop.bots(), neighbour.bots())
	}
}

func TestRevokedTokenSendsCodesBySMS(t *testing.T) { eachDatabase(t, revokedTokenSendsCodesBySMS) }

func revokedTokenSendsCodesBySMS(t *testing.T, on func(*app.Config)) {
	w := newWorld(t, on)
	shop := w.business("Shop")
	shop.addBot(1)
	shop.link(goodPhone)
	shop.bot.Revoke(botToken(9))
	v := shop.begin(fields{"phone": goodPhone})
	if c := shop.check(v.ID, fields{"code": w.waitSMS(goodPhone).Code()}); !c.Valid {
		t.Errorf("the code of the SMS: %s", c.Reason)
	}
	w.until("the bot's state says what to do", func() bool {
		var page struct {
			Items []struct {
				State  string
				Detail string `json:"state_detail"`
			}
		}
		shop.ask("GET", "/v1/bots", nil).into(shop, http.StatusOK, &page)
		return len(page.Items) == 1 && page.Items[0].State == "bad_credentials" && page.Items[0].Detail != ""
	})
	if a := w.ready(); a != http.StatusOK {
		t.Errorf("one bot without a token makes the server unready: %d", a)
	}
}

func (w *world) ready() int {
	w.Helper()
	res, err := w.http.Get(w.url + "/readyz")
	w.must(err)
	w.must(res.Body.Close())
	return res.StatusCode
}
