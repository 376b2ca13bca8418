package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"otpravka/internal/app"
	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/smssim"
)

// report posts a body to a callback address, as any stranger can.
func (w *world) report(address, body string) int {
	w.Helper()
	req, err := http.NewRequestWithContext(w.ctx(), http.MethodPost, address, strings.NewReader(body))
	w.must(err)
	res, err := w.http.Do(req)
	w.must(err)
	w.must(res.Body.Close())
	return res.StatusCode
}

func TestReports(t *testing.T) { eachDatabase(t, reports) }

func reports(t *testing.T, on func(*app.Config)) {
	w := newWorld(t, on)
	shop := w.business("Shop")
	posts := 0
	for i, tt := range []struct {
		name    string
		reports smssim.Reports
		posts   int
		trail   string
		ended   string         // end_reason
		events  map[string]int // in the timeline
	}{
		{"delivered", smssim.Reports{}, 1, "sms:delivered", "", map[string]int{"delivery.delivered": 1}},
		{"sent, then delivered", smssim.Reports{Words: []string{"sent", "delivered"}}, 2, "sms:delivered", "", map[string]int{"delivery.delivered": 1}},
		{"twice each", smssim.Reports{Words: []string{"sent", "delivered"}, Twice: true}, 4, "sms:delivered", "", map[string]int{"delivery.delivered": 1}},
		{"out of order", smssim.Reports{Words: []string{"delivered", "sent"}}, 2, "sms:delivered", "", map[string]int{"delivery.delivered": 1}},
		{"failed", smssim.Reports{Words: []string{"failed"}}, 1, "sms:failed", "undeliverable", map[string]int{"delivery.failed": 1, "verification.failed": 1}},
		{"failed twice", smssim.Reports{Words: []string{"failed"}, Twice: true}, 2, "sms:failed", "undeliverable", map[string]int{"delivery.failed": 1, "verification.failed": 1}},
		{"failed after delivered", smssim.Reports{Words: []string{"delivered", "failed"}}, 2, "sms:delivered", "", map[string]int{"delivery.failed": 0, "verification.failed": 0}},
		{"delivered after failed", smssim.Reports{Words: []string{"failed", "delivered"}}, 2, "sms:failed", "undeliverable", map[string]int{"delivery.delivered": 0}},
		{"unlisted word", smssim.Reports{Words: []string{"pondering", "delivered"}}, 2, "sms:delivered", "", map[string]int{"delivery.delivered": 1}},
	} {
		phone := fmt.Sprintf("+7701000000%d", i)
		w.sms.ReportsFor(phone, tt.reports)
		v := shop.begin(fields{"phone": phone, "channels": []string{"sms"}})
		posts += tt.posts
		w.must(w.sms.WaitPosted(w.ctx(), posts))
		got := shop.settled(v.ID, tt.trail)
		if got.EndReason != tt.ended {
			t.Errorf("%s: ended as %q, want %q", tt.name, got.EndReason, tt.ended)
		}
		for kind, n := range tt.events {
			if got.happened(kind) != n {
				t.Errorf("%s: %s happened %d times, want %d", tt.name, kind, got.happened(kind), n)
			}
		}
	}
	for _, r := range w.sms.Posted() {
		if r.Status != http.StatusOK {
			t.Errorf("report %q was answered %d", r.Word, r.Status)
		}
	}
}

func TestReportBeforeTheAnswerToTheSend(t *testing.T) {
	t.Parallel()
	for name, ids := range map[string]func(string) string{
		"with our own id":      func(yaml string) string { return yaml },
		"with the provider's":  func(yaml string) string { return strings.Replace(yaml, "      reference: \"$.ref\"\n", "", 1) },
		"with neither of them": func(yaml string) string { return strings.Replace(yaml, `"$.ref"`, `"$.nothing"`, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.stop()
			w.cfg.SMS = w.providers(ids(smssim.Declaration(w.sms.URL())))
			w.start()
			shop := w.business("Shop")
			// The provider keeps its answer back until its report is posted.
			w.sms.Fail(fault.Rule{AnswerDelay: 300 * time.Millisecond})
			v := shop.begin(fields{"phone": goodPhone, "channels": []string{"sms"}})
			w.must(w.sms.WaitPosted(w.ctx(), 1))
			shop.settled(v.ID, "sms:delivered")
			w.stop() // the answer is in by now, and may not set the delivery back
			w.start()
			if got := shop.settled(v.ID, "sms:delivered"); got.happened("delivery.delivered") != 1 || got.Deliveries[0].DeliveredAt == "" {
				t.Errorf("timeline is %+v", got.Timeline)
			}
		})
	}
}

func TestFailureReportGoesOnAtOnce(t *testing.T) { eachDatabase(t, failureReportGoesOnAtOnce) }

