package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"otpravka/otpcore"
)

// posts count the tries to bring an event to an endpoint.
type posts struct {
	total   *prometheus.CounterVec
	seconds *prometheus.HistogramVec
}

func newPosts() posts {
	return posts{
		total: counter("otpravka_webhook_tries_total",
			"Tries to bring an event to an endpoint of a business, by result: taken, or the kind of error that the API shows with a delivery.",
			"mode", "result"),
		seconds: histogram("otpravka_webhook_try_seconds",
			"How long a try took, whatever came of it. Receivers have 15 seconds.",
			[]float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 15}, "mode"),
	}
}

// Posted counts a try. It never blocks.
func (m *Metrics) Posted(mode otpcore.Mode, r otpcore.PostResult) {
	result := string(r.Failure)
	if result == "" {
		result = "taken"
	}
	m.posts.total.WithLabelValues(string(mode), result).Inc()
	m.posts.seconds.WithLabelValues(string(mode)).Observe(r.Took.Seconds())
}
