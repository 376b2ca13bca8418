package metrics

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// requests counts what is asked over HTTP.
type requests struct {
	total   *prometheus.CounterVec
	seconds *prometheus.HistogramVec
}

func newRequests() requests {
	return requests{
		total: counter("otpravka_http_requests_total",
			"Answered requests, by operation and status. The operation is the pattern of the route, never the path; what no route knows is other.",
			"operation", "status"),
		seconds: histogram("otpravka_http_request_seconds",
			"From the end of a request's headers to the end of its answer.",
			[]float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 15, 60}, "operation"),
	}
}

// Answered counts a request. Method and route are words of the program: an
// unknown one arrives here as an empty route.
func (m *Metrics) Answered(method, route string, status int, took time.Duration) {
	operation := "other"
	if route != "" {
		operation = method + " " + route
	}
	m.http.total.WithLabelValues(operation, strconv.Itoa(status)).Inc()
	m.http.seconds.WithLabelValues(operation).Observe(took.Seconds())
}
