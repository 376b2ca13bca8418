package app_test

import (
	"net/http"
	"strings"
	"testing"

	"otpravka/internal/sim/telegramsim"
)

// linked counts the phone's active links.
func (s *shop) linked(phone string) int {
	s.Helper()
	var state struct{ Links []struct{ Status string } }
	s.ask("POST", "/v1/phones/lookup", fields{"phone": phone}).into(s, http.StatusOK, &state)
	n := 0
	for _, l := range state.Links {
		if l.Status == "active" {
			n++
		}
	}
	return n
}

func TestSharedNumbersAsTelegramWritesThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	shop.addBot(1)
	for _, tt := range []struct {
		number, phone string
		keep          bool
		links         int
	}{
		{"77010000001", "+77010000001", false, 1},
		{"+77010000002", "+77010000002", true, 1},
		{"7 701 000 00 03", "+77010000003", true, 0},
		{"0077010000004", "+77010000004", true, 0},
		{"٧٧٠١٠٠٠٠٠٠٥", "+77010000005", true, 0},
	} {
		u := w.tg.NewUser(telegramsim.UserOptions{Phone: tt.number, KeepPlus: tt.keep, LanguageCode: "en"})
		u.Start(shop.bot, "")
		seen, err := u.WaitMessage(w.ctx(), shop.bot, func(m telegramsim.Message) bool { return m.FromBot })
		w.must(err)
		w.must(u.ShareContact(shop.bot))
		_, err = u.WaitMessage(w.ctx(), shop.bot, func(m telegramsim.Message) bool { return m.FromBot && m.Text != seen.Text })
		w.must(err)
		if n := shop.linked(tt.phone); n != tt.links {
			t.Errorf("row 57, %q: %d links, want %d", tt.number, n, tt.links)
		}
	}
}

func TestStartsWithForeignPayloads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop, neighbour := w.business("Shop"), w.business("Neighbour")
	shop.addBot(1)
	neighbour.addBot(2)
	theirs := neighbour.begin(fields{"phone": goodPhone, "when_unlinked": "wait"})
	_, token, _ := strings.Cut(theirs.Links["telegram"], "?start=")
	if token == "" {
		t.Fatalf("no link in %+v", theirs.Links)
	}
	for name, payload := range map[string]string{
		"65 symbols": strings.Repeat("a", 65), "4,000 symbols": strings.Repeat("a", 4000), "spaces": "a b c", "another business's": token,
		"cut": token[:len(token)-1], "other script": "токен", "control": "a\u0000b",
	} {
		u := w.tg.NewUser(telegramsim.UserOptions{Phone: goodPhone[1:], LanguageCode: "en"})
		u.Start(shop.bot, payload)
		reply, err := u.WaitMessage(w.ctx(), shop.bot, func(m telegramsim.Message) bool { return m.FromBot })
		w.must(err)
		if strings.Contains(reply.Text, payload) || strings.Contains(reply.Text, "Neighbour") || reply.Code() != "" {
			t.Errorf("row 58, %s: %q", name, reply.Text)
		}
	}
	if n := shop.linked(goodPhone) + neighbour.linked(goodPhone); n != 0 {
		t.Errorf("row 58: %d links", n)
	}
	if got := neighbour.get(theirs.ID); got.trail() != "telegram:waiting_link" {
		t.Errorf("row 58: the code of the other business is %s", got.trail())
	}
}
