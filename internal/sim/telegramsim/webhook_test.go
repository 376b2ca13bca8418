package telegramsim_test

import (
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/internal/sim/loopback"
	"otpravka/internal/sim/telegramsim"
)

// receiver is a webhook inside the bubble. Each request is answered by what
// answer returns; without it by 200 and an empty body.
type receiver struct {
	mu     sync.Mutex
	got    []received
	answer func(n int, w http.ResponseWriter)
}

type received struct {
	at     time.Time
	header http.Header
	body   []byte
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	n := len(r.got)
	r.got = append(r.got, received{time.Now(), req.Header, body})
	answer := r.answer
	r.mu.Unlock()
	if answer != nil {
		answer(n, w)
	}
}

func (r *receiver) all() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// inBubble runs a test with a Telegram and a webhook that share no socket with
// the outside, so that all waiting is in fake time.
func inBubble(t *testing.T, opts telegramsim.Options, run func(*testing.T, *world, *receiver)) {
	synctest.Test(t, func(t *testing.T) {
		line := loopback.NewMemory("telegram.test")
		hook := loopback.NewMemory("hook.test")
		opts.Listener, opts.WebhookClient = line, hook.Client()
		opts.WebhookClient.Timeout = time.Minute
		tg := telegramsim.New(opts)
		base, err := tg.Listen()
		if err != nil {
			t.Fatal(err)
		}
		w := &world{
			tb: t, tg: tg, base: base, client: line.Client(),
			bot:  tg.AddBot(token, "shop_bot", "Shop"),
			anna: tg.NewUser(telegramsim.UserOptions{Phone: "77011234567", FirstName: "Anna"}),
		}
		r := &receiver{}
		var host loopback.Server
		if _, err := host.Listen(hook, r); err != nil {
			t.Fatal(err)
		}
		run(t, w, r)
		tg.Close()
		host.Close()
		w.client.CloseIdleConnections()
		opts.WebhookClient.CloseIdleConnections()
	})
}

func TestWebhookGetsUpdates(t *testing.T) {
	inBubble(t, telegramsim.Options{}, func(t *testing.T, w *world, r *receiver) {
		w.anna.Say(w.bot, "before")
		set := fields{"url": "http://hook.test/cb", "secret_token": "s-1", "max_connections": 7, "allowed_updates": []string{"message", "callback_query"}}
		if a := w.must("setWebhook", set); a.Description != "Webhook was set" {
			t.Errorf("%q", a.Description)
		}
		if a := w.must("setWebhook", set); a.Description != "Webhook is already set" {
			t.Errorf("%q", a.Description)
		}
		w.anna.Say(w.bot, "after")
		w.anna.Block(w.bot)
		synctest.Wait()
		got := r.all()
		if len(got) != 2 {
			t.Fatalf("%d posts", len(got))
		}
		for i, g := range got {
			if update := decode[map[string]any](t, g.body); update["update_id"] != float64(first+i) || update["message"] == nil {
				t.Errorf("update %s", g.body)
			}
			if g.header.Get("X-Telegram-Bot-Api-Secret-Token") != "s-1" || g.header.Get("Content-Type") != "application/json" {
				t.Errorf("header %v", g.header)
			}
		}
		info := decode[map[string]any](t, w.must("getWebhookInfo", nil).Result)
		wantJSON(t, info, `{"url":"http://hook.test/cb","has_custom_certificate":false,"pending_update_count":0,"max_connections":7,"allowed_updates":["callback_query","message"]}`)
		if a := w.must("deleteWebhook", nil); a.Description != "Webhook was deleted" {
			t.Errorf("%q", a.Description)
		}
		if a := w.must("deleteWebhook", nil); a.Description != "Webhook is already deleted" {
			t.Errorf("%q", a.Description)
		}
	})
}

func TestWebhookRetries(t *testing.T) {
	inBubble(t, telegramsim.Options{}, func(t *testing.T, w *world, r *receiver) {
		r.answer = func(n int, rw http.ResponseWriter) {
			switch n {
			case 0, 1:
				rw.WriteHeader(http.StatusInternalServerError)
			case 2:
				rw.Header().Set("Retry-After", "30")
				rw.WriteHeader(http.StatusServiceUnavailable)
			}
		}
		w.must("setWebhook", fields{"url": "http://hook.test/cb"})
		w.anna.Say(w.bot, "first")
		w.anna.Say(w.bot, "second")
		synctest.Wait()
		info := decode[map[string]any](t, w.must("getWebhookInfo", nil).Result)
		if info["pending_update_count"] != 2.0 || info["last_error_message"] != "Wrong response from the webhook: 500 Internal Server Error" || info["last_error_date"] == nil {
			t.Errorf("info %v", info)
		}
		time.Sleep(time.Hour) // Fake time.
		got := r.all()
		if len(got) != 5 {
			t.Fatalf("%d posts", len(got))
		}
		for i, want := range []time.Duration{time.Second, 2 * time.Second, 30 * time.Second, 0} {
			if gap := got[i+1].at.Sub(got[i].at); gap != want {
				t.Errorf("pause %d: %v, want %v", i, gap, want)
			}
		}
		if w.bot.PendingUpdates() != 0 {
			t.Errorf("%d pending", w.bot.PendingUpdates())
		}
	})
}

