package app_test

import (
	"crypto/rand"
	"net/http"
	"strings"
	"testing"

	"otpravka/internal/app"
	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/smssim"
)

// TestProviderWithLongMessageIDs: an id that no report may name, and that no index
// of PostgreSQL can hold, is as good as none; the message has been sent all the same.
func TestProviderWithLongMessageIDs(t *testing.T) { eachDatabase(t, longMessageID) }

func longMessageID(t *testing.T, on func(*app.Config)) {
	w := newWorld(t, on)
	s := w.business("Shop")
	var id strings.Builder
	for range 300 { // which no compression makes short
		id.WriteString(rand.Text())
	}
	w.sms.Fail(fault.Rule{
		Method: "send", Times: fault.Always, Processed: true, Status: http.StatusOK, ContentType: "application/json",
		Body: `{"id":"` + id.String() + `","status":"accepted"}`,
	})
	w.sms.ReportsFor(goodPhone, smssim.Reports{Never: true})
	v := s.begin(fields{"phone": goodPhone, "channels": []string{"sms"}})
	s.settled(v.ID, "sms:sent")
	if got := w.sms.Inbox(goodPhone); len(got) != 1 {
		t.Errorf("the phone has %d messages", len(got))
	}
}
