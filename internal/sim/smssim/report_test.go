package smssim_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/loopback"
	"otpravka/internal/sim/smssim"
)

// receiver takes delivery reports.
type receiver struct {
	mu     sync.Mutex
	bodies []string
	kinds  []string
	times  []time.Time
	status int
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bodies = append(r.bodies, string(body))
	r.kinds = append(r.kinds, req.Header.Get("Content-Type"))
	r.times = append(r.times, time.Now())
	if r.status != 0 {
		w.WriteHeader(r.status)
	}
}

// words returns the status words received so far.
func (r *receiver) words(tb testing.TB) []string {
	tb.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	var words []string
	for _, body := range r.bodies {
		var report struct{ Status string }
		if err := json.Unmarshal([]byte(body), &report); err != nil {
			tb.Fatal(err)
		}
		words = append(words, report.Status)
	}
	return words
}

const callback = "http://shop.test/dlr"

// inBubble runs a test with a provider and a receiver of reports in fake time.
func inBubble(t *testing.T, opts smssim.Options, run func(*testing.T, *provider, *receiver)) {
	synctest.Test(t, func(t *testing.T) {
		line, shop := loopback.NewMemory("sms.test"), loopback.NewMemory("shop.test")
		opts.Listener, opts.Client = line, shop.Client()
		p := &provider{Server: smssim.New(opts), tb: t, client: line.Client()}
		var err error
		if p.base, err = p.Listen(); err != nil {
			t.Fatal(err)
		}
		r := &receiver{}
		var host loopback.Server
		if _, err := host.Listen(shop, r); err != nil {
			t.Fatal(err)
		}
		run(t, p, r)
		p.Close()
		host.Close()
		p.client.CloseIdleConnections()
		opts.Client.CloseIdleConnections()
	})
}

func TestReportWords(t *testing.T) {
	for _, tt := range []struct {
		name string
		plan smssim.Reports
		want []string
	}{
		{"default", smssim.Reports{}, []string{"delivered"}},
		{"in order", smssim.Reports{Words: []string{"sent", "delivered"}}, []string{"sent", "delivered"}},
		{"out of order", smssim.Reports{Words: []string{"delivered", "sent"}}, []string{"delivered", "sent"}},
		{"failed", smssim.Reports{Words: []string{"failed"}}, []string{"failed"}},
		{"doubled", smssim.Reports{Twice: true}, []string{"delivered", "delivered"}},
		{"never", smssim.Reports{Never: true}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, smssim.Options{Reports: tt.plan}, func(t *testing.T, p *provider, r *receiver) {
				p.must("x", "dlv_1", callback)
				p.must("without callback", "", "")
				synctest.Wait()
				if got := r.words(t); !slices.Equal(got, tt.want) || len(p.Posted()) != len(tt.want) {
					t.Errorf("got %v, posted %v", got, p.Posted())
				}
			})
		})
	}
}

func TestReportShape(t *testing.T) {
	inBubble(t, smssim.Options{ReportFields: smssim.ReportFields{ID: "message_id", To: "-"}}, func(t *testing.T, p *provider, r *receiver) {
		p.must("x", "dlv_1", callback)
		if err := p.WaitPosted(t.Context(), 1); err != nil {
			t.Fatal(err) // reports overtake each other
		}
		p.ReportsFor("7 701 123-45-67", smssim.Reports{Form: true})
		p.must("y", "dlv_2", callback)
		if err := p.WaitPosted(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
		if r.kinds[0] != "application/json" || r.bodies[0] != `{"message_id":"sms-1","ref":"dlv_1","status":"delivered"}` {
			t.Errorf("%s %s", r.kinds[0], r.bodies[0])
		}
		form, err := url.ParseQuery(r.bodies[1])
		if err != nil || r.kinds[1] != "application/x-www-form-urlencoded" || form.Get("message_id") != "sms-2" || form.Has("to") {
			t.Errorf("%s %s, %v", r.kinds[1], r.bodies[1], err)
		}
	})
}

func TestReportDelayEndsWithClose(t *testing.T) {
	inBubble(t, smssim.Options{Reports: smssim.Reports{Words: []string{"sent", "delivered"}, Delay: time.Minute}}, func(t *testing.T, p *provider, r *receiver) {
		start := time.Now()
		p.must("x", "", callback)
		time.Sleep(90 * time.Second) // Fake time.
		synctest.Wait()
		if len(r.times) != 1 || r.times[0].Sub(start) != time.Minute {
			t.Errorf("reports at %v", r.times)
		}
		p.Close() // The second report is dropped; a leak would fail the bubble.
		if len(r.times) != 1 {
			t.Errorf("%d reports", len(r.times))
		}
	})
}

func TestReportByHand(t *testing.T) {
	inBubble(t, smssim.Options{Reports: smssim.Reports{Never: true}}, func(t *testing.T, p *provider, r *receiver) {
		p.must("x", "", callback)
		r.status = 503
		report, err := p.Report(t.Context(), "sms-1", "failed")
		if err != nil || report.Status != 503 || report.Word != "failed" {
			t.Errorf("%+v, %v", report, err)
		}
		r.status = 0
		if report, err = p.Report(t.Context(), "sms-1", "delivered"); err != nil || report.Status != 200 {
			t.Errorf("%+v, %v", report, err)
		}
		if got := r.words(t); !slices.Equal(got, []string{"failed", "delivered"}) {
			t.Errorf("got %v", got)
		}
		if _, err := p.Report(t.Context(), "sms-9", "delivered"); !errors.Is(err, smssim.ErrUnknownSMS) {
			t.Errorf("unknown message: %v", err)
		}
	})
}

func TestSendFaults(t *testing.T) {
	for _, tt := range []struct {
		name    string
		rule    fault.Rule
		status  int
		body    string
		arrives bool
		fails   bool
	}{
		{"503", fault.Rule{Status: 503}, 503, `{"status":"error","error":"service unavailable"}`, false, false},
		{"429", fault.Rule{RetryAfter: time.Second}, 429, `{"status":"error","error":"too many requests"}`, false, false},
		{"error in a good answer", fault.Rule{Body: `{"error_code":7}`, ContentType: "application/json"}, 200, `{"error_code":7}`, false, false},
		{"garbage, but sent", fault.Rule{Body: "<<<", Processed: true}, 200, "<<<", true, false},
		{"empty", fault.Rule{Empty: true}, 200, "", false, false},
		{"cut before", fault.Rule{Drop: fault.DropBefore}, 0, "", false, true},
		{"cut after", fault.Rule{Drop: fault.DropAfter}, 0, "", true, true},
		{"other phone", fault.Rule{Status: 500, Target: "77010000001"}, 200, `{"status":"accepted","id":"sms-1"}`, true, false},
		{"this phone", fault.Rule{Status: 500, Target: "7 (701) 123-45-67", Description: "no route"}, 500, `{"status":"error","error":"no route"}`, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newProvider(t, smssim.Options{})
			p.Fail(tt.rule)
			status, body, err := p.send("x", "", "")
			if status != tt.status || body != tt.body || (err != nil) != tt.fails {
				t.Errorf("%d %s, %v", status, body, err)
			}
			if arrived := len(p.Inbox(phone)) == 1; arrived != tt.arrives {
				t.Errorf("arrived: %v", arrived)
			}
			if len(p.Calls()) != 1 || p.Calls()[0].Params["text"] != "x" {
				t.Errorf("calls %+v", p.Calls())
			}
			p.ClearFaults()
			p.must("again", "", "")
		})
	}
}
