package app_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"otpravka/internal/sim/smssim"
)

// TestRefusalsOfTheFirstProviderAreShown: a second provider stands in, perhaps at a
// higher price, and the message says why.
func TestRefusalsOfTheFirstProviderAreShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stop()
	refusing := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(refusing.Close)
	first := strings.Replace(smssim.Declaration(refusing.URL), "id: simulated", "id: refusing", 1)
	w.cfg.SMS = w.providers(first, smssim.Declaration(w.sms.URL()))
	w.start()
	shop := w.business("Shop")
	shop.addBot(1)
	v := shop.begin(fields{"phone": goodPhone, "channels": []string{"sms"}})
	v = shop.settled(v.ID, "sms:delivered")
	if d := v.Deliveries[0]; !slices.Equal(d.RefusedBy, []string{"refusing"}) || d.Try != 2 {
		t.Errorf("delivery of the code: %+v", d)
	}
	shop.tells("A-1", "ready_for_pickup", fields{"sms_fallback": true})
	shop.until("the news are sent", func() bool {
		all := shop.order("A-1").Deliveries
		return len(all) == 1 && slices.Equal(all[0].RefusedBy, []string{"refusing"}) && slices.Contains([]string{"sent", "delivered"}, all[0].Status)
	})
	shop.until("the log names who refused", func() bool {
		return strings.Count(w.logs.String(), `"provider":"refusing"`)+strings.Count(w.logs.String(), "provider=refusing") == 2
	})
}
