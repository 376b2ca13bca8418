package telegramsim_test

import (
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/telegramsim"
)

func TestInjectedAnswers(t *testing.T) {
	tests := []struct {
		name   string
		rule   fault.Rule
		status int
		text   string
		after  int
	}{
		{"429", fault.Rule{RetryAfter: 2500 * time.Millisecond}, 429, "Too Many Requests: retry after 3", 3},
		{"500", fault.Rule{Status: 500}, 500, "Internal Server Error", 0},
		{"own words", fault.Rule{Status: 403, Description: "Forbidden: odd"}, 403, "Forbidden: odd", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, telegramsim.Options{})
			w.anna.Start(w.bot, "")
			tt.rule.Method, tt.rule.Target = "SendMessage", "shop_bot"
			f := w.tg.Fail(tt.rule)
			w.must("getMe", nil) // Other methods are spared.
			a := w.call("sendMessage", fields{"chat_id": w.anna.ID(), "text": "x"})
			if a.Status != tt.status || a.ErrorCode != tt.status || a.Description != tt.text || a.Parameters.RetryAfter != tt.after {
				t.Errorf("%d %q %+v", a.Status, a.Description, a.Parameters)
			}
			if tt.after > 0 && a.Header.Get("Retry-After") != "3" {
				t.Errorf("header %v", a.Header)
			}
			if f.Hits() != 1 || len(w.anna.Chat(w.bot).Messages) != 1 {
				t.Errorf("%d hits, the call had an effect", f.Hits())
			}
			w.send("x", nil) // Once only.
		})
	}
}

func TestLostAnswers(t *testing.T) {
	tests := []struct {
		name    string
		rule    fault.Rule
		arrives bool
		check   func(answer, error) bool
	}{
		{"cut before", fault.Rule{Drop: fault.DropBefore}, false, func(_ answer, err error) bool { return err != nil }},
		{"cut after", fault.Rule{Drop: fault.DropAfter}, true, func(_ answer, err error) bool { return err != nil }},
		{"cut in the body", fault.Rule{Drop: fault.DropMidBody}, true, func(_ answer, err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }},
		{"empty", fault.Rule{Empty: true, Processed: true}, true, func(a answer, err error) bool { return err != nil && a.Status == 200 }},
		{"gateway page", fault.Rule{Status: 502, Body: fault.GatewayPage(502)}, false, func(a answer, err error) bool { return err != nil && a.Status == 502 }},
		{"done, but 500", fault.Rule{Status: 500, Processed: true}, true, func(a answer, err error) bool { return err == nil && a.Status == 500 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, telegramsim.Options{})
			w.anna.Start(w.bot, "")
			tt.rule.Method = "sendMessage"
			w.tg.Fail(tt.rule)
			a, err := w.try(t.Context(), token, "sendMessage", fields{"chat_id": w.anna.ID(), "text": "x"})
			if !tt.check(a, err) {
				t.Errorf("%+v, %v", a, err)
			}
			if m, _ := w.anna.Chat(w.bot).Last(); m.FromBot != tt.arrives {
				t.Errorf("message arrived: %v", m.FromBot)
			}
			if n := len(w.tg.Calls("sendMessage")); n != 1 {
				t.Errorf("%d calls recorded", n)
			}
		})
	}
}

func TestDelays(t *testing.T) {
	inBubble(t, telegramsim.Options{}, func(t *testing.T, w *world, _ *receiver) {
		w.anna.Start(w.bot, "")
		w.client.Timeout = 5 * time.Second
		send := fields{"chat_id": w.anna.ID(), "text": "x"}
		start := time.Now()
		w.tg.Fail(fault.Rule{Delay: 3 * time.Second})
		w.must("sendMessage", send)
		if d := time.Since(start); d != 3*time.Second {
			t.Errorf("answered after %v", d)
		}
		w.tg.Fail(fault.Rule{Delay: time.Minute})
		w.tg.Fail(fault.Rule{AnswerDelay: time.Minute})
		for i, want := range []int{2, 3} {
			if _, err := w.try(t.Context(), token, "sendMessage", send); err == nil {
				t.Error("late answer arrived")
			}
			synctest.Wait()
			if n := len(w.anna.Chat(w.bot).Messages); n != want {
				t.Errorf("fault %d: %d messages, want %d", i, n, want)
			}
		}
	})
}

func TestWhichCallsFail(t *testing.T) {
	w := newWorld(t, telegramsim.Options{})
	f := w.tg.Fail(fault.Rule{Method: "getMe", Status: 500, After: 2, Every: 3, Times: 2})
	var failed []int
	for i := 1; i <= 12; i++ {
		if !w.call("getMe", nil).OK {
			failed = append(failed, i)
		}
	}
	if len(failed) != 2 || failed[0] != 5 || failed[1] != 8 || f.Hits() != 2 {
		t.Errorf("failed %v", failed)
	}
	always := w.tg.Fail(fault.Rule{Status: 500, Times: fault.Always})
	for range 3 {
		if w.call("getMe", nil).OK {
			t.Error("call passed")
		}
	}
	always.Lift()
	w.must("getMe", nil)
	w.tg.Fail(fault.Rule{Status: 500})
	w.tg.ClearFaults()
	w.must("getMe", nil)
}
