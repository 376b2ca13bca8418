package cli

import (
	"otpravka/internal/demo"
)

type demoCommand struct {
	Listen string `placeholder:"ADDR" help:"TCP address of the page (127.0.0.1:8090, or a free port where that one is taken)."`
	Lang   string `default:"en" enum:"en,ru" help:"Language of the page and of the messages: en or ru (${default})."`
	Script bool   `help:"Serve no page: play a whole story, from the first code to a killed server, and print each step."`
}

// Run serves the page, or plays the story.
func (c demoCommand) Run(env Env) error {
	if c.Script {
		return demo.Script(env.Context, env.Out)
	}
	return demo.Page(env.Context, demo.Options{Listen: c.Listen, Lang: c.Lang, Out: env.Out, Log: env.Err})
}
