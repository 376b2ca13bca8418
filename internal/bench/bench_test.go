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
		Pending: 100, OldRows: 300, Bots: 3, Orders: 600,
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
	g := r.Growth
	if g == nil || g.OldRows != 300 || g.Full.PerS <= 0 || g.Empty.PerS <= 0 || g.Ratio <= 0 || g.DatabaseMB <= 0 || g.Retention.PerS <= 0 || g.RetentionRatio <= 0 {
		t.Errorf("the growth is %+v", g)
	}
	if g.Throughout {
		t.Error("the retention of 300 rows is said to have taken longer than the load")
	}
	for _, word := range []string{"300 old verifications", "a part of the time only"} {
		if !strings.Contains(text, word) {
			t.Errorf("nothing says %q in\n%s", word, text)
		}
	}
	looksOld(t, o.Database)
}

// looksOld expects of 300 verifications that began evenly over 400 days those
// that the retention leaves, each with an id and a phone of its own, and with
// messages and events while they are young.
func looksOld(t testing.TB, file string) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	const day = 24 * time.Hour
	ago := func(d time.Duration) int64 { return time.Now().Add(-d).UnixMilli() }
	for query, want := range map[string]struct{ least, most int }{
		`SELECT count(*) FROM verifications WHERE created_at < ?1 AND created_at > ?2 AND status = 'approved'`:                             {265, 280},
		`SELECT count(*) FROM verifications WHERE created_at < ?1 AND created_at > ?3 AND phone_sealed IS NOT NULL`:                        {18, 24},
		`SELECT count(DISTINCT phone_index) FROM verifications WHERE created_at < ?1 AND created_at > ?3`:                                  {18, 24},
		`SELECT count(*) FROM verifications WHERE created_at < ?4`:                                                                         {0, 0},
		`SELECT count(*) FROM verifications WHERE created_at < ?5 AND phone_sealed IS NOT NULL`:                                            {0, 0},
		`SELECT count(*) FROM deliveries d JOIN verifications v ON v.id = d.verification_id WHERE v.created_at < ?1 AND v.created_at > ?3`: {18, 60},
		`SELECT count(*) FROM events e JOIN verifications v ON v.id = e.verification_id WHERE v.created_at < ?1 AND v.created_at > ?3`:     {36, 200},
		`SELECT count(*) FROM events e JOIN verifications v ON v.id = e.verification_id WHERE v.created_at < ?5`:                           {0, 0},
	} {
		var found int
		err := db.QueryRow(query, ago(time.Hour), ago(364*day), ago(28*day), ago(367*day), ago(33*day)).Scan(&found)
		if err != nil || found < want.least || found > want.most {
			t.Errorf("%s: %d, want %d to %d; %v", query, found, want.least, want.most, err)
		}
	}
}

func TestBacklog(t *testing.T) {
	t.Parallel()
	r, text := run(t, brief("backlog"))
	if b := r.Backlog; b == nil || b.Starts.PerS <= 0 || b.EmptyMS <= 0 {
		t.Errorf("the backlog is %+v", b)
	}
	if !strings.Contains(text, "were left when the last start was answered") {
		t.Errorf("the text is\n%s", text)
	}
}

// TestSlowDisk expects that a start takes no less than the disk is made to take.
func TestSlowDisk(t *testing.T) {
	t.Parallel()
	o := brief("start")
	o.FsyncDelay = 20 * time.Millisecond
	r, text := run(t, o)
	if got := r.Loads[0].Calls["start"].P50; got < 20 {
		t.Errorf("a start took %g ms with 20 ms for each fsync", got)
	}
	if r.Settings.FsyncDelay != 20 || !strings.Contains(text, "20 ms before each fsync") {
		t.Errorf("the report does not say so: %+v\n%s", r.Settings, text)
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
		"unknown scenario":    func(o *bench.Options) { o.Scenarios = []string{"dance"} },
		"address without key": func(o *bench.Options) { o.URL = "http://127.0.0.1:1" },
		"key without address": func(o *bench.Options) { o.Key = "otp_test_x" },
		"no base of an API":   func(o *bench.Options) { o.URL, o.Key = "nonsense", "otp_test_x" },
		"nobody listens":      func(o *bench.Options) { o.URL, o.Key = "http://127.0.0.1:1", "otp_test_x" },
		"somebody's database": func(o *bench.Options) { o.URL, o.Key, o.Database = "http://127.0.0.1:1", "otp_test_x", "x.db" },
		"growth of another's": func(o *bench.Options) {
			o.Scenarios, o.URL, o.Key = []string{"growth"}, "http://127.0.0.1:1", "otp_test_x"
		},
		"growth of PostgreSQL":   func(o *bench.Options) { o.Scenarios, o.Database = []string{"growth"}, "postgres://127.0.0.1:1/x" },
		"fallback of PostgreSQL": func(o *bench.Options) { o.Scenarios, o.Database = []string{"fallback"}, "postgres://127.0.0.1:1/x" },
		"slow PostgreSQL":        func(o *bench.Options) { o.FsyncDelay, o.Database = time.Millisecond, "postgres://127.0.0.1:1/x" },
		"slow server of others": func(o *bench.Options) {
			o.FsyncDelay, o.URL, o.Key = time.Millisecond, "http://127.0.0.1:1", "otp_test_x"
		},
		"no connections":  func(o *bench.Options) { o.Connections = 0 },
		"no time":         func(o *bench.Options) { o.Duration = 0 },
		"too few to wait": func(o *bench.Options) { o.Scenarios, o.Pending = []string{"fallback"}, 1 },
		"no old rows":     func(o *bench.Options) { o.Scenarios, o.OldRows = []string{"growth"}, 0 },
		"no bots":         func(o *bench.Options) { o.Scenarios, o.Bots = []string{"bots"}, 0 },
	} {
		t.Run(name, func(t *testing.T) {
			o := brief("start")
			change(&o)
			if r, err := bench.Run(t.Context(), o); err == nil {
				t.Errorf("the report is %+v", r)
			}
		})
	}
	if len(bench.Scenarios) != 8 || !slices.Contains(bench.Scenarios, "cycle") {
		t.Errorf("the scenarios are %v", bench.Scenarios)
	}
}

func TestOrders(t *testing.T) {
	t.Parallel()
	r, text := run(t, brief("orders"))
	o := r.Orders
	if o == nil || o.Updates != 600 || o.PerS <= 0 || o.Codes != 100 || o.Code.P50 <= 0 || o.Code.P99 < o.Code.P50 || o.Waiting > 600 {
		t.Errorf("the orders are %+v", o)
	}
	if !strings.Contains(text, "600 updates were stored") {
		t.Errorf("nothing tells of orders in\n%s", text)
	}
}
