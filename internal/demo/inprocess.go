package demo

import (
	"context"
	"io"
	"log/slog"
	"net"
	"time"

	"otpravka/internal/app"
	"otpravka/otpcore"
)

// running is the real server inside this process. Nothing in it knows of the
// demo: only its Config names the simulators.
type running struct {
	url  string
	stop context.CancelFunc
	done chan error
}

// run starts the server and returns once it answers.
func (w *world) run(ctx context.Context, log io.Writer) (*running, error) {
	file, err := app.ReadFile(w.config())
	if err != nil {
		return nil, err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	testServer := ""
	if w.whatsapp != nil {
		testServer = w.whatsapp.TestServer()
	}
	r := &running{done: make(chan error, 1)}
	ready := make(chan string, 1)
	// The demo stops the server itself, once nothing talks to it any more.
	own, stop := context.WithCancel(context.WithoutCancel(ctx))
	r.stop = stop
	// At its start the server warns of what a demo is meant to be: that WhatsApp is
	// not the real one.
	level := new(slog.LevelVar)
	level.Set(slog.LevelError)
	go func() {
		r.done <- app.Run(own, app.Config{
			Listener: ln, DatabaseURL: w.database(), MasterKeyFile: w.keyFile(),
			TelegramAPI: w.telegram.URL(), WhatsAppTestServer: testServer, WhatsAppPace: time.Millisecond, SMS: file.Providers, WebhooksAllow: file.Webhooks.Allow, Rules: patientRules(),
			Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: level})),
			Ready: func(url string) {
				level.Set(slog.LevelWarn)
				ready <- url
			},
		})
	}()
	select {
	case r.url = <-ready:
		return r, nil
	case err := <-r.done:
		stop()
		return nil, err
	case <-ctx.Done():
		_ = r.close()
		return nil, ctx.Err()
	}
}

// close stops the server in order.
func (r *running) close() error {
	r.stop()
	return <-r.done
}

// The waits that the page shortens; it says so, and what they are otherwise.
const (
	pageFallback = 15 * time.Second
	pageCooldown = 10 * time.Second
)

// patientRules are the rules of production but for three things: a visitor
// plays, and so asks for far more codes than a customer, does not like to wait
// for a resend, and clicks faster than a bot may write into one chat.
func patientRules() otpcore.Rules {
	rules := otpcore.DefaultRules()
	for i := range rules.Starts {
		rules.Starts[i].Count = 1000
	}
	rules.StartsEverywhere.Count = 1000
	rules.Paces = nil
	rules.Cooldowns = append([]time.Duration{pageCooldown}, rules.Cooldowns...)
	return rules
}
