package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"otpravka/otpcore"
	"otpravka/storage"
)

// writer reads the storage's own counters at each scrape.
type writer struct {
	stats func() storage.Stats

	commits, lost, refused, waiting, oldest, batches, seconds *prometheus.Desc
}

func newWriter(stats func() storage.Stats) *writer {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("otpravka_storage_"+name, help, labels, nil)
	}
	return &writer{
		stats:   stats,
		commits: desc("commits_total", "Transactions that are durable."),
		lost:    desc("transactions_lost_total", "Transactions that could not begin, run or commit. Their callers were answered 503, and the log says why."),
		refused: desc("refused_total", "Pieces of work that found their queue full. Their callers were answered 503."),
		waiting: desc("waiting", "Pieces of work that wait for the database: those of requests, and those of deliveries.", "lane"),
		oldest:  desc("oldest_waiting_seconds", "How long the first in the queue has waited; above a second the database is too slow for the load.", "lane"),
		batches: desc("jobs_per_commit", "Pieces of work that shared a transaction: near one at rest, up to 256 under load."),
		seconds: desc("transaction_seconds", "From the begin of a transaction to its being durable."),
	}
}

// Describe implements prometheus.Collector.
func (w *writer) Describe(out chan<- *prometheus.Desc) { prometheus.DescribeByCollect(w, out) }

// Collect implements prometheus.Collector.
func (w *writer) Collect(out chan<- prometheus.Metric) {
	s := w.stats()
	for desc, n := range map[*prometheus.Desc]int{w.commits: s.Commits, w.lost: s.Lost, w.refused: s.Refused} {
		out <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(n))
	}
	for lane, name := range lanes {
		out <- prometheus.MustNewConstMetric(w.waiting, prometheus.GaugeValue, float64(s.Lanes[lane].Waiting), name)
		out <- prometheus.MustNewConstMetric(w.oldest, prometheus.GaugeValue, s.Lanes[lane].Oldest.Seconds(), name)
	}
	out <- distribution(w.batches, s.Batches)
	out <- distribution(w.seconds, s.Seconds)
}

var lanes = [...]string{otpcore.LaneRequests: "requests", otpcore.LaneDeliveries: "deliveries"}

func distribution(desc *prometheus.Desc, h storage.Histogram) prometheus.Metric {
	buckets := make(map[float64]uint64, len(h.Bounds))
	for i, bound := range h.Bounds {
		buckets[bound] = h.Counts[i]
	}
	return prometheus.MustNewConstHistogram(desc, h.Count, h.Sum, buckets)
}
