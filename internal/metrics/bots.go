package metrics

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"otpravka/otpcore"
)

// bots counts the registered bots by the state that is stored of them.
type bots struct {
	list func(context.Context) ([]*otpcore.Bot, error)
	log  *slog.Logger
	desc *prometheus.Desc
}

func newBots(list func(context.Context) ([]*otpcore.Bot, error), log *slog.Logger) *bots {
	return &bots{list: list, log: log, desc: prometheus.NewDesc("otpravka_bots",
		"Registered bots by the state of their connection. bad_credentials and conflict need somebody to act; the API and doctor say how.",
		[]string{"kind", "state"}, nil)}
}

// Describe implements prometheus.Collector.
func (b *bots) Describe(out chan<- *prometheus.Desc) { out <- b.desc }

// listWithin bounds the reading: a scrape must not hang on a busy disk.
const listWithin = 2 * time.Second

// Collect implements prometheus.Collector. When the bots cannot be read the
// other metrics are told all the same.
func (b *bots) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), listWithin)
	defer cancel()
	all, err := b.list(ctx)
	if err != nil {
		b.log.Warn("bots not readable for metrics", "error", err)
		return
	}
	count := map[[2]string]int{}
	for _, bot := range all {
		count[[2]string{string(bot.Kind), string(bot.State)}]++
	}
	for labels, n := range count {
		out <- prometheus.MustNewConstMetric(b.desc, prometheus.GaugeValue, float64(n), labels[:]...)
	}
}
