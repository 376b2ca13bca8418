package telegramsim_test

import (
	"context"
	"fmt"
	"testing"

	"otpravka/internal/sim/telegramsim"
)

func ids(updates []map[string]any) []int64 {
	var found []int64
	for _, u := range updates {
		found = append(found, int64(u["update_id"].(float64)))
	}
	return found
}

func wantIDs(tb testing.TB, got []map[string]any, want ...int64) {
	tb.Helper()
	if fmt.Sprint(ids(got)) != fmt.Sprint(want) {
		tb.Errorf("got %v, want %v", ids(got), want)
	}
}

const first = 700_000_001

func TestOffsetConfirmsLowerUpdates(t *testing.T) {
	w := newWorld(t, telegramsim.Options{})
	for range 5 {
		w.anna.Say(w.bot, "x")
	}
	wantIDs(t, w.updates(nil), first, first+1, first+2, first+3, first+4)
	wantIDs(t, w.updates(fields{"limit": 2}), first, first+1)
	wantIDs(t, w.updates(fields{"offset": first + 2}), first+2, first+3, first+4)
	wantIDs(t, w.updates(fields{"offset": first}), first+2, first+3, first+4)
	wantIDs(t, w.updates(fields{"offset": -1}), first+4)
	wantIDs(t, w.updates(nil), first+4)
	wantIDs(t, w.updates(fields{"offset": first + 5}))
	if n := w.bot.PendingUpdates(); n != 0 {
		t.Errorf("%d pending", n)
	}
}

func TestOffsetFarAheadStartsAtTheHead(t *testing.T) {
	w := newWorld(t, telegramsim.Options{})
	w.bot.RestartUpdateIDs(5)
	w.anna.Say(w.bot, "x")
	wantIDs(t, w.updates(fields{"offset": first}), 5)
	wantIDs(t, w.updates(fields{"offset": 6}))
}

func TestLongPollWaitsForAnUpdate(t *testing.T) {
	w := newWorld(t, telegramsim.Options{})
	got := make(chan []map[string]any, 1)
	go func() {
		a, err := w.try(t.Context(), token, "getUpdates", fields{"timeout": 50})
		if err != nil {
			t.Error(err)
		}
		got <- decode[[]map[string]any](t, a.Result)
	}()
	if err := w.tg.WaitCalls(soon(t), "getUpdates", 1); err != nil {
		t.Fatal(err)
	}
	w.anna.Say(w.bot, "x")
	wantIDs(t, <-got, first)
}

func TestNewerPollEndsTheOlder(t *testing.T) {
	w := newWorld(t, telegramsim.Options{})
	got := make(chan answer, 1)
	go func() {
		a, err := w.try(t.Context(), token, "getUpdates", fields{"timeout": 50})
		if err != nil {
			t.Error(err)
		}
		got <- a
	}()
	if err := w.bot.WaitPolling(soon(t)); err != nil {
		t.Fatal(err)
	}
	w.updates(nil)
	a := <-got
	const text = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
	if a.Status != 409 || a.ErrorCode != 409 || a.Description != text {
		t.Errorf("%d %q", a.Status, a.Description)
	}
}

func TestWhatEndsAWaitingPoll(t *testing.T) {
	tests := []struct {
		name   string
		act    func(*world)
		status int
		text   string
	}{
		{"setWebhook", func(w *world) { w.must("setWebhook", fields{"url": "http://127.0.0.1:1/x"}) }, 409, "Conflict: terminated by setWebhook request"},
		{"revoke", func(w *world) { w.bot.Revoke("1:new") }, 401, "Unauthorized"},
		{"delete", func(w *world) { w.bot.Delete() }, 401, "Unauthorized"},
		{"log out", func(w *world) { w.must("logOut", nil) }, 400, "Logged out"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, telegramsim.Options{})
			got := make(chan answer, 1)
			go func() {
				a, err := w.try(t.Context(), token, "getUpdates", fields{"timeout": 50})
				if err != nil {
					t.Error(err)
				}
				got <- a
			}()
			if err := w.bot.WaitPolling(soon(t)); err != nil {
				t.Fatal(err)
			}
			tt.act(w)
			if a := <-got; a.Status != tt.status || a.Description != tt.text {
				t.Errorf("%d %q", a.Status, a.Description)
			}
		})
	}
}

func TestHungUpPollLosesNothing(t *testing.T) {
	w := newWorld(t, telegramsim.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := w.try(ctx, token, "getUpdates", fields{"timeout": 50})
		done <- err
	}()
	if err := w.bot.WaitPolling(soon(t)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-done; err == nil {
		t.Error("canceled poll succeeded")
	}
	w.anna.Say(w.bot, "x")
	wantIDs(t, w.updates(fields{"timeout": 50}), first)
}

func TestAllowedUpdatesPersist(t *testing.T) {
	w := newWorld(t, telegramsim.Options{})
	w.updates(fields{"allowed_updates": []string{"my_chat_member"}})
	w.anna.Say(w.bot, "unwanted")
	w.updates(nil) // The list stays when a call leaves it out.
	w.anna.Say(w.bot, "unwanted")
	w.anna.Block(w.bot)
	got := w.updates(nil)
	if len(got) != 1 || got[0]["my_chat_member"] == nil {
		t.Errorf("got %v", got)
	}
	w.updates(fields{"offset": -1, "allowed_updates": []string{}})
	w.anna.Say(w.bot, "wanted again, after unblocking")
	if got := w.updates(fields{"offset": first + 1}); len(got) != 2 {
		t.Errorf("got %v", got)
	}
}

func TestInjectedUpdates(t *testing.T) {
	w := newWorld(t, telegramsim.Options{})
	inject := func(raw string) {
		t.Helper()
		if err := w.bot.InjectRaw(raw); err != nil {
			t.Fatal(err)
		}
	}
	inject(`{"poll":{"id":"1"}}`)
	inject(`{"update_id":700000009,"message":{}}`)
	inject(`{"update_id":700000009,"message":{}}`)
	inject(`{"update_id":3,"message":{}}`)
	wantIDs(t, w.updates(nil), first, 700000009, 700000009, 3)
	wantIDs(t, w.updates(fields{"offset": 4}), first)
	wantIDs(t, w.updates(fields{"offset": 700000010}))

	inject(`{"update_id":700000009,"message":{}}`) // A duplicate below the offset is still handed out once.
	wantIDs(t, w.updates(fields{"offset": 700000010}), 700000009)
	wantIDs(t, w.updates(fields{"offset": 700000010}))
	w.anna.Say(w.bot, "x")
	wantIDs(t, w.updates(nil), 700000010)

	if err := w.bot.InjectRaw(`[]`); err == nil {
		t.Error("an array was taken for an update")
	}
	if err := w.bot.InjectRaw(`{"update_id":"x"}`); err == nil {
		t.Error("a text was taken for an update id")
	}
}

func TestPollAndWebhookExcludeEachOther(t *testing.T) {
	w := newWorld(t, telegramsim.Options{})
	w.must("setWebhook", fields{"url": "http://127.0.0.1:1/x"})
	a := w.call("getUpdates", nil)
	const text = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
	if a.Status != 409 || a.Description != text {
		t.Errorf("%d %q", a.Status, a.Description)
	}
	w.must("deleteWebhook", nil)
	w.updates(nil)
}
