package cli

import (
	"otpravka/internal/app"
)

type serveCommand struct {
	settings
	Listen string `env:"OTPRAVKA_LISTEN" default:"${listen}" placeholder:"ADDR" help:"TCP address of the API (${default})."`
	metricsAddress
}

// Run serves until the process is told to stop.
func (c serveCommand) Run(env Env) error {
	cfg, err := c.load(env.Err)
	if err != nil {
		return err
	}
	cfg.Listen, cfg.MetricsListen = c.Listen, c.MetricsListen
	return app.Run(env.Context, cfg)
}
