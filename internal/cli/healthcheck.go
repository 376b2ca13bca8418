package cli

import (
	"fmt"

	"otpravka/internal/app"
)

type healthcheckCommand struct {
	Listen string `env:"OTPRAVKA_LISTEN" default:"${listen}" placeholder:"ADDR" help:"Address that the server was given (${default})."`
}

// Run asks the server of this machine whether it is ready. Container engines
// call it in an image that has neither a shell nor curl.
func (c healthcheckCommand) Run(env Env) error {
	if err := app.AskReady(env.Context, c.Listen); err != nil {
		return err
	}
	_, err := fmt.Fprintf(env.Out, "the server on %s is ready\n", c.Listen)
	return err
}
