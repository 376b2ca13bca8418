package app_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"otpravka/internal/sim/smssim"
)

// unreported starts a verification whose SMS was sent and not reported on.
func (s *shop) unreported(phone string) (verification, smssim.SMS) {
	s.Helper()
	s.sms.ReportsFor(phone, smssim.Reports{Never: true})
	v := s.begin(fields{"phone": phone, "channels": []string{"sms"}})
	sent := s.waitSMS(phone)
	s.settled(v.ID, "sms:sent")
	return v, sent
}

func TestT26ReplayedReportChangesOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	v, sent := shop.unreported(goodPhone)
	body := fmt.Sprintf(`{"id":%q,"ref":%q,"status":"delivered"}`, sent.ID, sent.Ref)
	if status := w.report(sent.Callback, body); status != http.StatusOK {
		t.Fatalf("the report: %d", status)
	}
	first, rows := shop.settled(v.ID, "sms:delivered"), w.stored()
	var replaying sync.WaitGroup
	for range 20 {
		replaying.Go(func() {
			for range 50 {
				if status := w.report(sent.Callback, body); status != http.StatusOK {
					t.Errorf("a replay: %d", status)
				}
			}
		})
	}
	replaying.Wait()
	got := shop.get(v.ID)
	if got.happened("delivery.delivered") != 1 || fmt.Sprint(got.Deliveries) != fmt.Sprint(first.Deliveries) {
		t.Errorf("after 1,000 replays: %+v", got)
	}
	if after := w.stored(); after != rows {
		t.Errorf("the rows went from %s to %s", rows, after)
	}
}

func TestT26ReportsGoForwardAndNeverApprove(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	v, sent := shop.unreported(goodPhone)
	for _, word := range []string{"delivered", "sent", "failed", "delivered", "failed"} { // row 60
		r, err := w.sms.Report(w.ctx(), sent.ID, word)
		w.must(err)
		if r.Status != http.StatusOK {
			t.Errorf("row 60, %s: %d", word, r.Status)
		}
		if got := shop.get(v.ID); got.trail() != "sms:delivered" || got.Status != "pending" {
			t.Errorf("row 60, %s made it %s %s", word, got.Status, got.trail())
		}
	}
	rows := w.stored()
	for n := range 50 {
		body := fmt.Sprintf(`{"id":"sms-9%02d","ref":"dlv_01kpx3q8e5f1ttgq0g7m9y2c%02d","status":"delivered"}`, n, n)
		if status := w.report(sent.Callback, body); status != http.StatusOK {
			t.Errorf("a report on an unknown message: %d", status)
		}
	}
	if after := w.stored(); after != rows {
		t.Errorf("the rows went from %s to %s", rows, after)
	}
	if c := shop.check(v.ID, fields{"code": sent.Code()}); !c.Valid {
		t.Errorf("the right code after all that: %+v", c)
	}
}

const (
	xxe = `<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]><r><id>&e;</id><status>delivered</status></r>`
	// laughs would be 10^9 words once its entities are replaced.
	laughs = `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">` +
		`<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;">]><r><id>&e;</id></r>`
)

// Row 61: a report counts in the one form that its provider is declared with.
func TestT26ReportsCountInTheirDeclaredFormOnly(t *testing.T) {
	t.Parallel()
	for form, declared := range map[string]func(string) string{
		"json": func(yaml string) string { return yaml },
		"form": func(yaml string) string { return strings.Replace(yaml, "parse: json", "parse: form", 1) },
		"query": func(yaml string) string {
			return strings.NewReplacer("parse: json", "parse: query", "[POST]", "[GET]").Replace(yaml)
		},
	} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			shop := w.business("Shop")
			w.stop()
			w.cfg.SMS = w.providers(declared(smssim.Declaration(w.sms.URL())))
			w.start()
			v, sent := shop.unreported(goodPhone)
			pairs := "id=" + sent.ID + "&ref=" + sent.Ref + "&status=delivered"
			object := fmt.Sprintf(`{"id":%q,"ref":%q,"status":"delivered"}`, sent.ID, sent.Ref)
			rows, good := w.stored(), ""
			for _, r := range []struct{ counts, method, query, body string }{
				{"", "PUT", "?" + pairs, object},
				{"", "DELETE", "?" + pairs, object},
				{"", "POST", "", xxe},
				{"", "POST", "", laughs},
				{"", "GET", "", xxe},
				{"json", "POST", "", object},
				{"form", "POST", "", pairs},
				{"query", "GET", "?" + pairs, ""},
			} {
				if r.counts == form {
					good = r.method
					continue
				}
				if status := w.tell(r.method, sent.Callback+r.query, r.body); status != 200 && status != 400 && status != 405 {
					t.Errorf("%s %.20s: %d", r.method, r.body, status)
				}
			}
			if after := w.stored(); after != rows {
				t.Errorf("the rows went from %s to %s", rows, after)
			}
			if got := shop.get(v.ID); got.trail() != "sms:sent" {
				t.Errorf("reports in other forms made it %s", got.trail())
			}
			address, body := sent.Callback, map[string]string{"json": object, "form": pairs}[form]
			if form == "query" {
				address += "?" + pairs
			}
			if status := w.tell(good, address, body); status != 200 {
				t.Errorf("the true report: %d", status)
			}
			shop.settled(v.ID, "sms:delivered")
		})
	}
}

// tell sends a report by any method.
func (w *world) tell(method, address, body string) int {
	w.Helper()
	req, err := http.NewRequestWithContext(w.ctx(), method, address, strings.NewReader(body))
	w.must(err)
	res, err := w.http.Do(req)
	w.must(err)
	w.must(res.Body.Close())
	return res.StatusCode
}

// Row 62: 2^53+1 is the first whole number that a float cannot hold.
func TestT26MessageIDsAreComparedAsTexts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	callbacks := make(chan string, 1)
	provider := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		var sent struct{ Callback string }
		_ = json.NewDecoder(r.Body).Decode(&sent)
		_, _ = io.WriteString(rw, `{"status":"accepted","id":9007199254740993}`)
		callbacks <- sent.Callback
	}))
	t.Cleanup(provider.Close)
	shop := w.business("Shop")
	w.stop()
	w.cfg.SMS = w.providers(smssim.Declaration(provider.URL))
	w.start()
	v := shop.begin(fields{"phone": goodPhone, "channels": []string{"sms"}})
	var callback string
	select {
	case callback = <-callbacks:
	case <-w.ctx().Done():
		t.Fatal("no SMS was sent")
	}
	shop.settled(v.ID, "sms:sent")
	for _, id := range []string{
		`9007199254740992`, `9007199254740994`, `9.007199254740993e15`, `9007199254740993.0`, `" 9007199254740993"`, `"9007199254740993 "`,
		`"09007199254740993"`, `"+9007199254740993"`, `[9007199254740993]`, `"9007199254740993\u0000"`,
	} {
		if status := w.report(callback, `{"id":`+id+`,"status":"delivered"}`); status != 200 {
			t.Errorf("row 62, id %s: %d", id, status)
		}
		if got := shop.get(v.ID); got.trail() != "sms:sent" {
			t.Fatalf("row 62, id %s was taken for another", id)
		}
	}
	if status := w.report(callback, `{"id":"9007199254740993","status":"delivered"}`); status != 200 {
		t.Errorf("the true report: %d", status)
	}
	shop.settled(v.ID, "sms:delivered")
}
