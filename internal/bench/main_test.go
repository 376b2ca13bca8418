package bench_test

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"otpravka/internal/bench"
	"otpravka/internal/cli"
)

// TestMain lets the test's binary be the server as well: the bench starts the
// program that it is part of.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == bench.ServerCommand {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		os.Exit(cli.Run(cli.Env{Context: ctx, Out: os.Stdout, Err: os.Stderr}, os.Args[1:]))
	}
	goleak.VerifyTestMain(m)
}
