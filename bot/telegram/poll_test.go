package telegram

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/internal/sim/fault"
	"otpravka/otpcore"
)

// TestPassingTrouble breaks polls in every way that passes: each message is
// answered exactly once, and the bot is connected in the end.
func TestPassingTrouble(t *testing.T) {
	for _, tt := range []struct {
		name   string
		rule   fault.Rule
		within time.Duration // until the answer
	}{
		{"gateway page", fault.Rule{Status: 502, Body: fault.GatewayPage(502)}, time.Second},
		{"empty 503", fault.Rule{Status: 503, Empty: true}, time.Second},
		{"internal error", fault.Rule{Status: 500}, time.Second},
		{"redirect", fault.Rule{Status: 302, Body: "moved"}, time.Second},
		{"proxy's 401", fault.Rule{Status: 401, Body: "<html>login</html>"}, time.Second},
		{"garbage", fault.Rule{Body: "garbage"}, time.Second},
		{"no list", fault.Rule{Body: `{"ok":true,"result":{"a":1}}`}, time.Second},
		{"cut before", fault.Rule{Drop: fault.DropBefore}, time.Second},
		{"cut after", fault.Rule{Drop: fault.DropAfter}, time.Second},
		{"cut amid", fault.Rule{Drop: fault.DropMidBody}, time.Second},
		{"one conflict", fault.Rule{Status: 409, Description: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"}, 4 * time.Second},
		{"asked to wait", fault.Rule{RetryAfter: 7 * time.Second}, 8 * time.Second},
		{"an hour of trouble", fault.Rule{Status: 500, Times: 125}, 2 * time.Hour},
		{"never answered", fault.Rule{Delay: 24 * time.Hour}, 2 * time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			withBot(t, func(w *world, b *otpcore.Bot) {
				tt.rule.Method = "getUpdates"
				trouble := w.tg.Fail(tt.rule)
				began := time.Now()
				// The poll that waits already brings the first message; the
				// fault meets the next one.
				w.anna.Say(w.shop, "/help")
				synctest.Wait()
				w.anna.Say(w.shop, "/privacy")
				for w.count(w.anna, "encrypted") == 0 && time.Since(began) < tt.within {
					time.Sleep(100 * time.Millisecond) // of the bubble
				}
				time.Sleep(2 * time.Minute)
				if trouble.Hits() == 0 {
					w.Fatal("the fault was never met")
				}
				for _, part := range []string{"/start links your number", "encrypted"} {
					if n := w.count(w.anna, part); n != 1 {
						w.Errorf("%d answers with %q, want 1\n%s", n, part, w.logs)
					}
				}
				if answered := time.Since(began) - 2*time.Minute; answered > tt.within {
					w.Errorf("answered after %v, want within %v", answered, tt.within)
				}
				if wait := tt.rule.RetryAfter; wait > 0 && time.Since(began)-2*time.Minute < wait {
					w.Errorf("asked again before the %v that the server wished", wait)
				}
				w.state(b, otpcore.BotConnected)
			})
		})
	}
}

// TestStayingTrouble breaks polls in ways that no repeat mends: the bot stops
// asking and says what to do.
func TestStayingTrouble(t *testing.T) {
	const other = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
	for _, tt := range []struct {
		name  string
		act   func(*world)
		state otpcore.BotState
		text  string
	}{
		{"token revoked", func(w *world) { w.shop.Revoke("110201543:BBHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0") }, otpcore.BotBadCredentials, "@BotFather"},
		{"bot deleted", func(w *world) { w.shop.Delete() }, otpcore.BotBadCredentials, "@BotFather"},
		{"not found", func(w *world) { w.failPolls(404, "Not Found") }, otpcore.BotBadCredentials, "@BotFather"},
		{"webhook set", func(w *world) { w.hook("https://example.com/hook") }, otpcore.BotInUse, "webhook"},
		{"another program", func(w *world) { w.failPolls(409, other) }, otpcore.BotConflict, "Another program"},
		{"send refused", func(w *world) {
			w.tg.Fail(fault.Rule{Method: "sendMessage", Status: 401, Description: "Unauthorized"})
			w.anna.Say(w.shop, "/help")
		}, otpcore.BotBadCredentials, "@BotFather"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			withBot(t, func(w *world, b *otpcore.Bot) {
				tt.act(w)
				time.Sleep(10 * time.Second) // of the bubble
				fallen := w.state(b, tt.state)
				if !strings.Contains(fallen.StateText, tt.text) || !strings.HasSuffix(fallen.StateText, ".") {
					w.Errorf("state text is %q", fallen.StateText)
				}
				before := w.tg.CallCount("getUpdates")
				time.Sleep(time.Hour)
				if n := w.tg.CallCount("getUpdates") - before; n != 0 {
					w.Errorf("%d polls after the fall", n)
				}
				if way := w.fleet.Way(b.BusinessID, otpcore.Telegram); (way.Reason == "") != tt.state.Usable() {
					w.Errorf("way is %+v in state %s", way, tt.state)
				}
			})
		})
	}
}

