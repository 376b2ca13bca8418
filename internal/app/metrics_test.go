package app_test

import (
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"otpravka/internal/app"
	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/smssim"
)

func withMetrics(cfg *app.Config) { cfg.MetricsListen = "127.0.0.1:0" }

var metricsForm = regexp.MustCompile(`"msg":"metrics are served","at":"([^"]+)"`)

// scrape asks for the metrics where the log says that they are.
func (w *world) scrape() string {
	w.Helper()
	all := metricsForm.FindAllStringSubmatch(w.logs.String(), -1)
	if len(all) == 0 {
		w.Fatal("the log does not say where metrics are")
	}
	res, err := w.http.Get(all[len(all)-1][1])
	w.must(err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	w.must(err)
	if res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/plain") {
		w.Fatalf("metrics are answered %d %s", res.StatusCode, res.Header.Get("Content-Type"))
	}
	return string(text)
}

// reads returns the value of a series, 0 for one that is not there.
func reads(t testing.TB, text, series string) float64 {
	t.Helper()
	for line := range strings.SplitSeq(text, "\n") {
		if value, found := strings.CutPrefix(line, series+" "); found {
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	return 0
}

func TestMetricsTellWhatHappened(t *testing.T) {
	t.Parallel()
	// The same chat gets more than a burst of messages, and its fallback is near.
	w := newWorld(t, wide, withMetrics, func(cfg *app.Config) { cfg.Rules.Paces = nil })
	for _, phone := range []string{"+77010000001", "+77010000002"} {
		w.sms.ReportsFor(phone, smssim.Reports{Never: true})
	}
	by := w.business("Shop")
	by.addBot(1)
	anna := by.link("+77010000001")

	v := by.begin(fields{"phone": "+77010000001"}) // in the chat, at the second guess
	code := by.inChat(anna).Code()
	by.check(v.ID, fields{"code": other(code)})
	by.check(v.ID, fields{"code": code}, "Idempotency-Key", "one")
	by.check(v.ID, fields{"code": code}, "Idempotency-Key", "one") // repeats an answer
	by.check(v.ID, fields{"code": code})
	by.check(v.ID, fields{"code": "12"})

	w.tg.Fail(fault.Rule{Method: "sendMessage", Status: 403, Description: "Forbidden: bot was blocked by the user"})
	v = by.begin(fields{"phone": "+77010000001"}) // refused there, then by SMS
	by.settled(v.ID, "telegram:failed sms:sent")
	by.cancel(v.ID)
	v = by.begin(fields{"phone": "+77010000002"}) // nobody linked it
	by.settled(v.ID, "sms:sent")
	by.keys = []string{by.trial}
	by.begin(fields{"phone": "+15005550001"})
	by.ask("GET", "/nowhere/at/all", nil)

	// A request is counted when its answer has left, which may be a moment late.
	var text string
	w.until("every answer is counted", func() bool {
		text = w.scrape()
		return reads(t, text, `otpravka_http_requests_total{operation="other",status="404"}`) == 1 &&
			reads(t, text, `otpravka_http_requests_total{operation="POST /v1/verifications",status="201"}`) == 4 &&
			reads(t, text, `otpravka_http_requests_total{operation="POST /v1/verifications/:id/check",status="200"}`) == 5
	})
	for series, want := range map[string]float64{
		`otpravka_verifications_started_total{kind="code",mode="live"}`:                                                 3,
		`otpravka_verifications_started_total{kind="code",mode="test"}`:                                                 1,
		`otpravka_verifications_ended_total{end_reason="",mode="live",status="approved"}`:                               1,
		`otpravka_verifications_ended_total{end_reason="canceled_by_business",mode="live",status="canceled"}`:           1,
		`otpravka_verification_approved_seconds_count{channel="telegram",mode="live"}`:                                  1,
		`otpravka_checks_total{mode="live",result="approved"}`:                                                          1,
		`otpravka_checks_total{mode="live",result="invalid_code"}`:                                                      1,
		`otpravka_checks_total{mode="live",result="already_used"}`:                                                      2,
		`otpravka_deliveries_total{channel="telegram",class="",kind="code",mode="live",status="sent"}`:                  1,
		`otpravka_deliveries_total{channel="telegram",class="blocked_by_user",kind="code",mode="live",status="failed"}`: 1,
		`otpravka_delivery_sent_seconds_count{channel="telegram",mode="live"}`:                                          1,
		`otpravka_channels_passed_over_total{channel="telegram",mode="live",reason="no_link"}`:                          1,
		`otpravka_send_cost_total{channel="sms",currency="KZT",mode="live"}`:                                            24,
		`otpravka_fallbacks_total{cause="undeliverable",channel="sms",mode="live"}`:                                     1,
		`otpravka_bots{kind="telegram",state="connected"}`:                                                              1,
		`otpravka_storage_transactions_lost_total`:                                                                      0,
		`otpravka_storage_refused_total`:                                                                                0,
		`otpravka_event_listeners`:                                                                                      0,
	} {
		if got := reads(t, text, series); got != want {
			t.Errorf("%s is %v, want %v", series, got, want)
		}
	}
	for _, series := range []string{
		"otpravka_storage_commits_total", "otpravka_storage_jobs_per_commit_count", "otpravka_storage_transaction_seconds_sum",
		"otpravka_http_request_seconds_count{operation=\"other\"}", "go_goroutines", "process_resident_memory_bytes",
		`otpravka_deliveries_total{channel="telegram",class="",kind="reply",mode="live",status="sent"}`,
	} {
		if reads(t, text, series) <= 0 {
			t.Errorf("%s is not counted", series)
		}
	}
	for _, person := range []string{by.id, v.ID, "7701", "0001", "Anna", "biz_", "vrf_", "dlv_", "bot_"} {
		for line := range strings.SplitSeq(text, "\n") {
			if labels, _, found := strings.Cut(line, "} "); found && strings.Contains(labels, person) {
				t.Errorf("a label tells of somebody: %s", line)
			}
		}
	}
}

// A second server keeps on delivering codes when the port is the first one's.
func TestMetricsPortIsTaken(t *testing.T) {
	t.Parallel()
	first := newWorld(t, withMetrics)
	first.scrape()
	taken := metricsForm.FindStringSubmatch(first.logs.String())[1]
	second := newWorld(t, func(cfg *app.Config) {
		cfg.MetricsListen = strings.TrimSuffix(strings.TrimPrefix(taken, "http://"), "/metrics")
	})
	by := second.business("Shop")
	by.begin(fields{"phone": "+77010000001", "channels": []string{"sms"}})
	second.waitSMS("+77010000001")
	if log := second.logs.String(); !strings.Contains(log, "OTPRAVKA_METRICS_LISTEN") || metricsForm.MatchString(log) {
		t.Errorf("the log does not say that metrics are missing")
	}
	second.stop()
	first.scrape()
}

func TestMetricsAreServedAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withMetrics)
	base := strings.TrimSuffix(metricsForm.FindStringSubmatch(w.logs.String())[1], "/metrics")
	for _, asked := range []struct {
		method, url string
		status      int
	}{
		{"GET", base + "/", 404},
		{"GET", base + "/debug/pprof/", 404},
		{"GET", base + "/v1/settings", 404},
		{"POST", base + "/metrics", 405},
		{"GET", w.url + "/metrics", 404},
	} {
		req, err := http.NewRequestWithContext(w.ctx(), asked.method, asked.url, nil)
		w.must(err)
		res, err := w.http.Do(req)
		w.must(err)
		w.must(res.Body.Close())
		if res.StatusCode != asked.status {
			t.Errorf("%s %s is answered %d, want %d", asked.method, asked.url, res.StatusCode, asked.status)
		}
	}
}
