package app_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"otpravka/internal/sim/smssim"
)

// lockerWords is a text about orders that can be saved.
func lockerWords(more fields) fields {
	f := fields{
		"kind":   "order",
		"params": []fields{{"name": "locker", "type": "text", "required": true}, {"name": "day", "type": "date"}},
		"chat":   "order {{order}} is in locker {{locker}}\nTake it out by {{day}}.",
		"sms":    []string{"order {{order}}: locker {{locker}}"},
	}
	maps.Copy(f, more)
	return f
}

// TestOrdersInWordsOfTheBusiness goes the way of an integrator: save a text for
// a status of one's own, in two languages, and send updates with it.
func TestOrdersInWordsOfTheBusiness(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.business("Shop")
	s.addBot(1)
	var shown previewed
	s.ask("POST", "/v1/templates/locker/en/preview", fields{"draft": lockerWords(nil), "params": fields{"locker": "12 B", "day": "2026-11-29"}}).into(s, http.StatusOK, &shown)
	if c := shown.Channels; c[0].Text != "Shop: order A-1042 is in locker 12 B\nTake it out by November 29, 2026." || c[2].Text != "Shop: order A-1042: locker 12 B" {
		t.Errorf("preview %+v", c)
	}
	s.save("locker", "en", lockerWords(nil))
	s.save("locker", "ru", lockerWords(fields{"chat": "заказ {{order}} в ячейке {{locker}}\nЗаберите до {{day}}.", "sms": []string{"заказ {{order}}: ячейка {{locker}}"}}))
	u := s.link(goodPhone)
	said := fields{"template": "locker", "params": fields{"locker": "12 B", "day": "2026-11-29"}, "locale": "en"}
	s.tells("A-1", "placed", nil)
	s.reads(u, "order A-1 is placed")
	s.tells("A-1", "in_locker", said)
	if m := s.reads(u, "in locker 12 B"); m.Text != "Shop: order A-1 is in locker 12 B\nTake it out by November 29, 2026." || !m.Edited() {
		t.Errorf("the living message says %q", m.Text)
	}
	// What was said stays said, whatever becomes of the text.
	if a := s.ask("DELETE", "/v1/templates/locker/en", nil); a.status != http.StatusNoContent {
		t.Fatalf("delete: %s", a.body)
	}
	if a := s.ask("DELETE", "/v1/templates/locker/ru", nil); a.status != http.StatusNoContent {
		t.Fatalf("delete: %s", a.body)
	}
	s.tells("A-2", "paid", nil)
	var o struct{ Template, Title string }
	s.ask("GET", "/v1/orders/A-1", nil).into(s, http.StatusOK, &o)
	if o.Template != "locker" || o.Title != "" {
		t.Errorf("order %+v", o)
	}
	if a := s.ask("POST", "/v1/order-updates", fields{"order_id": "A-1", "order_status": "in_locker", "phone": goodPhone, "template": "locker", "params": said["params"]}); a.status != http.StatusNotFound || a.code != "template_unknown" {
		t.Errorf("an update in words that were removed: %d %s", a.status, a.code)
	}
	// The next update without a template says what is built in.
	s.tells("A-1", "delivered", nil)
	if m := s.reads(u, "A-1 is delivered"); strings.Contains(m.Text, "locker") {
		t.Errorf("message %q", m.Text)
	}
}

