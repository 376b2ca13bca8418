package telegram

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/internal/sim/fault"
	"otpravka/otpcore"
)

func TestRegister(t *testing.T) {
	inWorld(t, func(w *world) {
		b := w.register(goodToken)
		if b.Account != "110201543" || b.Username != "shop_bot" || b.Name != "Shop" || b.Token != nil {
			w.Errorf("registered as %+v", b)
		}
		w.state(b, otpcore.BotConnected)
		stored, err := w.db.Bot(w.Context(), b.ID)
		check(w, err)
		if strings.Contains(string(stored.Token), "AAHdq") {
			w.Error("the token is stored in clear")
		}
		way := w.fleet.Way(b.BusinessID, otpcore.Telegram)
		if way.BotID != b.ID || way.BotName != "shop_bot" || !way.Capabilities.CanEdit || way.Capabilities.Receipts || way.Reason != "" {
			w.Errorf("way is %+v", way)
		}
		check(w, w.fleet.Remove(w.Context(), w.business.ID, b.ID))
		synctest.Wait()
		if way := w.fleet.Way(b.BusinessID, otpcore.Telegram); way.Reason == "" {
			w.Error("a removed bot still carries messages")
		}
		if _, err := w.fleet.Sender(b.ID); err == nil {
			w.Error("a removed bot still sends")
		}
		before := w.tg.CallCount("")
		time.Sleep(time.Hour) // of the bubble
		if n := w.tg.CallCount("") - before; n != 0 {
			w.Errorf("%d calls of a removed bot", n)
		}
	})
}

func TestRegisterRefused(t *testing.T) {
	const foreignHook = "https://example.com/hook"
	for _, tt := range []struct {
		name  string
		token string
		setUp func(*world)
		code  string
		calls int // at most
	}{
		{"malformed token", "1:x/../../admin?y=", nil, "bot_token_invalid", 0},
		{"unknown token", "220201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0", nil, "bot_token_invalid", 1},
		{"telegram down", goodToken, func(w *world) {
			w.tg.Fail(fault.Rule{Method: "getMe", Status: 502, Body: fault.GatewayPage(502)})
		}, "telegram_unreachable", 1},
		{"unreachable", goodToken, func(w *world) { w.tg.Fail(fault.Rule{Method: "getMe", Drop: fault.DropBefore}) }, "telegram_unreachable", 1},
		{"asked to wait", goodToken, func(w *world) { w.tg.Fail(fault.Rule{Method: "getMe", RetryAfter: time.Minute}) }, "telegram_unreachable", 1},
		{"no name", goodToken, func(w *world) { w.tg.Fail(fault.Rule{Method: "getMe", Body: `{"ok":true,"result":{}}`}) }, "telegram_unreachable", 1},
		{"foreign webhook", goodToken, func(w *world) { w.hook(foreignHook) }, "bot_in_use", 2},
		{"another business's", goodToken, func(w *world) {
			w.register(goodToken)
			w.by = w.newBusiness("Other")
			w.business = w.by.Business
		}, "bot_exists", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				if tt.setUp != nil {
					tt.setUp(w)
				}
				synctest.Wait()
				before := w.tg.CallCount("")
				_, err := w.fleet.Register(w.Context(), otpcore.BotRequest{BusinessID: w.business.ID, Kind: otpcore.BotTelegram, Token: tt.token})
				if otpcore.CodeOf(err) != tt.code {
					w.Fatalf("error is %v, want %s", err, tt.code)
				}
				if strings.Contains(err.Error(), tt.token) || strings.Contains(err.Error(), "AAHdq") {
					w.Errorf("error holds the token: %v", err)
				}
				if n := w.tg.CallCount("") - before; n > tt.calls {
					w.Errorf("%d calls, want at most %d", n, tt.calls)
				}
				bots, err := w.fleet.List(w.Context(), w.business.ID)
				check(w, err)
				if len(bots) != 0 {
					w.Errorf("%d bots are stored", len(bots))
				}
			})
		})
	}
}

func (w *world) hook(address string) {
	w.Helper()
	if _, failed := w.client.call(w.Context(), goodToken, "setWebhook", map[string]string{"url": address}, time.Minute); failed != nil {
		w.Fatal(failed)
	}
}

func TestTakeover(t *testing.T) {
	inWorld(t, func(w *world) {
		w.hook("https://example.com/hook")
		b, err := w.fleet.Register(w.Context(), otpcore.BotRequest{
			BusinessID: w.business.ID, Kind: otpcore.BotTelegram, Token: goodToken, Takeover: true,
		})
		check(w, err)
		w.state(b, otpcore.BotConnected)
	})
}

// TestPoorServer registers with a Bot API server that knows hardly any method.
func TestPoorServer(t *testing.T) {
	inWorld(t, func(w *world) {
		for _, method := range []string{"getWebhookInfo", "setMyCommands"} {
			w.tg.Fail(fault.Rule{Method: method, Status: 404, Description: "Not Found: method not found", Times: fault.Always})
		}
		b := w.register(goodToken)
		w.state(b, otpcore.BotConnected)
		w.anna.Say(w.shop, "/help")
		w.said(w.anna, "/start links your number")
	})
}
