package bench

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
)

func TestLatencyIsSorted(t *testing.T) {
	list := make([]time.Duration, 1001)
	for i, at := range rand.Perm(len(list)) {
		list[at] = time.Duration(i) * time.Millisecond
	}
	if l := latencyOf(list); l != (Latency{500, 950, 990}) {
		t.Errorf("quantiles are %+v", l)
	}
	if l := latencyOf(nil); l != (Latency{}) {
		t.Errorf("of nothing: %+v", l)
	}
}

func TestMedianOfRuns(t *testing.T) {
	run := func(rate, p99, cpu float64, refused int) Load {
		return Load{
			Scenario: "start", PerS: rate, Calls: map[string]Latency{timedStart: {P99: p99}},
			Cost: map[string]float64{costCPU: cpu}, Errors: map[string]int{"429": refused},
		}
	}
	m := median([]Load{run(300, 1, 20, 1), run(100, 3, 10, 0), run(200, 2, 30, 2)})
	if m.PerS != 200 || m.Calls[timedStart].P99 != 2 || m.Cost[costCPU] != 20 || m.Errors["429"] != 3 {
		t.Errorf("the medians are %+v", m)
	}
}

func TestMetricsAreRead(t *testing.T) {
	const text = `# HELP otpravka_storage_commits_total Transactions that are durable.
# TYPE otpravka_storage_commits_total counter
otpravka_storage_commits_total 12
otpravka_storage_jobs_per_commit_bucket{le="8"} %A
otpravka_storage_jobs_per_commit_bucket{le="16"} %B
otpravka_storage_jobs_per_commit_bucket{le="+Inf"} %B
`
	read := func(a, b string) map[string]float64 {
		values, err := readMetrics(strings.NewReader(strings.NewReplacer("%A", a, "%B", b).Replace(text)))
		if err != nil {
			t.Fatal(err)
		}
		return values
	}
	first := read("3", "5")
	if first[commitsTotal] != 12 {
		t.Errorf("the values are %v", first)
	}
	if m := largest(first, read("9", "11")); m != 8 {
		t.Errorf("the largest batch since is %g, the ones before do not count", m)
	}
	if m := largest(first, read("9", "12")); m != 16 {
		t.Errorf("the largest batch since is %g", m)
	}
	if _, err := readMetrics(strings.NewReader("name value\n")); err == nil {
		t.Error("a value that is no number was read")
	}
}

func TestUsageGrows(t *testing.T) {
	before, err := usageOf(os.Getpid())
	if os.IsNotExist(err) {
		t.Skip("this system has no /proc")
	}
	if err != nil || before.rss == 0 {
		t.Fatalf("usage %+v, %v", before, err)
	}
	for {
		after, err := usageOf(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		if after.cpu > before.cpu {
			return
		}
	}
}
