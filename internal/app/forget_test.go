package app_test

import (
	"net/http"
	"strings"
	"testing"

	"otpravka/internal/app"
	"otpravka/internal/sim/telegramsim"
)

type forgotten struct {
	ID            string `json:"id"`
	ForgottenAt   string `json:"forgotten_at"`
	Verifications int    `json:"verifications"`
	Deliveries    int    `json:"deliveries"`
	Links         int    `json:"links"`
	Sessions      int    `json:"sessions"`
}

func (s *shop) forget(phone string, header ...string) forgotten {
	s.Helper()
	var f forgotten
	s.ask("POST", "/v1/phones/forget", fields{"phone": phone}, header...).into(s, http.StatusOK, &f)
	return f
}

func TestT48ForgetErasesAPersonAtOneBusiness(t *testing.T) {
	eachDatabase(t, forgetErasesAPersonAtOneBusiness)
}

func forgetErasesAPersonAtOneBusiness(t *testing.T, on func(*app.Config)) {
	w := newWorld(t, on)
	shop, neighbour := w.business("Shop"), w.business("Neighbour")
	const phone = "+77011234567"
	theirs := neighbour.begin(fields{"phone": phone, "channels": []string{"sms"}})
	w.waitSMS(phone)
	trial := func() verification {
		var v verification
		shop.askWith(shop.trial, "POST", "/v1/verifications", fields{"phone": phone}).into(shop, http.StatusCreated, &v)
		return v
	}()

	shop.addBot(1)
	anna := shop.link(phone)
	approved := shop.begin(fields{"phone": phone, "order_id": "order-42", "metadata": fields{"cart": "7"}})
	if c := shop.check(approved.ID, fields{"code": shop.inChat(anna).Code()}); !c.Valid {
		t.Fatalf("check: %+v", c)
	}
	live := shop.begin(fields{"phone": phone})
	shop.settled(live.ID, "telegram:sent")

	first := shop.forget(phone, "Idempotency-Key", "once")
	if first.Verifications != 2 || first.Links != 1 || first.Deliveries < 2 || first.ForgottenAt == "" {
		t.Errorf("receipt %+v", first)
	}
	for _, id := range []string{approved.ID, live.ID} {
		a := shop.ask("GET", "/v1/verifications/"+id, nil)
		if a.status != http.StatusOK || strings.Contains(string(a.body), `"phone"`) || strings.Contains(string(a.body), "order-42") {
			t.Errorf("%s is shown as %d %s", id, a.status, a.body)
		}
	}
	if v := shop.get(live.ID); v.Status != "canceled" || v.EndReason != "canceled_by_business" {
		t.Errorf("the live code is %s, %s", v.Status, v.EndReason)
	}
	if v := shop.get(approved.ID); v.Status != "approved" || len(v.Route) == 0 {
		t.Errorf("the statistics lost %+v", v)
	}
	if a := shop.ask("POST", "/v1/phones/lookup", fields{"phone": phone}); !strings.Contains(string(a.body), `"links":[]`) {
		t.Errorf("lookup: %s", a.body)
	}
	if a := shop.ask("POST", "/v1/verifications/search", fields{"phone": phone}); !strings.Contains(string(a.body), `"items":[]`) {
		t.Errorf("search: %s", a.body)
	}
	if _, err := anna.WaitMessage(w.ctx(), shop.bot, telegramsim.HasText("is canceled")); err != nil {
		t.Errorf("the chat keeps a code: %v", err)
	}
	for _, e := range strings.Split(string(shop.ask("GET", "/v1/events?limit=100", nil).body), `"id":"evt_`) {
		if strings.Contains(e, "4567") {
			t.Errorf("an event shows the phone: %s", e)
		}
	}

	if again := shop.forget(phone, "Idempotency-Key", "once"); again != first {
		t.Errorf("the repeat is answered %+v, want %+v", again, first)
	}
	if again := shop.forget(phone); again.Verifications+again.Deliveries+again.Links+again.Sessions != 0 || again.ID == first.ID {
		t.Errorf("forgetting twice found %+v", again)
	}
	a := shop.ask("POST", "/v1/phones/forget", fields{"phone": "+77011234568"}, "Idempotency-Key", "once")
	if a.status != http.StatusUnprocessableEntity || a.code != "key_reused" {
		t.Errorf("another phone with the key: %d %s", a.status, a.code)
	}

	if v := neighbour.get(theirs.ID); v.Phone != phone || v.Status != "pending" {
		t.Errorf("the neighbour's verification is %s for %q", v.Status, v.Phone)
	}
	var kept verification
	shop.askWith(shop.trial, "GET", "/v1/verifications/"+trial.ID, nil).into(shop, http.StatusOK, &kept)
	if kept.Phone != phone {
		t.Errorf("a live key forgot the trial of %q", kept.Phone)
	}
	var gone forgotten
	shop.askWith(shop.trial, "POST", "/v1/phones/forget", fields{"phone": phone}).into(shop, http.StatusOK, &gone)
	if gone.Verifications != 1 || gone.Links != 0 {
		t.Errorf("a test key forgot %+v", gone)
	}
}

func TestForgetNeedsAnAdminKey(t *testing.T) {
	t.Parallel()
	s := newWorld(t).business("Shop")
	var made struct{ Key string }
	s.ask("POST", "/v1/keys", fields{"name": "till", "scopes": []string{"start", "check"}}).into(s, http.StatusCreated, &made)
	if a := s.askWith(made.Key, "POST", "/v1/phones/forget", fields{"phone": goodPhone}); a.code != "missing_scope" {
		t.Errorf("a key without the scope is answered %d %s", a.status, a.code)
	}
}
