//go:build !nowhatsmeow

package whatsappdevice

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"otpravka/bot"
	"otpravka/otpcore"
)

// Options are what a factory needs.
type Options struct {
	Keys  *Keys
	Vault otpcore.Vault
	// Receipts takes what became of messages. After an error they must come again.
	Receipts   func(context.Context, []otpcore.Receipt) error
	TestServer TestServer
	Log        *slog.Logger
	// Pace is the time between two messages of one device; zero: 3.5 s. Somebody
	// who writes faster than a person does is taken for a machine.
	Pace time.Duration
}

// Factory makes connectors for linked devices.
type Factory struct {
	opts    Options
	version version
	learned sync.Once
}

var _ bot.Factory = (*Factory)(nil)

// NewFactory returns a factory. Its keys stay the caller's to close, after the
// fleet has stopped.
func NewFactory(opts Options) *Factory {
	opts.TestServer.trust()
	if opts.Pace == 0 {
		opts.Pace = 3500 * time.Millisecond
	}
	return &Factory{opts: opts}
}

// Identify takes a device without any credential: it is the pairing that says
// whose it is. A business has one device.
func (f *Factory) Identify(_ context.Context, credential string, _ bool) (bot.Identity, error) {
	if credential != "" {
		return bot.Identity{}, &otpcore.Error{
			Kind: otpcore.KindInvalid, Code: "bot_token_invalid", Field: "/token",
			Detail: "A linked device has no token. Register it without one, then pair it with POST /v1/bots/{id}/pairing.",
		}
	}
	return bot.Identity{Name: "WhatsApp"}, nil
}

// Connect returns the device's connector.
func (f *Factory) Connect(b otpcore.Bot, _ string, home bot.Home) bot.Connector {
	return newConnector(f, b, home)
}
