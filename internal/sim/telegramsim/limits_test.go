package telegramsim_test

import (
	"testing"
	"time"

	"otpravka/internal/sim/telegramsim"
)

func TestChatLimit(t *testing.T) {
	inBubble(t, telegramsim.Options{Limits: telegramsim.TelegramLimits()}, func(t *testing.T, w *world, _ *receiver) {
		w.anna.Start(w.bot, "")
		send := fields{"chat_id": w.anna.ID(), "text": "x"}
		for range 3 {
			w.must("sendMessage", send)
		}
		a := w.call("sendMessage", send)
		if a.Status != 429 || a.Description != "Too Many Requests: retry after 1" || a.Parameters.RetryAfter != 1 || a.Header.Get("Retry-After") != "1" {
			t.Errorf("%d %q %+v", a.Status, a.Description, a.Parameters)
		}
		time.Sleep(time.Second) // Fake time.
		w.must("sendMessage", send)
		if w.call("sendMessage", send).OK {
			t.Error("a second message passed")
		}
	})
}

func TestBotLimit(t *testing.T) {
	inBubble(t, telegramsim.Options{Limits: telegramsim.TelegramLimits()}, func(t *testing.T, w *world, _ *receiver) {
		passed, refused := 0, 0
		for range 40 {
			u := w.tg.NewUser(telegramsim.UserOptions{})
			u.Start(w.bot, "")
			if w.call("sendMessage", fields{"chat_id": u.ID(), "text": "x"}).OK {
				passed++
			} else {
				refused++
			}
		}
		if passed != 30 || refused != 10 {
			t.Errorf("%d passed, %d refused", passed, refused)
		}
	})
}
