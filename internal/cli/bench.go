package cli

import (
	"errors"
	"os"
	"runtime/pprof"
	"time"

	"otpravka/internal/app"
	"otpravka/internal/bench"
)

type benchCommand struct {
	URL         string        `placeholder:"URL" help:"Base of a running server to measure; without it, the bench starts one of its own and a provider beside it."`
	Key         string        `placeholder:"KEY" help:"Test key (otp_test_…) of a business on that server. Nothing is sent under it."`
	Scenario    []string      `enum:"${scenarios}" default:"cycle,start,check" placeholder:"NAME" help:"What to measure (${default}); also backlog, fallback, growth, bots, orders."`
	Connections int           `default:"64" help:"Callers at once (${default})."`
	Seconds     int           `default:"10" help:"Length of a run (${default})."`
	Warmup      int           `default:"2" help:"Seconds before the first run of a scenario, which do not count (${default})."`
	Runs        int           `default:"3" help:"Runs of each scenario, of which the medians are reported (${default})."`
	Database    string        `placeholder:"URL" help:"New SQLite file, to measure its disk, or an empty PostgreSQL database; by default a file in the temporary directory."`
	Pending     int           `default:"100000" help:"Codes that wait in the scenario fallback (${default})."`
	OldRows     int           `default:"1000000" help:"Ended verifications in the scenario growth (${default})."`
	Bots        int           `default:"1000" help:"Bots in the scenario bots (${default})."`
	Orders      int           `default:"10000" help:"Order updates in the scenario orders (${default})."`
	FsyncDelay  time.Duration `name:"fsync-delay" placeholder:"TIME" help:"Play a slow disk: the started server waits that long before each fsync of SQLite, as 2ms."`
	CPUProfile  string        `name:"cpu-profile" placeholder:"FILE" help:"Write a CPU profile of the started server."`
	JSON        bool          `help:"Print the report as JSON."`
}

// Run measures and prints.
func (c benchCommand) Run(env Env) error {
	report, err := bench.Run(env.Context, bench.Options{
		Scenarios: c.Scenario, URL: c.URL, Key: c.Key, Database: c.Database, Connections: c.Connections,
		Duration: time.Duration(c.Seconds) * time.Second, Warmup: time.Duration(c.Warmup) * time.Second,
		Runs: c.Runs, Pending: c.Pending, OldRows: c.OldRows, Bots: c.Bots, Orders: c.Orders, FsyncDelay: c.FsyncDelay, CPUProfile: c.CPUProfile,
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return report.JSON(env.Out)
	}
	return report.Text(env.Out)
}

// benchServerCommand is serve for the bench: the limits that it lifts can be
// lifted nowhere else.
type benchServerCommand struct {
	serveCommand
	CPUProfile string        `name:"cpu-profile"`
	PurgePause time.Duration `name:"purge-pause"`
	FsyncDelay time.Duration `name:"fsync-delay"`
}

// Run serves until the bench ends it.
func (c benchServerCommand) Run(env Env) (err error) {
	if c.FsyncDelay > 0 {
		if err := bench.BeforeFsync(c.FsyncDelay); err != nil {
			return err
		}
	}
	if c.CPUProfile == "" {
		return c.serve(env, c.lift)
	}
	f, err := os.Create(c.CPUProfile)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return errors.Join(err, f.Close())
	}
	err = c.serve(env, c.lift)
	pprof.StopCPUProfile()
	return errors.Join(err, f.Close())
}

func (c benchServerCommand) lift(cfg *app.Config) {
	cfg.CallsPerSecond, cfg.PurgePause = bench.CallsPerSecond, c.PurgePause
}
