package cli

import (
	"log/slog"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"otpravka/internal/app"
	"otpravka/internal/logsink"
)

type serveCommand struct {
	settings
	Listen string `env:"OTPRAVKA_LISTEN" default:"${listen}" placeholder:"ADDR" help:"TCP address of the API (${default})."`
	metricsAddress
}

// Run serves until the process is told to stop.
func (c serveCommand) Run(env Env, parsed *kong.Context) error {
	return c.serve(env, func(cfg *app.Config) { cfg.Variables = variables(parsed) })
}

// logGrace is how long the end of the log is waited for.
const logGrace = time.Second

// serve serves as the settings say, but for the change. Its log stops nothing,
// whatever becomes of those who read it.
func (c serveCommand) serve(env Env, change func(*app.Config)) error {
	signal.Ignore(syscall.SIGPIPE) // or the end of a pipe's reader would end the server
	var log *slog.Logger
	sink := logsink.New(env.Err, func(lines int) { log.Warn("log lines are lost: nobody took them", "lines", lines) })
	defer sink.Close(logGrace)
	cfg, err := c.load(sink)
	if err != nil {
		return err
	}
	log = cfg.Log
	cfg.Listen, cfg.MetricsListen = c.Listen, c.MetricsListen
	// A start reads contract, texts and numbering plans, and leaves more garbage
	// than an idle server would collect in hours.
	cfg.Ready = func(string) { debug.FreeOSMemory() }
	change(&cfg)
	return app.Run(env.Context, cfg)
}
