package bench_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"otpravka/internal/app"
	"otpravka/internal/app/admin"
	"otpravka/internal/bench"
	"otpravka/otpcore"
)

// somebodysServer runs a server that no bench has started, and returns its
// address and the keys of a business on it.
func somebodysServer(t testing.TB) (address string, keys admin.CreatedBusiness) {
	t.Helper()
	dir := t.TempDir()
	ready := make(chan string, 1)
	cfg := app.Config{
		Listen: "127.0.0.1:0", DatabaseURL: filepath.Join(dir, "o.db"), MasterKeyFile: filepath.Join(dir, "key", "master.key"),
		TelegramAPI: app.DefaultTelegramAPI, Rules: otpcore.DefaultRules(), CallsPerSecond: bench.CallsPerSecond,
		Log: slog.New(slog.DiscardHandler), Ready: func(url string) { ready <- url },
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- app.Run(ctx, cfg) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	select {
	case address = <-ready:
	case err := <-ended:
		ended <- err
		t.Fatal(err)
	}
	if err := app.Operate(ctx, cfg, func(op app.Operator) (err error) {
		keys, err = op.CreateBusiness(ctx, admin.NewBusiness{Name: "Shop", Settings: otpcore.Settings{Countries: []string{"KZ"}}})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return address, keys
}

func TestRunningServer(t *testing.T) {
	t.Parallel()
	address, keys := somebodysServer(t)
	o := brief("cycle", "start", "check")
	o.URL, o.Key = address, keys.TestKey
	r, text := run(t, o)
	if r.CyclesPerS <= 0 || r.StartsPerS <= 0 || r.ChecksPerS <= 0 || len(r.Errors) != 0 {
		t.Errorf("the report is %+v", r)
	}
	if r.CPUPerCycle != 0 || r.RSS != 0 || r.Settings.LimitsLifted != "" || r.Settings.Server != address {
		t.Errorf("the report claims to know the server: %+v", r)
	}
	if !strings.Contains(text, "nothing is sent") || !strings.Contains(text, "lifted: none") || !strings.Contains(text, " - ") {
		t.Errorf("the text is\n%s", text)
	}
	if strings.Contains(text, keys.TestKey) {
		t.Error("the text shows the key")
	}
}

func TestRunningServerNeedsATestKey(t *testing.T) {
	t.Parallel()
	address, keys := somebodysServer(t)
	o := brief("cycle")
	o.URL = address
	for key, want := range map[string]string{keys.LiveKey: "give --key a test key", "otp_test_nonsense": "401"} {
		o.Key = key
		r, err := bench.Run(t.Context(), o)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s: %v, %+v", want, err, r.Errors)
		}
	}
}
