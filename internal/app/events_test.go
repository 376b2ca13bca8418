package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"otpravka/internal/sim/fault"
)

// follower follows the events of a shop.
type follower struct {
	*shop
	after string
	heard []string // types, in their order
	raw   []string // the events as they came
}

// until follows up to the first new event of the type that is about the
// verification, or about none.
func (f *follower) until(kind, verification string) {
	f.Helper()
	over := time.Now().Add(patience)
	for time.Now().Before(over) {
		var page struct {
			Items     []json.RawMessage `json:"items"`
			NextAfter string            `json:"next_after"`
		}
		f.ask("GET", "/v1/events?limit=1&wait=20&after="+f.after, nil).into(f.shop, http.StatusOK, &page)
		f.after = page.NextAfter
		for _, raw := range page.Items {
			var e struct {
				Type string
				Data map[string]string
			}
			f.must(json.Unmarshal(raw, &e))
			f.heard, f.raw = append(f.heard, e.Type), append(f.raw, string(raw))
			if e.Type == kind && e.Data["verification_id"] == verification {
				return
			}
		}
	}
	f.Fatalf("no %s of %q within %s; heard of %v", kind, verification, patience, f.heard)
}

var e164 = regexp.MustCompile(`\+?[1-9][0-9]{7,14}`)

// T30: a business hears of everything that happens, and no event holds a whole
// phone, a code or a text.
func TestT30EventsAreThin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, wide)
	shop := w.business("Shop")
	f := &follower{shop: shop, after: "beginning"}
	shop.addBot(1)
	f.until("bot.state_changed", "")
	anna := shop.link(goodPhone)
	f.until("link.created", "")
	var codes []string

	right := shop.begin(fields{"phone": goodPhone, "fallback_after": 60, "metadata": fields{"who": "planted-in-metadata"}})
	codes = append(codes, shop.inChat(anna).Code())
	shop.check(right.ID, fields{"code": other(codes[0])})
	shop.check(right.ID, fields{"code": codes[0]})
	f.until("verification.approved", right.ID)

	stolen := shop.begin(fields{"phone": goodPhone, "fallback_after": 60})
	m := shop.inChat(anna, codes...)
	codes = append(codes, m.Code())
	_, err := anna.Press(m, "It wasn't me")
	w.must(err)
	f.until("verification.reported", stolen.ID)
	shop.ask("POST", "/v1/phones/unblock", fields{"phone": goodPhone})

	anna.Block(shop.bot)
	late := shop.begin(fields{"phone": goodPhone})
	codes = append(codes, w.waitSMS(goodPhone).Code())
	f.until("delivery.delivered", late.ID)
	shop.cancel(late.ID)
	f.until("verification.canceled", late.ID)

	w.sms.Fail(fault.Rule{
		Times: fault.Always, Status: 400, ContentType: "application/json",
		Body: fmt.Sprintf(`{"status":"rejected","error":"no route to %s"}`, goodPhone),
	})
	dead := shop.begin(fields{"phone": goodPhone, "channels": []string{"sms"}})
	f.until("delivery.failed", dead.ID)
	f.until("verification.failed", dead.ID)

	for _, raw := range f.raw {
		if phone := e164.FindString(withoutIDs(raw)); phone != "" {
			t.Errorf("%s is in %s", phone, raw)
		}
		for _, secret := range append(codes, goodPhone[1:], goodPhone[5:], "planted", "no route to") {
			if strings.Contains(raw, secret) {
				t.Errorf("%q is in %s", secret, raw)
			}
		}
		if strings.Contains(raw, "verification.") && !strings.Contains(raw, `"phone":"`+goodPhone[:len(goodPhone)-7]+`•••`+goodPhone[len(goodPhone)-4:]+`"`) {
			t.Errorf("no masked phone in %s", raw)
		}
	}
	if slices.ContainsFunc(f.heard, func(kind string) bool { return strings.HasPrefix(kind, "note.") }) {
		t.Errorf("a note is an event: %v", f.heard)
	}
}

var anyID = regexp.MustCompile(`[a-z]{3}_[0-7][0-9a-z]{25}`)

// withoutIDs leaves out what is random and may look like a number by chance.
func withoutIDs(text string) string { return anyID.ReplaceAllString(text, "id") }

func TestStopEndsTheWaitOfListeners(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	const waiting = 5 // of one key, and no more
	answers := make(chan answer, waiting+1)
	for range cap(answers) {
		req := shop.request("GET", "/v1/events?after=latest&wait=30", nil)
		go func() {
			a, err := shop.do(req, shop.keys[0])
			if err != nil {
				t.Errorf("a listener: %v", err)
			}
			answers <- a
		}()
	}
	if a := <-answers; a.code != "too_many_listeners" { // so the others wait
		t.Fatalf("one listener too many was answered %d %s", a.status, a.body)
	}
	began := time.Now()
	w.stop()
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("the stop took %s", took)
	}
	for range waiting {
		if a := <-answers; a.status != http.StatusOK || !strings.Contains(string(a.body), `"items":[]`) {
			t.Errorf("a listener was answered %d %s", a.status, a.body)
		}
	}
}
