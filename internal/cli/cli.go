// Package cli is the command line: it turns flags, environment and the YAML
// file into the Config of a run, and prints what people asked for.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/alecthomas/kong"

	"otpravka/internal/app"
	"otpravka/otpcore"
)

// Env is what a command works with.
type Env struct {
	Context context.Context
	Out     io.Writer
	Err     io.Writer
}

type commands struct {
	Serve       serveCommand       `cmd:"" help:"Serve the API, the bots and the callbacks. Needs no settings."`
	Demo        demoCommand        `cmd:"" help:"Try everything on this machine, with a simulated Telegram and a simulated SMS provider."`
	Business    businessCommand    `cmd:"" help:"Make and list businesses, beside the running server or without it."`
	Doctor      doctorCommand      `cmd:"" help:"Check the settings, the key, the database, bots and SMS providers, and say what to do."`
	Healthcheck healthcheckCommand `cmd:"" help:"Ask the server of this machine whether it is ready."`
	Version     versionCommand     `cmd:"" help:"Print the version."`
}

const description = `Otpravka delivers one-time codes in Telegram, with SMS as the insurance.

Flags are stronger than OTPRAVKA_* variables, and those than the YAML file
named by OTPRAVKA_CONFIG. Every setting has a default that works.`

// Run carries out the command in args and returns the exit status: 0 done, 1
// refused with one sentence on Err, 2 for a command line that says nothing.
func Run(env Env, args []string) (status int) {
	// Kong ends the process after --help; here it only ends this call.
	defer func() {
		switch p := recover().(type) {
		case nil:
		case exitStatus:
			status = int(p)
		default:
			panic(p)
		}
	}()
	exit := func(code int) { panic(exitStatus(code)) }
	var cmds commands
	parser, err := kong.New(&cmds,
		kong.Name("otpravka"), kong.Description(description), kong.Writers(env.Out, env.Err),
		kong.Exit(exit), kong.Vars{
			"database": app.DefaultDatabaseURL, "listen": app.DefaultListen, "telegram": app.DefaultTelegramAPI,
		},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		_, _ = fmt.Fprintln(env.Err, "otpravka:", err)
		return 1
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		_, _ = fmt.Fprintln(env.Err, "otpravka:", err)
		return 2
	}
	if err := parsed.Run(env); err != nil {
		_, _ = fmt.Fprintln(env.Err, "otpravka:", sentence(err))
		return 1
	}
	return 0
}

type exitStatus int

// sentence shows a refusal of the domain without its code: the operator reads
// what to do.
func sentence(err error) string {
	if e, ok := errors.AsType[*otpcore.Error](err); ok {
		return e.Detail
	}
	return err.Error()
}
