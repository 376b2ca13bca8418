package bench_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"otpravka/internal/bench"
)

func brief(scenarios ...string) bench.Options {
	return bench.Options{
		Scenarios: scenarios, Connections: 2, Duration: 500 * time.Millisecond, Warmup: 100 * time.Millisecond, Runs: 2,
		Pending: 100, OldRows: 300, Bots: 3,
	}
}

// run returns what a program reads of the report, and what people do.
func run(t testing.TB, o bench.Options) (r bench.Report, text string) {
	t.Helper()
	report, err := bench.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	var raw, shown bytes.Buffer
	if err := report.JSON(&raw); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if err := report.Text(&shown); err != nil {
		t.Fatal(err)
	}
	return r, shown.String()
}

func TestLoads(t *testing.T) {
	t.Parallel()
	database := filepath.Join(t.TempDir(), "bench.db")
	o := brief("cycle", "start", "check")
	o.Database = "sqlite://" + database
	r, text := run(t, o)
	if len(r.Loads) != 3 || len(r.Errors) != 0 || r.CyclesPerS <= 0 || r.StartsPerS <= 0 || r.ChecksPerS <= 0 {
		t.Errorf("the report is %+v", r)
	}
	for _, l := range r.Loads {
		if l.PerS <= 0 || l.Cost["commits"] < 1 || l.Cost["batch_mean"] < 1 || l.Cost["batch_max"] < l.Cost["batch_mean"] {
			t.Errorf("the load %s is %+v", l.Scenario, l)
		}
		for call, ms := range l.Calls {
			if ms.P50 <= 0 || ms.P95 < ms.P50 || ms.P99 < ms.P95 {
				t.Errorf("the %s of %s took %+v", call, l.Scenario, ms)
			}
		}
	}
	if cycle := r.Loads[0].Calls; len(cycle) != 3 || cycle["cycle"].P50 < cycle["start"].P50 {
		t.Errorf("a cycle is made of %+v", cycle)
	}
	if r.Machine.Cores < 1 || r.Machine.Fsync.P50 <= 0 || r.Settings.LimitsLifted != bench.LimitsLifted {
		t.Errorf("measured on %+v under %+v", r.Machine, r.Settings)
	}
	for _, word := range []string{"fsync", "lifted: " + bench.LimitsLifted, "cycle", "its check", "p99 ms", "none"} {
		if !strings.Contains(text, word) {
			t.Errorf("nothing says %q in\n%s", word, text)
		}
	}
	if _, err := bench.Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "there already") {
		t.Errorf("the bench would write into a file that is there: %v", err)
	}
}

func TestGrowth(t *testing.T) {
	t.Parallel()
	o := brief("growth")
	o.Database = filepath.Join(t.TempDir(), "bench.db")
	r, text := run(t, o)
	if g := r.Growth; g == nil || g.OldRows != 300 || g.Full.PerS <= 0 || g.Empty.PerS <= 0 || g.Ratio <= 0 || g.DatabaseMB <= 0 {
		t.Errorf("the growth is %+v", g)
	}
	if !strings.Contains(text, "300 old verifications") {
		t.Errorf("the text is\n%s", text)
	}
	looksOld(t, o.Database, 300)
}

// looksOld expects so many verifications that ended before today's load began,
// each with an id and a phone of its own, and with messages and events.
func looksOld(t testing.TB, file string, n int) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	before := time.Now().Add(-50 * time.Minute).UnixMilli()
	for query, least := range map[string]int{
		`SELECT count(DISTINCT phone_index) FROM verifications v WHERE created_at < ?`:                            n,
		`SELECT count(*) FROM verifications v WHERE status = 'approved' AND created_at < ?`:                       n,
		`SELECT count(*) FROM deliveries d JOIN verifications v ON v.id = d.verification_id WHERE created_at < ?`: n,
		`SELECT count(*) FROM events e JOIN verifications v ON v.id = e.verification_id WHERE created_at < ?`:     2 * n,
	} {
		var found int
		if err := db.QueryRow(query, before).Scan(&found); err != nil || found < least {
			t.Errorf("%s: %d, want %d; %v", query, found, least, err)
		}
	}
}

func TestBots(t *testing.T) {
	t.Parallel()
	r, text := run(t, brief("bots"))
	if b := r.Bots; b == nil || b.Bots != 3 || b.IdleMB <= 0 || b.RSSMB <= 0 {
		t.Errorf("the bots are %+v", b)
	}
	if !strings.Contains(text, "3 bots poll") {
		t.Errorf("the text is\n%s", text)
	}
}

func TestFallback(t *testing.T) {
	if testing.Short() {
		t.Skip("the least wait that the API knows is 10 s")
	}
	t.Parallel()
	r, text := run(t, brief("fallback"))
	f := r.Fallback
	if f == nil || f.Pending != 100 || f.Punctual != 50 || f.Lateness.P50 <= 0 || f.ReadyMS <= 0 || f.FirstMS <= 0 || f.LatePerS <= 0 {
		t.Errorf("the fallbacks are %+v", f)
	}
	if !strings.Contains(text, "100 codes wait") {
		t.Errorf("the text is\n%s", text)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := bench.Run(ctx, brief("start")); err == nil {
		t.Error("a bench that was cut off reports figures")
	}
}

func TestOptionsThatMakeNoSense(t *testing.T) {
	for name, change := range map[string]func(*bench.Options){
		"unknown scenario":     func(o *bench.Options) { o.Scenarios = []string{"dance"} },
		"address without key":  func(o *bench.Options) { o.URL = "http://127.0.0.1:1" },
		"key without address":  func(o *bench.Options) { o.Key = "otp_test_x" },
		"no base of an API":    func(o *bench.Options) { o.URL, o.Key = "nonsense", "otp_test_x" },
		"nobody listens":       func(o *bench.Options) { o.URL, o.Key = "http://127.0.0.1:1", "otp_test_x" },
		"somebody's database":  func(o *bench.Options) { o.URL, o.Key, o.Database = "http://127.0.0.1:1", "k", "x.db" },
		"growth of another's":  func(o *bench.Options) { o.Scenarios, o.URL, o.Key = []string{"growth"}, "http://127.0.0.1:1", "k" },
		"growth of PostgreSQL": func(o *bench.Options) { o.Scenarios, o.Database = []string{"growth"}, "postgres://127.0.0.1:1/x" },
		"no connections":       func(o *bench.Options) { o.Connections = 0 },
		"no time":              func(o *bench.Options) { o.Duration = 0 },
		"too few to wait":      func(o *bench.Options) { o.Scenarios, o.Pending = []string{"fallback"}, 1 },
		"no old rows":          func(o *bench.Options) { o.Scenarios, o.OldRows = []string{"growth"}, 0 },
		"no bots":              func(o *bench.Options) { o.Scenarios, o.Bots = []string{"bots"}, 0 },
	} {
		t.Run(name, func(t *testing.T) {
			o := brief("start")
			change(&o)
			if r, err := bench.Run(t.Context(), o); err == nil {
				t.Errorf("the report is %+v", r)
			}
		})
	}
	if len(bench.Scenarios) != 6 || !slices.Contains(bench.Scenarios, "cycle") {
		t.Errorf("the scenarios are %v", bench.Scenarios)
	}
}
