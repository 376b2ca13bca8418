package metrics

import (
	"context"
	"log/slog"

	"otpravka/otpcore"
)

func newEndpoints(list func(context.Context) ([]*otpcore.Endpoint, error), log *slog.Logger) *census[otpcore.Endpoint] {
	return newCensus("endpoints", list, log, func(e *otpcore.Endpoint) []string {
		state := string(e.Status)
		if e.Status == otpcore.EndpointActive && !e.FailingSince.IsZero() {
			state = "failing"
		}
		return []string{string(e.Mode), state}
	}, "otpravka_webhook_endpoints",
		"Registered endpoints by how they fare. One that is failing is disabled after five days; the API and doctor say why.",
		"mode", "state")
}