// TestOwnWordsBySMSAndLanguage: the words come in the language of the order, and
// by SMS where that was asked for.
func TestOwnWordsBySMSAndLanguage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.business("Shop")
	s.addBot(1)
	s.save("locker", "en", lockerWords(nil))
	s.save("locker", "ru", lockerWords(fields{"chat": "заказ {{order}} в ячейке {{locker}}\nЗаберите до {{day}}.", "sms": []string{"заказ {{order}}: ячейка {{locker}}"}}))
	s.tells("A-1", "in_locker", fields{"template": "locker", "params": fields{"locker": "12 B"}, "locale": "ru", "sms_fallback": true})
	m, err := w.sms.WaitSMS(w.ctx(), goodPhone, func(smssim.SMS) bool { return true })
	w.must(err)
	if m.Text != "Shop: заказ A-1: ячейка 12 B" {
		t.Errorf("SMS %q", m.Text)
	}
	s.save("locker", "de", lockerWords(fields{
		"chat": "Bestellung {{order}} liegt in Fach {{locker}}\nAbholen bis {{day}}.", "sms": []string{"Bestellung {{order}}: Fach {{locker}}"},
	}))
	u := s.link("+77018643002")
	s.tells("A-3", "in_locker", fields{
		"phone": "+77018643002", "template": "locker", "params": fields{"locker": "7", "day": "2026-11-29"}, "locale": "de-AT",
		"total": fields{"amount": "10", "currency": "EUR"},
	})
	if m := s.reads(u, "A-3"); m.Text != "Shop: Bestellung A-3 liegt in Fach 7\nAbholen bis 29. November 2026.\nTotal: €10.00" {
		t.Errorf("message %q", m.Text)
	}
	s.tells("A-2", "in_locker", fields{"phone": "+77018643002", "template": "locker", "params": fields{"locker": "7"}, "locale": "kk"})
	if m := s.reads(u, "A-2"); m.Text != "Shop: order A-2 is in locker 7" { // nothing in Kazakh, nor in another language of the business
		t.Errorf("message %q", m.Text)
	}
}

func TestRefusedWordsOfOrders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.business("Shop")
	s.addBot(1)
	s.save("locker", "en", lockerWords(nil))
	s.save("gate", "en", gate(nil))
	base := fields{"order_id": "A-1", "order_status": "in_locker", "phone": goodPhone}
	for _, c := range []struct {
		more          fields
		status        int
		code, pointer string
	}{
		{nil, 422, "title_missing", "/title"},
		{fields{"template": "nothing"}, 404, "template_unknown", "/template"},
		{fields{"template": "login"}, 404, "template_unknown", "/template"},
		{fields{"template": "gate", "params": fields{"car": "a blue bus"}}, 404, "template_unknown", "/template"},
		{fields{"template": "locker", "title": "In the locker", "params": fields{"locker": "7"}}, 422, "title_not_allowed", "/title"},
		{fields{"template": "locker"}, 422, "param_missing", "/params/locker"},
		{fields{"template": "locker", "params": fields{"locker": "7", "colour": "red"}}, 422, "param_unknown", "/params"},
		{fields{"title": "In the locker", "params": fields{"locker": "7"}}, 422, "param_unknown", "/params"},
		{fields{"template": "locker", "params": fields{"locker": "t.me/x"}}, 422, "var_not_allowed", "/params/locker"},
		{fields{"template": "locker", "params": fields{"locker": "code 123456"}}, 422, "var_not_allowed", "/params/locker"},
	} {
		body := maps.Clone(base)
		maps.Copy(body, c.more)
		a := s.ask("POST", "/v1/order-updates", body)
		if a.status != c.status || a.code != c.code || !strings.Contains(string(a.body), `"pointer":"`+c.pointer+`"`) {
			t.Errorf("%v: %d %s", c.more, a.status, a.body)
		}
	}
	if a := s.ask("POST", "/v1/verifications", fields{"phone": goodPhone, "template": "locker", "params": fields{"locker": "7"}}); a.code != "template_unknown" {
		t.Errorf("a code in words about an order: %s", a.body)
	}
	for _, c := range []struct {
		key, pointer string
		more         fields
	}{
		{"other", "/kind", fields{"name": "locker code"}},
		{"other", "/kind", fields{"proof": "sms"}},
		{"other", "/params/0/name", fields{"params": []fields{{"name": "order", "type": "text"}}}},
		{"login", "/kind", fields{"params": []fields{}}},
		{"gate", "/kind", nil},
	} {
		if a := s.ask("PUT", "/v1/templates/"+c.key+"/ru", lockerWords(c.more)); a.code != "text_invalid" || !strings.Contains(string(a.body), `"pointer":"`+c.pointer+`"`) {
			t.Errorf("%s: %s", c.key, a.body)
		}
	}
}
