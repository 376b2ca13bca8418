package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"otpravka/storage"
)

// Scenarios are the names of everything that can be measured. The first three
// load the API with one kind of act; the others are larger and start a server
// of their own.
var Scenarios = []string{"cycle", "start", "check", "backlog", "fallback", "growth", "bots", "orders"}

// Options say what to measure, and on what.
type Options struct {
	Scenarios   []string // of Scenarios, in this order
	URL, Key    string   // a running server and a test key; empty: start one
	Database    string   // of the server that is started; empty: SQLite in a directory of its own
	Connections int
	Duration    time.Duration // of one run
	Warmup      time.Duration // before the first run of a scenario, not counted
	Runs        int           // of each scenario; the medians are reported
	Pending     int           // verifications of the scenario fallback
	OldRows     int           // ended verifications of the scenario growth
	Bots        int           // of the scenario bots
	Orders      int           // updates of the scenario orders
	FsyncDelay  time.Duration // before each fsync of the server that is started
	CPUProfile  string        // file for a profile of the server; empty: none
}

// Report is what was measured. Figures that could not be known are left out.
type Report struct {
	Machine  Machine  `json:"machine"`
	Settings Settings `json:"settings"`

	StartsPerS  float64 `json:"starts_per_s,omitempty"`
	ChecksPerS  float64 `json:"checks_per_s,omitempty"`
	CyclesPerS  float64 `json:"cycles_per_s,omitempty"`
	CPUPerCycle float64 `json:"cpu_us_per_cycle,omitempty"` // the server's process only
	RSS         float64 `json:"rss_mb,omitempty"`           // of the cycles' server at their end

	Loads    []Load         `json:"loads,omitempty"`
	Backlog  *Backlog       `json:"backlog,omitempty"`
	Fallback *Fallback      `json:"fallback,omitempty"`
	Growth   *Growth        `json:"growth,omitempty"`
	Bots     *Bots          `json:"bots,omitempty"`
	Orders   *Orders        `json:"orders,omitempty"`
	Errors   map[string]int `json:"errors"` // refusals by status
}

// Settings tell under which conditions the figures hold.
type Settings struct {
	Server       string  `json:"server"`
	Database     string  `json:"database,omitempty"`
	FsyncDelay   float64 `json:"fsync_delay_ms,omitempty"` // added to each fsync of the server's database
	Codes        string  `json:"codes"`                    // where they are read
	LimitsLifted string  `json:"limits_lifted,omitempty"`
	Connections  int     `json:"connections"`
	Seconds      float64 `json:"seconds"`
	Warmup       float64 `json:"warmup_seconds"`
	Runs         int     `json:"runs"`
}

// Run measures what the options ask for. Errors of a scenario that ran are
// refusals of the server, and stand in the report; an error of Run means that
// there is no figure to trust.
func Run(ctx context.Context, o Options) (r Report, err error) {
	if err := o.check(); err != nil {
		return r, err
	}
	r.Settings = o.settings()
	if r.Machine, err = probe(ctx, o.diskOf()); err != nil {
		return r, err
	}
	if err := r.load(ctx, o); err != nil {
		return r, err
	}
	for _, larger := range []struct {
		name string
		run  func() error
	}{
		{"backlog", func() (err error) { r.Backlog, err = measureBacklog(ctx, o); return err }},
		{"fallback", func() (err error) { r.Fallback, err = measureFallback(ctx, o); return err }},
		{"growth", func() (err error) { r.Growth, err = measureGrowth(ctx, o); return err }},
		{"bots", func() (err error) { r.Bots, err = measureBots(ctx, o); return err }},
		{"orders", func() (err error) { r.Orders, err = measureOrders(ctx, o); return err }},
	} {
		if !slices.Contains(o.Scenarios, larger.name) {
			continue
		}
		if err := larger.run(); err != nil {
			return r, fmt.Errorf("scenario %s: %w", larger.name, err)
		}
	}
	return r, nil
}