func TestWebhookLanesDoNotHinderEachOther(t *testing.T) {
	inBubble(t, telegramsim.Options{}, func(t *testing.T, w *world, r *receiver) {
		r.answer = func(n int, rw http.ResponseWriter) {
			if n == 0 {
				rw.Header().Set("Retry-After", "60")
				rw.WriteHeader(http.StatusTooManyRequests)
			}
		}
		w.must("setWebhook", fields{"url": "http://hook.test/cb"})
		w.anna.Say(w.bot, "held up")
		synctest.Wait()
		boris := w.tg.NewUser(telegramsim.UserOptions{Phone: "77010000001"})
		boris.Say(w.bot, "goes through")
		w.anna.Say(w.bot, "waits behind the first")
		synctest.Wait()
		if n := len(r.all()); n != 2 || w.bot.PendingUpdates() != 2 {
			t.Errorf("%d posts, %d pending", n, w.bot.PendingUpdates())
		}
		time.Sleep(time.Minute) // Fake time.
		synctest.Wait()
		if n := len(r.all()); n != 4 || w.bot.PendingUpdates() != 0 {
			t.Errorf("%d posts, %d pending", n, w.bot.PendingUpdates())
		}
	})
}

func TestWebhookThatHangs(t *testing.T) {
	inBubble(t, telegramsim.Options{}, func(t *testing.T, w *world, r *receiver) {
		release := make(chan struct{})
		r.answer = func(n int, _ http.ResponseWriter) {
			if n == 0 {
				<-release
			}
		}
		w.must("setWebhook", fields{"url": "http://hook.test/cb"})
		w.anna.Say(w.bot, "x")
		time.Sleep(2 * time.Minute) // Fake time.
		info := decode[map[string]any](t, w.must("getWebhookInfo", nil).Result)
		if len(r.all()) != 2 || info["last_error_message"] != "Read timeout expired" {
			t.Errorf("%d posts, info %v", len(r.all()), info)
		}
		close(release)
	})
}

func TestWebhookAnswerIsCarriedOut(t *testing.T) {
	inBubble(t, telegramsim.Options{}, func(t *testing.T, w *world, r *receiver) {
		r.answer = func(n int, rw http.ResponseWriter) {
			rw.Header().Set("Content-Type", "application/json")
			bodies := []string{
				`{"method":"sendMessage","chat_id":100000001,"text":"from the answer"}`,
				`{"method":"deleteWebhook"}`,
				`{"method":`,
			}
			_, _ = io.WriteString(rw, bodies[n])
		}
		w.must("setWebhook", fields{"url": "http://hook.test/cb"})
		for range 3 {
			w.anna.Say(w.bot, "x")
		}
		if _, err := w.anna.WaitMessage(t.Context(), w.bot, telegramsim.HasText("from the answer")); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		info := decode[map[string]any](t, w.must("getWebhookInfo", nil).Result)
		if info["url"] == "" || w.tg.CallCount("deleteWebhook") != 0 {
			t.Errorf("the webhook deleted itself: %v", info)
		}
	})
}

func TestDroppedUpdatesAndStrictAddresses(t *testing.T) {
	w := newWorld(t, telegramsim.Options{StrictWebhooks: true})
	for target, want := range map[string]string{
		"http://example.com/x":       "Bad Request: bad webhook: An HTTPS URL must be provided for webhook",
		"https://example.com:9443/x": "Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443",
	} {
		if a := w.call("setWebhook", fields{"url": target}); a.Description != want {
			t.Errorf("%s: %q", target, a.Description)
		}
	}
	w.anna.Say(w.bot, "x")
	w.must("setWebhook", fields{"url": "https://example.invalid:8443/x", "drop_pending_updates": true})
	if n := w.bot.PendingUpdates(); n != 0 {
		t.Errorf("%d pending", n)
	}
	w.must("setWebhook", fields{"url": ""})
	w.anna.Say(w.bot, "y")
	w.must("deleteWebhook", fields{"drop_pending_updates": "true"})
	if n := w.bot.PendingUpdates(); n != 0 {
		t.Errorf("%d pending after deleteWebhook", n)
	}
}

// Over real sockets a webhook's client is the server's own, and Close must not
// leave its connections behind: the package's leak check fails otherwise.
func TestWebhookOverSockets(t *testing.T) {
	arrived := make(chan struct{}, 2)
	r := &receiver{answer: func(n int, rw http.ResponseWriter) {
		if n == 0 { // A redirect is not followed but counts as a failure.
			rw.Header().Set("Location", "http://127.0.0.1:1/")
			rw.WriteHeader(http.StatusFound)
		}
		arrived <- struct{}{}
	}}
	var host loopback.Server
	base, err := host.Listen(nil, r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(host.Close)
	w := newWorld(t, telegramsim.Options{WebhookBackoff: time.Millisecond})
	w.must("setWebhook", fields{"url": base})
	w.anna.Say(w.bot, "x")
	<-arrived
	<-arrived
}
