package telegram

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/bot"
	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/telegramsim"
	"otpravka/otpcore"
)

const (
	base   = "https://codes.example.com"
	secret = "the-secret-of-"
)

// addresses are those of webhooks under the base; an empty one polls.
func addresses(base string) Callbacks {
	return Callbacks{
		Base:   base,
		Key:    func(account string) string { return "key-of-" + account },
		Secret: func(account string) string { return secret + account },
	}
}

// door carries posts of the simulated Telegram to the fleet, as the HTTP server
// does, while it is open.
type door struct {
	world  *world
	closed atomic.Bool
	posts  atomic.Int32
}

func (d *door) RoundTrip(r *http.Request) (*http.Response, error) {
	d.posts.Add(1)
	if d.closed.Load() {
		return nil, errors.New("connection refused")
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	answer := &http.Response{StatusCode: 200, Header: make(http.Header), Body: http.NoBody, Request: r}
	key, ok := strings.CutPrefix(r.URL.Path, CallbackPath)
	switch err := d.world.fleet.Receive(r.Context(), key, r.Header, body); {
	case !ok || errors.Is(err, otpcore.ErrNotFound):
		answer.StatusCode = 404
	case err != nil:
		answer.StatusCode = 503
		answer.Header.Set("Retry-After", "1")
	}
	return answer, nil
}

// inHooked runs the test in a world whose bots are posted to.
func inHooked(t *testing.T, play func(*world, *door)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := &door{}
		d.world = newWorld(t, telegramsim.Options{StrictWebhooks: true, WebhookClient: &http.Client{Transport: d}})
		d.world.factory.WithCallbacks(addresses(base))
		play(d.world, d)
	})
}

func TestWebhookIsSetAsTelegramWantsIt(t *testing.T) {
	inHooked(t, func(w *world, _ *door) {
		b := w.register(goodToken)
		w.state(b, otpcore.BotConnected)
		calls := w.tg.Calls("setWebhook")
		want := map[string]string{
			"url": base + CallbackPath + "key-of-110201543", "secret_token": secret + "110201543",
			"allowed_updates": allowedUpdates, "max_connections": strconv.Itoa(connectionsPerBot), "drop_pending_updates": "",
		}
		for name, value := range want {
			if len(calls) != 1 || calls[0].Params[name] != value {
				t.Errorf("%d calls, %s is %q, want %q", len(calls), name, calls[0].Params[name], value)
			}
		}
		w.link(w.anna)
		s := w.start(annasPhone)
		if w.said(w.anna, "code").Code() == "" {
			t.Errorf("no code of %s in the chat", s.Verification.ID)
		}
		time.Sleep(time.Hour)
		if polls, sets := w.tg.CallCount("getUpdates"), w.tg.CallCount("setWebhook"); polls != 0 || sets != 1 {
			t.Errorf("%d polls and %d webhooks in an hour", polls, sets)
		}
	})
}

// TestPassingTroubleOfWebhooks breaks the calls that set and watch a webhook in
// every way that passes.
func TestPassingTroubleOfWebhooks(t *testing.T) {
	for _, method := range []string{"getWebhookInfo", "setWebhook"} {
		for name, rule := range map[string]fault.Rule{
			"gateway page":  {Status: 502, Body: fault.GatewayPage(502)},
			"internal":      {Status: 500},
			"proxy's 401":   {Status: 401, Body: "<html>login</html>"},
			"proxy's 403":   {Status: 403, Body: "<html>no</html>"},
			"garbage":       {Body: "garbage"},
			"cut":           {Drop: fault.DropAfter},
			"asked to wait": {RetryAfter: 90 * time.Second},
			"refused":       {Status: 400, Description: "Bad Request: bad webhook: Failed to resolve host"},
		} {
			t.Run(method+" "+name, func(t *testing.T) {
				inHooked(t, func(w *world, _ *door) {
					w.register(goodToken) // known from here on
					rule.Method, rule.Times = method, 3
					w.tg.Fail(rule)
					b := w.register(goodToken)
					time.Sleep(15 * time.Minute)
					w.state(b, otpcore.BotConnected)
					w.anna.Say(w.shop, "/help")
					w.said(w.anna, "/start links your number")
				})
			})
		}
	}
}

