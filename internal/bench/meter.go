package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The names under which a Load tells what it cost the server.
const (
	costCPU      = "cpu_us"         // CPU of its process for each counted call, in microseconds
	costRSS      = "rss_mb"         // its memory at the end of the run
	costCommits  = "commits"        // transactions made durable
	costMean     = "batch_mean"     // pieces of work in one of them
	costMax      = "batch_max"      // most of them in one, rounded up to the next bound of the metric
	costBacklog  = "backlog"        // most messages in memory, seen once a second
	costOldest   = "backlog_age_ms" // longest wait for the database of a finished message, likewise
	commitsTotal = "otpravka_storage_commits_total"
	jobsSum      = "otpravka_storage_jobs_per_commit_sum"
	jobsBucket   = `otpravka_storage_jobs_per_commit_bucket{le="`
	inHand       = "otpravka_dispatcher_deliveries"
	oldest       = `otpravka_storage_oldest_waiting_seconds{lane="deliveries"}`
)

// meter watches the server during a run.
type meter struct {
	site   *site
	before usage
	first  map[string]float64
	peaks  map[string]float64
	stop   context.CancelFunc
	looks  sync.WaitGroup
	failed error // of a look
}

// meter begins to watch. A server that is not ours shows nothing.
func (s *site) meter(ctx context.Context) (*meter, error) {
	m := &meter{site: s, peaks: map[string]float64{}}
	if s.server == nil {
		return m, nil
	}
	var err error
	if m.first, err = s.server.metrics(ctx); err != nil {
		return nil, err
	}
	m.before, _ = s.server.usage()
	ctx, m.stop = context.WithCancel(ctx)
	m.looks.Go(func() { m.watch(ctx) })
	return m, nil
}

func (m *meter) watch(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
		now, err := m.site.server.metrics(ctx)
		if err != nil {
			if ctx.Err() == nil {
				m.failed = err
			}
			return
		}
		m.peak(now)
	}
}

func (m *meter) peak(now map[string]float64) {
	for _, name := range []string{inHand, oldest} {
		m.peaks[name] = max(m.peaks[name], now[name])
	}
}

// end ends the watching.
func (m *meter) end() error {
	if m.stop == nil {
		return nil
	}
	m.stop()
	m.looks.Wait()
	return m.failed
}

// read ends the watching and tells what so many calls have cost.
func (m *meter) read(ctx context.Context, calls int) (map[string]float64, error) {
	if err := m.end(); err != nil || m.site.server == nil {
		return nil, err
	}
	last, err := m.site.server.metrics(ctx)
	if err != nil {
		return nil, err
	}
	m.peak(last)
	commits := last[commitsTotal] - m.first[commitsTotal]
	cost := map[string]float64{
		costCommits: commits,
		costMean:    round((last[jobsSum] - m.first[jobsSum]) / max(commits, 1)),
		costMax:     largest(m.first, last),
		costBacklog: m.peaks[inHand],
		costOldest:  round(1000 * m.peaks[oldest]),
	}
	if after, err := m.site.server.usage(); err == nil && calls > 0 {
		cost[costCPU] = round(float64(after.cpu-m.before.cpu) / float64(time.Microsecond) / float64(calls))
		cost[costRSS] = megabytes(after.rss)
	}
	return cost, nil
}

// largest returns the bound below which every commit between two scrapes lies.
func largest(first, last map[string]float64) float64 {
	grown := func(name string) float64 { return last[name] - first[name] }
	all, bound := grown(jobsBucket+`+Inf"}`), math.Inf(1)
	for name := range last {
		le, found := strings.CutPrefix(name, jobsBucket)
		if v, err := strconv.ParseFloat(strings.TrimSuffix(le, `"}`), 64); found && err == nil && grown(name) == all {
			bound = min(bound, v)
		}
	}
	return bound
}

// scraper keeps no connection, which a killed server would leave broken.
var scraper = http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// metrics scrapes the server: values by name and labels, as Prometheus' text
// format writes them.
func (s *server) metrics(ctx context.Context) (map[string]float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.metricsAddr+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	res, err := scraper.Do(req)
	if err != nil {
		return nil, fmt.Errorf("metrics of the server: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the metrics answer %s", res.Status)
	}
	return readMetrics(res.Body)
}

func readMetrics(r io.Reader) (map[string]float64, error) {
	values := map[string]float64{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		line := lines.Text()
		i := strings.LastIndexByte(line, ' ')
		if i < 0 || line[0] == '#' {
			continue
		}
		v, err := strconv.ParseFloat(line[i+1:], 64)
		if err != nil {
			return nil, fmt.Errorf("line of the metrics: %q: %w", line, err)
		}
		values[line[:i]] = v
	}
	return values, lines.Err()
}
