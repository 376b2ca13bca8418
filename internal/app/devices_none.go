//go:build nowhatsmeow

package app

import (
	"context"
	"errors"

	"otpravka/bot"
	"otpravka/otpcore"
)

// devices are what this build leaves out.
type devices struct{ bot.Factory }

func newDevices(Config, otpcore.Vault, *otpcore.Core) (*devices, error) { return nil, nil }

func (*devices) close() error { return nil }

func checkTestServer(text string) error {
	if text != "" {
		return errors.New("OTPRAVKA_WHATSAPP_TEST_SERVER is of no use: this build has no linked devices of WhatsApp")
	}
	return nil
}

func (*examination) devices(context.Context) []Finding { return nil }