// TestStayingTroubleOfWebhooks: what no repeat mends stops the bot, and nobody
// is cut off.
func TestStayingTroubleOfWebhooks(t *testing.T) {
	for _, tt := range []struct {
		name  string
		act   func(*world)
		state otpcore.BotState
	}{
		{"taken by another service", func(w *world) { w.hook("https://example.com/hook") }, otpcore.BotInUse},
		{"taken by another program", func(w *world) { w.hook("") }, otpcore.BotConflict},
		{"token revoked", func(w *world) { w.shop.Revoke("110201543:BBHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0") }, otpcore.BotBadCredentials},
		{"bot deleted", func(w *world) { w.shop.Delete() }, otpcore.BotBadCredentials},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inHooked(t, func(w *world, _ *door) {
				b := w.register(goodToken)
				w.state(b, otpcore.BotConnected)
				tt.act(w)
				before := w.tg.CallCount("setWebhook")
				time.Sleep(watchEvery + time.Minute)
				fallen := w.state(b, tt.state)
				if !strings.HasSuffix(fallen.StateText, ".") {
					t.Errorf("state text is %q", fallen.StateText)
				}
				calls := w.tg.CallCount("")
				time.Sleep(time.Hour)
				if n := w.tg.CallCount("setWebhook") - before + w.tg.CallCount("") - calls; n != 0 {
					t.Errorf("%d calls after the fall", n)
				}
			})
		})
	}
}

// TestUnreachableAddress: Telegram cannot post, so the bot says so. What people
// wrote meanwhile is answered once it can.
func TestUnreachableAddress(t *testing.T) {
	inHooked(t, func(w *world, d *door) {
		b := w.register(goodToken)
		w.state(b, otpcore.BotConnected)
		d.closed.Store(true)
		w.anna.Say(w.shop, "/help")
		time.Sleep(watchEvery + 5*time.Minute)
		if now := w.state(b, otpcore.BotReconnecting); !strings.Contains(now.StateText, "OTPRAVKA_PUBLIC_URL") {
			t.Errorf("state text is %q", now.StateText)
		}
		if way := w.fleet.Way(b.BusinessID, otpcore.Telegram); way.Reason != "" {
			t.Errorf("the bot cannot write: %s", way.Reason)
		}
		d.closed.Store(false)
		time.Sleep(20 * time.Minute)
		w.state(b, otpcore.BotConnected)
		if n := w.count(w.anna, "/start links your number"); n != 1 {
			t.Errorf("%d answers", n)
		}
	})
}

// TestPostsTwiceAndOutOfOrder: each update has one effect, whenever and however
// often it comes.
func TestPostsTwiceAndOutOfOrder(t *testing.T) {
	inHooked(t, func(w *world, _ *door) {
		b := w.register(goodToken)
		w.state(b, otpcore.BotConnected)
		w.anna.Say(w.shop, "/stop")
		header := http.Header{}
		header.Set(secretHeader, secret+"110201543")
		post := func(id int64) {
			t.Helper()
			body := fmt.Sprintf(`{"update_id":%d,"message":{"message_id":1,"date":1,"text":"/privacy","from":{"id":%[2]d,"language_code":"en"},"chat":{"id":%[2]d,"type":"private"}}}`, id, w.anna.ID())
			check(t, w.fleet.Receive(w.Context(), "key-of-110201543", header, []byte(body)))
		}
		for _, id := range []int64{900_000_005, 900_000_003, 900_000_005, 900_000_004, 900_000_003, 900_000_001} {
			post(id)
		}
		if n := w.count(w.anna, "encrypted"); n != 4 {
			t.Errorf("%d answers to four updates", n)
		}
		if offset, err := w.db.Offset(w.Context(), b.ID); err != nil || offset != 0 {
			t.Errorf("posts have moved the offset of polls to %d, %v", offset, err)
		}
	})
}

