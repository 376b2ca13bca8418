package metrics

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"otpravka/otpcore"
	"otpravka/storage"
)

// full has a value for every metric.
func full(t testing.TB) *Metrics {
	t.Helper()
	m := New(slog.New(slog.DiscardHandler))
	m.Watch(Sources{
		Storage:    func() storage.Stats { return storage.Stats{Commits: 3} },
		Dispatcher: func() int { return 4 }, Listeners: func() int { return 5 },
		Bots: func(context.Context) ([]*otpcore.Bot, error) {
			return []*otpcore.Bot{{Kind: otpcore.BotTelegram, State: otpcore.BotConnected}}, nil
		},
		Endpoints: func(context.Context) ([]*otpcore.Endpoint, error) {
			return []*otpcore.Endpoint{{Mode: otpcore.Live, Status: otpcore.EndpointActive}}, nil
		},
	})
	at := time.Unix(1_800_000_000, 0)
	v := &otpcore.Verification{Mode: otpcore.Live, Kind: otpcore.KindCode, Channel: otpcore.SMS, Status: otpcore.Approved, CreatedAt: at, EndedAt: at.Add(time.Second)}
	d := &otpcore.Delivery{
		ID: "dlv_1", Mode: otpcore.Live, Kind: otpcore.DeliverCode, Channel: otpcore.SMS, SentAt: at.Add(time.Second),
		Cost: otpcore.Cost{Money: otpcore.Money{Amount: "12.50", Currency: "KZT"}},
	}
	c := &otpcore.Case{Verification: v, Deliveries: []*otpcore.Delivery{d}}
	for _, e := range []struct {
		kind   otpcore.EventType
		reason string
	}{
		{otpcore.EventVerificationStarted, ""},
		{otpcore.EventDeliverySent, ""},
		{otpcore.NoteDeliveryRetry, ""},
		{otpcore.NoteDeliverySkipped, "no_link"},
		{otpcore.NoteDeliveryQueued, ""},
		{otpcore.EventVerificationApproved, ""},
	} {
		event := otpcore.Event{Type: e.kind, Mode: otpcore.Live, Data: map[string]string{
			"channel": "sms", "class": "throttled", "reason": e.reason, "cause": string(otpcore.CauseTimeout),
		}}
		if e.reason == "" {
			event.DeliveryID = d.ID
		}
		m.cases.event(c, &event)
	}
	m.Checked(otpcore.Live, otpcore.CheckResult{Valid: true})
	m.Posted(otpcore.Live, otpcore.PostResult{Took: time.Millisecond})
	m.Answered("GET", "/healthz", 200, time.Millisecond)
	return m
}

// Names, units and helps are those that Prometheus asks for, and each of our
// metrics has a sentence that says what it means.
func TestMetricsAreWellNamed(t *testing.T) {
	families, err := full(t).registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	ours := 0
	for _, f := range families {
		if name, help := f.GetName(), f.GetHelp(); strings.HasPrefix(name, "otpravka_") {
			ours++
			if len(help) < 20 || !strings.HasSuffix(help, ".") {
				t.Errorf("the help of %s is %q", name, help)
			}
		}
	}
	if ours != 25 {
		t.Errorf("%d metrics are ours, want 25: name a new one in docs/operations.md", ours)
	}
}

func TestBotsThatCannotBeReadKeepNothingBack(t *testing.T) {
	m := New(slog.New(slog.DiscardHandler))
	m.Watch(Sources{
		Storage:    func() storage.Stats { return storage.Stats{Commits: 3} },
		Dispatcher: func() int { return 0 }, Listeners: func() int { return 0 },
		Bots:      func(context.Context) ([]*otpcore.Bot, error) { return nil, errors.New("the disk is gone") },
		Endpoints: func(context.Context) ([]*otpcore.Endpoint, error) { return nil, errors.New("the disk is gone") },
	})
	srv := httptest.NewServer(m.Handler())
	defer srv.Close()
	res, err := http.Get(srv.URL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("answered %d (%v)", res.StatusCode, err)
	}
	if !strings.Contains(string(text), "otpravka_storage_commits_total 3") || strings.Contains(string(text), "otpravka_bots{") {
		t.Errorf("the metrics are\n%s", text)
	}
}

// A receipt may come before the answer to its own send: the message is counted
// once, from whichever came first.
func TestMessageThatLeftIsCountedOnce(t *testing.T) {
	at := time.Unix(1_800_000_000, 0)
	for name, tt := range map[string]struct {
		d      otpcore.Delivery
		events []otpcore.EventType
	}{
		"answer first":  {otpcore.Delivery{SentAt: at, DeliveredAt: at.Add(time.Second)}, []otpcore.EventType{otpcore.EventDeliverySent, otpcore.EventDeliveryDelivered, otpcore.EventDeliveryRead}},
		"receipt first": {otpcore.Delivery{SentAt: at, DeliveredAt: at, ReadAt: at.Add(time.Second)}, []otpcore.EventType{otpcore.EventDeliveryDelivered, otpcore.EventDeliveryRead}},
		"read first":    {otpcore.Delivery{SentAt: at, DeliveredAt: at, ReadAt: at}, []otpcore.EventType{otpcore.EventDeliveryRead}},
	} {
		counted := 0
		for _, e := range tt.events {
			if tellsThatItLeft(&otpcore.Event{Type: e}, &tt.d) {
				counted++
			}
		}
		if counted != 1 {
			t.Errorf("%s: counted %d times", name, counted)
		}
	}
}

// An order may have a hand-over code in its case: news of it cost money, and are no
// messages with a code.
func TestNewsOfAnOrderCostMoney(t *testing.T) {
	at := time.Unix(1_800_000_000, 0)
	for name, v := range map[string]*otpcore.Verification{
		"without a code": nil,
		"with a code":    {Mode: otpcore.Live, Kind: otpcore.KindHandover, CreatedAt: at},
	} {
		m := New(slog.New(slog.DiscardHandler))
		d := &otpcore.Delivery{
			ID: "dlv_1", Mode: otpcore.Live, Kind: otpcore.DeliverOrder, Channel: otpcore.SMS, Status: otpcore.Sent, SentAt: at,
			Cost: otpcore.Cost{Money: otpcore.Money{Amount: "25.00", Currency: "KZT"}},
		}
		c := &otpcore.Case{Verification: v, Order: &otpcore.Order{}, Deliveries: []*otpcore.Delivery{d}}
		m.cases.event(c, &otpcore.Event{Type: otpcore.EventDeliverySent, Mode: otpcore.Live, DeliveryID: d.ID, Data: map[string]string{"channel": "sms"}})
		families, err := m.registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		cost := 0.0
		for _, f := range families {
			switch f.GetName() {
			case "otpravka_send_cost_total":
				cost = f.GetMetric()[0].GetCounter().GetValue()
			case "otpravka_deliveries_total", "otpravka_delivery_sent_seconds":
				t.Errorf("%s: counted in %s as a message with a code", name, f.GetName())
			}
		}
		if cost != 25 {
			t.Errorf("%s: cost is %v, want 25", name, cost)
		}
	}
}
