package metrics

import (
	"context"
	"log/slog"

	"otpravka/otpcore"
)

func newBots(list func(context.Context) ([]*otpcore.Bot, error), log *slog.Logger) *census[otpcore.Bot] {
	return newCensus("bots", list, log, func(b *otpcore.Bot) []string { return []string{string(b.Kind), string(b.State)} },
		"otpravka_bots",
		"Registered bots by the state of their connection. bad_credentials and conflict need somebody to act; the API and doctor say how.",
		"kind", "state")
}