// TestBackPressure: posts beyond what one bot may have in hand are sent back to
// Telegram, and none of them is lost.
func TestBackPressure(t *testing.T) {
	inHooked(t, func(w *world, _ *door) {
		b := w.register(goodToken)
		w.state(b, otpcore.BotConnected)
		// A press is acknowledged before its post is answered: a Telegram that
		// takes its time with that fills the bot's hands.
		hold := w.tg.Fail(fault.Rule{Method: "answerCallbackQuery", Delay: time.Second, Times: fault.Always})
		defer w.tg.ClearFaults()
		header := http.Header{}
		header.Set(secretHeader, secret+"110201543")
		var taken, refused atomic.Int32
		for i := range 3 * postsAtOnce {
			go func() {
				body := fmt.Sprintf(`{"update_id":%d,"callback_query":{"id":"%[1]d","from":{"id":1},"data":"x"}}`, 900_000_000+i)
				err := w.fleet.Receive(w.Context(), "key-of-110201543", header, []byte(body))
				if e, ok := errors.AsType[*otpcore.Error](err); ok && e.Kind == otpcore.KindUnavailable && e.RetryAfter > 0 {
					refused.Add(1)
				} else if err == nil {
					taken.Add(1)
				}
			}()
		}
		time.Sleep(5 * time.Second)
		if taken.Load() != postsAtOnce || refused.Load() != 2*postsAtOnce || hold.Hits() == 0 {
			t.Errorf("%d posts were taken, %d sent back, want %d and %d", taken.Load(), refused.Load(), postsAtOnce, 2*postsAtOnce)
		}
	})
}

// TestOwnWebhookMakesRoomForPolling: a server that polls takes its own webhook
// back, keeps what waits, and touches nobody else's.
func TestOwnWebhookMakesRoomForPolling(t *testing.T) {
	withBot(t, func(w *world, b *otpcore.Bot) {
		w.hook("https://old.example.com" + CallbackPath + "key-of-110201543")
		w.anna.Say(w.shop, "/help")
		w.said(w.anna, "/start links your number")
		w.state(b, otpcore.BotConnected)
		if a := w.tg.Calls("deleteWebhook"); len(a) != 1 || a[0].Params["drop_pending_updates"] != "" {
			t.Errorf("webhook taken back by %+v", a)
		}
		again := w.register(goodToken) // and it is no other service either
		w.state(again, otpcore.BotConnected)
	})
}

// silence is a home that is never spoken to.
type silence struct{ bot.Home }

// Fell does nothing.
func (silence) Fell(*bot.Fall) {}

func TestNoSecretNoRoute(t *testing.T) {
	for name, c := range map[string]Callbacks{
		"nothing":   {},
		"no secret": {Base: base, Key: func(string) string { return "k" }, Secret: func(string) string { return "" }},
		"no key":    {Base: base, Key: func(string) string { return "" }, Secret: func(string) string { return "s" }},
	} {
		connector := NewFactory(nil, 0, slog.New(slog.DiscardHandler)).WithCallbacks(c).Connect(otpcore.Bot{}, goodToken, silence{}).(*Connector)
		if connector.CallbackKey() != "" {
			t.Errorf("%s: there is a route", name)
		}
		for _, given := range []string{"", "s", "k"} {
			header := http.Header{}
			header.Set(secretHeader, given)
			if err := connector.Receive(t.Context(), header, bytes.Repeat([]byte("x"), 3)); otpcore.KindOf(err) != otpcore.KindUnauthorized && name != "no key" {
				t.Errorf("%s: a post with %q: %v", name, given, err)
			}
		}
	}
}