func (w *world) failPolls(status int, text string) {
	w.tg.Fail(fault.Rule{Method: "getUpdates", Status: status, Description: text, Times: fault.Always})
	w.anna.Say(w.shop, "ends the poll that waits")
}

// TestRegisterAgain lifts a fall by another registration, under the same id.
func TestRegisterAgain(t *testing.T) {
	withBot(t, func(w *world, b *otpcore.Bot) {
		const fresh = "110201543:BBHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0"
		w.link(w.anna)
		w.shop.Revoke(fresh)
		w.state(b, otpcore.BotBadCredentials)
		again := w.register(fresh)
		if again.ID != b.ID {
			w.Errorf("the bot got another id: %s", again.ID)
		}
		w.state(b, otpcore.BotConnected)
		w.anna.Say(w.shop, "/help")
		w.said(w.anna, "/start links your number")
		if n := len(w.links(w.by, annasPhone)); n != 1 {
			w.Errorf("%d links, want the one from before", n)
		}
	})
}

// TestUpdateIDs hands in ids that repeat, run backwards or start anew, and
// updates that nobody can read. Every readable one is answered once.
func TestUpdateIDs(t *testing.T) {
	withBot(t, func(w *world, _ *otpcore.Bot) {
		update := func(updateID int64, command string) string {
			return fmt.Sprintf(`{"update_id":%d,"message":{"message_id":1,"date":%d,"text":"%s","from":{"id":%[4]d,"language_code":"en"},"chat":{"id":%[4]d,"type":"private"}}}`,
				updateID, time.Now().Unix(), command, w.anna.ID())
		}
		w.anna.Say(w.shop, "/stop")
		expect := func(what string, n int) {
			w.Helper()
			time.Sleep(time.Second) // of the bubble
			if got := w.count(w.anna, "encrypted"); got != n {
				w.Fatalf("%s: %d answers, want %d\n%s", what, got, n, w.logs)
			}
		}
		inject := func(raw string) { check(w, w.shop.InjectRaw(raw)) }
		inject(update(800_000_001, "/privacy"))
		inject(update(800_000_001, "/privacy"))
		expect("the same id in one batch", 1)
		inject(update(800_000_001, "/privacy"))
		expect("the same id again", 1)
		inject(update(800_000_007, "/privacy"))
		inject(update(800_000_005, "/privacy"))
		inject(update(800_000_006, "/privacy"))
		expect("out of order", 4)
		inject(`{"update_id":800000010,"message":{"chat":"broken"}}`)
		inject(`{"update_id":800000011,"message":{"from":{"id":"x"}}}`)
		inject(`{"update_id":800000012,"surprise":{}}`)
		inject(update(800_000_013, "/privacy"))
		expect("behind unreadable ones", 5)
		w.shop.RestartUpdateIDs(1_000)
		w.anna.Say(w.shop, "/privacy")
		expect("lower ids", 6)
		w.anna.Say(w.shop, "/privacy")
		expect("going on from lower ids", 7)
		if n := w.shop.PendingUpdates(); n > 1 {
			w.Errorf("%d updates are still there", n)
		}
	})
}

// TestHastyServer: a server that never waits is not asked in a hot loop.
func TestHastyServer(t *testing.T) {
	for name, body := range map[string]string{
		"empty":      `{"ok":true,"result":[]}`,
		"no ids":     `{"ok":true,"result":[{"surprise":1},"text"]}`,
		"old update": `{"ok":true,"result":[{"update_id":5},{"update_id":6}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			withBot(t, func(w *world, _ *otpcore.Bot) {
				w.tg.Fail(fault.Rule{Method: "getUpdates", Body: body, Times: fault.Always})
				w.anna.Say(w.shop, "ends the poll that waits")
				before := w.tg.CallCount("getUpdates")
				time.Sleep(10 * time.Second) // of the bubble
				if n := w.tg.CallCount("getUpdates") - before; n < 10 || n > 45 {
					w.Errorf("%d polls in 10 s, want about 40", n)
				}
			})
		})
	}
}

// TestPollAsksForWhatItNeeds looks at the calls themselves.
func TestPollAsksForWhatItNeeds(t *testing.T) {
	withBot(t, func(w *world, _ *otpcore.Bot) {
		w.anna.Say(w.shop, "/help")
		w.said(w.anna, "/start links your number")
		for i, call := range w.tg.Calls("getUpdates") {
			want := "50"
			if i == 0 {
				want = "0" // the first one only finds out whether Telegram answers
			}
			if call.Params["timeout"] != want || call.Params["allowed_updates"] != allowedUpdates {
				w.Errorf("poll %d asks %v", i, call.Params)
			}
		}
		if n := w.tg.CallCount("setMyCommands"); n != len(profiles) {
			w.Errorf("commands were written %d times, want %d", n, len(profiles))
		}
	})
}
