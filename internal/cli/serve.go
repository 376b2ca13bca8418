package cli

import (
	"log/slog"
	"os/signal"
	"syscall"
	"time"

	"otpravka/internal/app"
	"otpravka/internal/logsink"
)

type serveCommand struct {
	settings
	Listen string `env:"OTPRAVKA_LISTEN" default:"${listen}" placeholder:"ADDR" help:"TCP address of the API (${default})."`
	metricsAddress
}

// Run serves until the process is told to stop.
func (c serveCommand) Run(env Env) error { return c.serve(env, 0) }

// logGrace is how long the end of the log is waited for.
const logGrace = time.Second

// serve bounds the calls of an API key; zero: by the API's default. Its log
// stops nothing, whatever becomes of those who read it.
func (c serveCommand) serve(env Env, callsPerSecond int) error {
	signal.Ignore(syscall.SIGPIPE) // or the end of a pipe's reader would end the server
	var log *slog.Logger
	sink := logsink.New(env.Err, func(lines int) { log.Warn("log lines are lost: nobody took them", "lines", lines) })
	defer sink.Close(logGrace)
	cfg, err := c.load(sink)
	if err != nil {
		return err
	}
	log = cfg.Log
	cfg.Listen, cfg.MetricsListen, cfg.CallsPerSecond = c.Listen, c.MetricsListen, callsPerSecond
	return app.Run(env.Context, cfg)
}