// load measures the scenarios that load the API, all on one server.
func (r *Report) load(ctx context.Context, o Options) (err error) {
	wanted := slices.DeleteFunc(slices.Clone(loads), func(sc scenario) bool { return !slices.Contains(o.Scenarios, sc.name) })
	if len(wanted) == 0 {
		return nil
	}
	s, err := o.open(ctx, 0)
	defer func() { err = errors.Join(err, s.close()) }()
	if err != nil {
		return err
	}
	for _, sc := range wanted {
		load, err := s.measure(ctx, sc, o)
		if err != nil {
			return fmt.Errorf("scenario %s: %w", sc.name, err)
		}
		r.Loads = append(r.Loads, load)
		switch sc.counted {
		case timedCycle:
			r.CyclesPerS, r.CPUPerCycle, r.RSS = load.PerS, load.Cost[costCPU], load.Cost[costRSS]
		case timedStart:
			r.StartsPerS = load.PerS
		case timedCheck:
			r.ChecksPerS = load.PerS
		}
	}
	r.Errors = total(r.Loads)
	return nil
}

func (o Options) check() error {
	for _, name := range o.Scenarios {
		if !slices.Contains(Scenarios, name) {
			return fmt.Errorf("there is no scenario %q", name)
		}
		if o.URL != "" && !slices.ContainsFunc(loads, func(sc scenario) bool { return sc.name == name }) {
			return fmt.Errorf("scenario %s starts, stops and fills a server of its own: leave --url out", name)
		}
	}
	switch {
	case (o.URL == "") != (o.Key == ""):
		return errors.New("--url and --key belong together: the address of a server, and a test key of a business on it")
	case o.URL != "" && !strings.HasPrefix(o.Key, "otp_test_"): // thousands of people would get messages
		return errors.New("give --key a test key, otp_test_…, under which nothing is sent")
	case o.URL != "" && o.Database != "":
		return errors.New("--database is for the server that the bench starts: leave it out with --url")
	case o.FsyncDelay < 0 || o.FsyncDelay > 0 && (o.URL != "" || storage.IsPostgres(o.Database)):
		return errors.New("--fsync-delay is for a SQLite file of the server that the bench starts")
	case storage.IsPostgres(o.Database) && (slices.Contains(o.Scenarios, "fallback") || slices.Contains(o.Scenarios, "growth")):
		return errors.New("only a SQLite file can be filled, for the scenarios fallback and growth: leave --database out, or name a file")
	case slices.Contains(o.Scenarios, "fallback") && o.Pending < 100 || slices.Contains(o.Scenarios, "growth") && o.OldRows < 1:
		return errors.New("--pending must be at least 100, and --old-rows at least 1")
	case slices.Contains(o.Scenarios, "bots") && o.Bots < 1:
		return errors.New("--bots must be at least 1")
	case slices.Contains(o.Scenarios, "orders") && o.Orders < 1:
		return errors.New("--orders must be at least 1")
	case o.Connections < 1 || o.Runs < 1 || o.Duration <= 0 || o.Warmup < 0:
		return errors.New("--connections, --runs and --seconds must be at least 1")
	}
	return nil
}

func (o Options) settings() Settings {
	s := Settings{
		Server: "child process of this program", Database: "SQLite, synchronous=FULL",
		Codes: "read from messages posted to a provider on this machine", LimitsLifted: LimitsLifted,
		FsyncDelay: milliseconds(o.FsyncDelay), Connections: o.Connections, Seconds: o.Duration.Seconds(), Warmup: o.Warmup.Seconds(), Runs: o.Runs,
	}
	if storage.IsPostgres(o.Database) {
		s.Database = "PostgreSQL"
	}
	if o.URL != "" {
		s.Server, s.Database, s.LimitsLifted = o.URL, "", ""
		s.Codes = "test_code of the answers: under a test key nothing is sent"
	}
	return s
}

// JSON writes the report for programs.
func (r Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}