func failureReportGoesOnAtOnce(t *testing.T, on func(*app.Config)) {
	w := newWorld(t, on)
	shop := w.business("Shop")
	shop.addBot(1)
	anna := shop.link(goodPhone)
	w.sms.ReportsFor(goodPhone, smssim.Reports{Words: []string{"failed"}})
	begun := time.Now()
	v := shop.begin(fields{"phone": goodPhone, "channels": []string{"sms", "telegram"}})
	code := shop.inChat(anna).Code()
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("the chat had to wait %s for the code, as long as for the clock", took)
	}
	if sms := w.waitSMS(goodPhone).Code(); sms != code {
		t.Error("the chat shows another code than the SMS")
	}
	shop.settled(v.ID, "sms:failed telegram:sent")
	if c := shop.check(v.ID, fields{"code": code}); !c.Valid {
		t.Errorf("the code was refused: %s", c.Reason)
	}
}

func TestForgedReports(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	w.sms.ReportsFor(goodPhone, smssim.Reports{Never: true})
	v := shop.begin(fields{"phone": goodPhone, "channels": []string{"sms"}})
	sent := w.waitSMS(goodPhone)
	shop.settled(v.ID, "sms:sent")
	before := w.stored()
	foreign := fmt.Sprintf(`{"id":%q,"ref":%q,"status":"delivered"}`, sent.ID, sent.Ref)
	for _, r := range []struct {
		name, address, body string
		status              int
	}{
		{"unknown id", sent.Callback, `{"id":"sms-999","status":"failed"}`, 200},
		{"unknown id of ours", sent.Callback, `{"id":"sms-998","ref":"dlv_01kpx3q8e5f1ttgq0g7m9y2c4d","status":"failed"}`, 200},
		{"wrong key", sent.Callback[:len(sent.Callback)-1] + string([]byte{sent.Callback[len(sent.Callback)-1] ^ 1}), foreign, 404},
		{"shorter key", sent.Callback[:len(sent.Callback)-1], foreign, 404},
		{"no key", w.url + "/callbacks/sms/", foreign, 404},
		{"provider's name as key", w.url + "/callbacks/sms/simulated", foreign, 404},
		{"no JSON", sent.Callback, `id=` + sent.ID, 400},
		{"nothing", sent.Callback, ``, 400},
		{"nothing in it", sent.Callback + "?id=" + sent.ID, `[]`, 200},
	} {
		if status := w.report(r.address, r.body); status != r.status {
			t.Errorf("%s: %d, want %d", r.name, status, r.status)
		}
	}
	if after := w.stored(); after != before {
		t.Errorf("the rows went from %s to %s", before, after)
	}
	if got := shop.get(v.ID); got.trail() != "sms:sent" || got.Status != "pending" {
		t.Errorf("forged reports made it %s %s", got.Status, got.trail())
	}
	key := sent.Callback[strings.LastIndex(sent.Callback, "/")+1:]
	if strings.Contains(w.logs.String(), key) {
		t.Error("the key of the callback is in the log")
	}
	if status := w.report(sent.Callback, foreign); status != 200 {
		t.Errorf("the true report: %d", status)
	}
	shop.settled(v.ID, "sms:delivered")
}

func TestReceiptStopsTheClock(t *testing.T) { eachDatabase(t, receiptStopsTheClock) }

func receiptStopsTheClock(t *testing.T, on func(*app.Config)) {
	w := newWorld(t, on, func(cfg *app.Config) { cfg.Rules.FallbackAfter = 3 * time.Second })
	shop := w.business("Shop")
	shop.addBot(1)
	phone := func(i int) string { return fmt.Sprintf("+7701000000%d", i) }
	for i := range 4 {
		shop.link(phone(i))
	}
	w.sms.ReportsFor(phone(1), smssim.Reports{Never: true})
	begin := func(i int, on string, channels ...string) string {
		return shop.begin(fields{"phone": phone(i), "fallback_on": on, "channels": channels}).ID
	}
	reported := begin(0, "undelivered", "sms", "telegram")
	silent := begin(1, "undelivered", "sms", "telegram")
	accepted := begin(2, "undelivered", "telegram", "sms")
	unconfirmed := begin(3, "unconfirmed", "telegram", "sms")

	shop.settled(silent, "sms:sent telegram:sent")
	shop.settled(unconfirmed, "telegram:sent sms:delivered")
	// All clocks would have run out by now: the other two were begun before.
	for id, trail := range map[string]string{reported: "sms:delivered", accepted: "telegram:sent"} {
		if got := shop.get(id); got.trail() != trail || got.FallbackAt != "" {
			t.Errorf("%s, fallback at %q, want %s and no fallback", got.trail(), got.FallbackAt, trail)
		}
	}
}
