package cli

import (
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/alecthomas/kong"

	"otpravka/internal/app"
)

type doctorCommand struct {
	settings
	Listen string `env:"OTPRAVKA_LISTEN" default:"${listen}" placeholder:"ADDR" help:"Address that the server is given (${default})."`
	metricsAddress
}

// errUnwell is the one sentence after the list.
var errUnwell = errors.New("something above must be put right first")

// Run prints one line per finding, and fails when one of them keeps Otpravka
// from working.
func (c doctorCommand) Run(env Env, parsed *kong.Context) error {
	cfg := c.config(env.Err)
	cfg.Variables = variables(parsed)
	cfg.Listen, cfg.MetricsListen = c.Listen, c.MetricsListen
	table := tabwriter.NewWriter(env.Out, 0, 0, 2, ' ', 0)
	unwell := false
	for _, f := range app.Examine(env.Context, cfg, c.Config) {
		unwell = unwell || f.Grade == app.Fail
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", f.Grade, f.Subject, f.Text)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if unwell {
		return errUnwell
	}
	return nil
}
