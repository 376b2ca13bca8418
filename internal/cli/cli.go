// Package cli is the command line: it turns flags, environment and the YAML
// file into the Config of a run, and prints what people asked for.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"otpravka/bot/whatsappcloud"
	"otpravka/internal/app"
	"otpravka/internal/bench"
	"otpravka/otpcore"
)

// Env is what a command works with.
type Env struct {
	Context context.Context
	Out     io.Writer
	Err     io.Writer
}

type commands struct {
	Serve        serveCommand        `cmd:"" group:"run" help:"Serve the API, the bots and the callbacks. Needs no settings."`
	Demo         demoCommand         `cmd:"" group:"run" help:"Try everything on this machine, with simulated chat networks and a simulated SMS provider."`
	Business     businessCommand     `cmd:"" group:"operate" help:"Make and list businesses, beside the running server or without it."`
	Key          keyCommand          `cmd:"" group:"operate" help:"Make an API key for a business, beside the running server or without it."`
	Shared       sharedCommand       `cmd:"" group:"operate" help:"List the shared bots of the YAML file, whom they serve, and their links."`
	Orders       ordersCommand       `cmd:"" group:"operate" help:"Send order updates from a CSV file, and write orders to one."`
	Doctor       doctorCommand       `cmd:"" group:"operate" help:"Check the settings, the key, the database, bots and SMS providers, and say what to do."`
	Healthcheck  healthcheckCommand  `cmd:"" group:"operate" help:"Ask the server of this machine whether it is ready."`
	Backup       backupCommand       `cmd:"" group:"operate" help:"Copy the database to a file, beside the running server or without it."`
	RestoreEpoch restoreEpochCommand `cmd:"" group:"operate" help:"After a restored backup: end whatever it says is pending, so that no used code is right again."`
	Copy         copyCommand         `cmd:"" group:"operate" help:"Move everything to another database, from SQLite to PostgreSQL or back."`
	Bench        benchCommand        `cmd:"" group:"operate" help:"Measure how many codes per second this machine, or a running server, starts and checks."`
	Listen       listenCommand       `cmd:"" group:"develop" help:"Show every event of your business as it happens, and forward it to your app."`
	Completion   completionCommand   `cmd:"" group:"more" help:"Print the script by which a shell completes commands and flags."`
	Version      versionCommand      `cmd:"" group:"more" help:"Print the version."`
	BenchServer  benchServerCommand  `cmd:"" hidden:""`
}

// Run carries out the command in args and returns the exit status: 0 done, 1
// refused with one sentence on Err, 2 for a command line that says nothing.
func Run(env Env, args []string) (status int) {
	if len(args) == 0 { // who types the bare name does not know the commands yet
		env.Out = env.Err
		_ = Run(env, []string{"--help"}) // the status is that of a line that says nothing
		return 2
	}
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
	parser, err := newParser(env, exit)
	if err != nil {
		tell(env.Err, err.Error())
		return 1
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		tell(env.Err, misread(err))
		return 2
	}
	if err := parsed.Run(env); err != nil {
		tell(env.Err, sentence(err))
		return 1
	}
	return 0
}

type exitStatus int

// misread says why a command line could not be read, and which help tells how it
// is written.
func misread(err error) string {
	command := "otpravka"
	if e, ok := errors.AsType[*kong.ParseError](err); ok && e.Context.Selected() != nil {
		command = e.Context.Selected().FullPath()
	}
	return fmt.Sprintf("%s (see `%s --help`)", plainly(err.Error()), command)
}

// valueless is what kong says of a flag whose value is missing.
var valueless = regexp.MustCompile(`^(--[a-z-]+): (?:expected \w+ value but got|missing value, expecting) .*$`)

// plainly says it without kong's words for the parts of a command line.
func plainly(text string) string {
	m := valueless.FindStringSubmatch(text)
	switch {
	case m == nil:
		return text
	case strings.Contains(text, "flag)"): // another one follows, or what looks like one
		return fmt.Sprintf("%s needs a value; one that begins with a dash is written %s=VALUE", m[1], m[1])
	}
	return m[1] + " needs a value"
}

// newParser reads the commands. Its error is a mistake of this program.
func newParser(env Env, exit func(int)) (*kong.Kong, error) {
	about, err := helpText("otpravka")
	if err != nil {
		return nil, err
	}
	parser, err := kong.New(new(commands),
		kong.Name("otpravka"), kong.Description(about), groups, kong.Writers(env.Out, env.Err), kong.Exit(exit),
		kong.Vars{
			"database": app.DefaultDatabaseURL, "listen": app.DefaultListen, "metrics": app.DefaultMetricsListen,
			"telegram": app.DefaultTelegramAPI, "gateway": app.DefaultTelegramGatewayAPI, "graph": whatsappcloud.DefaultAPI, "graph_version": whatsappcloud.DefaultVersion, "scenarios": strings.Join(bench.Scenarios, ","),
		},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: helpWidth}),
	)
	if err != nil {
		return nil, err
	}
	return parser, explain("", parser.Model.Node)
}

// tell says why the command ends. Nobody who does not listen keeps it from that.
func tell(to io.Writer, why string) {
	said := make(chan struct{})
	go func() {
		defer close(said)
		_, _ = fmt.Fprintln(to, "otpravka:", why)
	}()
	select {
	case <-said:
	case <-time.After(logGrace):
	}
}

// sentence shows a refusal of the domain without its code: the operator reads
// what to do.
func sentence(err error) string {
	if e, ok := errors.AsType[*otpcore.Error](err); ok {
		return e.Detail
	}
	return err.Error()
}
