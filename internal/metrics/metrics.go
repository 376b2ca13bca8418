// Package metrics tells Prometheus how Otpravka fares.
//
// What happened to verifications is counted from committed cases only, so a
// transaction that was rolled back, or lost in a crash, never shows. No label
// holds a business, a phone, an id or a path: each value of a label is a time
// series that Prometheus keeps for weeks, so labels are words that this program
// chose, and there are few of them. A figure of one business is what the
// business API answers.
package metrics

import (
	"context"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"otpravka/otpcore"
	"otpravka/storage"
)

// Sources are asked when Prometheus asks. They may be called from several
// goroutines at once.
type Sources struct {
	Storage    func() storage.Stats
	Bots       func(context.Context) ([]*otpcore.Bot, error)
	Dispatcher func() int // deliveries in memory
	Listeners  func() int // requests that wait for events
	Endpoints  func(context.Context) ([]*otpcore.Endpoint, error)
}

// Metrics is a registry of its own: nothing that a library registers globally
// gets in.
type Metrics struct {
	registry *prometheus.Registry
	log      *slog.Logger

	cases cases
	http  requests
	posts posts
}

// New returns metrics that count nothing yet.
func New(log *slog.Logger) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), log: log, cases: newCases(), http: newRequests(), posts: newPosts()}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.registry.MustRegister(m.cases.all()...)
	m.registry.MustRegister(m.http.total, m.http.seconds)
	m.registry.MustRegister(m.posts.total, m.posts.seconds)
	return m
}

// Watch adds what is read from the rooms at each scrape. It is called once.
func (m *Metrics) Watch(from Sources) {
	m.registry.MustRegister(
		newWriter(from.Storage),
		newBots(from.Bots, m.log),
		newEndpoints(from.Endpoints, m.log),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "otpravka_dispatcher_deliveries",
			Help: "Messages in this process's hands: waiting for a call to their provider, or in one. New starts are refused when there are too many.",
		}, func() float64 { return float64(from.Dispatcher()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "otpravka_event_listeners",
			Help: "Requests of businesses that wait for their next event.",
		}, func() float64 { return float64(from.Listeners()) }),
	)
}
