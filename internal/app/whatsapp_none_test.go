//go:build nowhatsmeow

package app_test

import (
	"net/http"
	"strings"
	"testing"

	"otpravka/internal/app"
)

// What only a linked device brings about is in no answer of this build.
func init() {
	for _, code := range []string{"terms_not_accepted", "bot_needs_no_pairing", "already_paired", "not_ready_to_pair", "bot_account_invalid", "whatsapp_unreachable"} {
		elsewhere[code] = true
	}
	provocations["bot_kind_unknown"] = posting("/v1/bots", fields{"kind": "whatsapp_device"})
}

// TestBuildWithoutDevicesSaysSo: the kind is in the contract, and this build has
// nothing that could run it.
func TestBuildWithoutDevicesSaysSo(t *testing.T) {
	t.Parallel()
	s := newWorld(t).business("Shop")
	if a := s.ask("POST", "/v1/bots", fields{"kind": "whatsapp_device"}); a.status != http.StatusUnprocessableEntity || !strings.Contains(string(a.body), "no connector of this kind") {
		t.Errorf("answered %d %s", a.status, a.body)
	}
	cfg := app.Config{Listen: "127.0.0.1:0", WhatsAppTestServer: "127.0.0.1:1," + strings.Repeat("ab", 32)}
	if err := app.Run(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "this build has no linked devices") {
		t.Errorf("a test server: %v", err)
	}
}
