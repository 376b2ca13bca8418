package metrics

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// census counts what is stored, by the labels of each row.
type census[T any] struct {
	what   string
	list   func(context.Context) ([]*T, error)
	log    *slog.Logger
	labels func(*T) []string
	desc   *prometheus.Desc
}

func newCensus[T any](what string, list func(context.Context) ([]*T, error), log *slog.Logger, labels func(*T) []string, name, help string, names ...string) *census[T] {
	return &census[T]{what: what, list: list, log: log, labels: labels, desc: prometheus.NewDesc(name, help, names, nil)}
}

// Describe implements prometheus.Collector.
func (c *census[T]) Describe(out chan<- *prometheus.Desc) { out <- c.desc }

// listWithin bounds the reading: a scrape must not hang on a busy disk.
const listWithin = 2 * time.Second

// Collect implements prometheus.Collector. When the rows cannot be read the
// other metrics are told all the same.
func (c *census[T]) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), listWithin)
	defer cancel()
	all, err := c.list(ctx)
	if err != nil {
		c.log.Warn("rows not readable for metrics", "rows", c.what, "error", err)
		return
	}
	count, values := map[string]int{}, map[string][]string{}
	for _, row := range all {
		labels := c.labels(row)
		key := strings.Join(labels, "\x00")
		count[key]++
		values[key] = labels
	}
	for key, n := range count {
		out <- prometheus.MustNewConstMetric(c.desc, prometheus.GaugeValue, float64(n), values[key]...)
	}
}
