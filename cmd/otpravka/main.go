// Command otpravka delivers one-time codes in chats, with SMS as the insurance.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // the binary runs where no zone files are installed

	"otpravka/internal/cli"
)

func main() {
	// The first signal stops in order; a second one ends the process at once,
	// because stop gives the signals back to the runtime.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(cli.Run(cli.Env{Context: ctx, Out: os.Stdout, Err: os.Stderr}, os.Args[1:]))
}
