package spelling_test

import (
	"testing"

	"otpravka/internal/spelling"
)

func TestNearest(t *testing.T) {
	names := spelling.Of([]string{"phone", "fallback_after", "DATABASE_URL", "verification.approved"})
	for given, meant := range map[string]string{
		"phnoe": "phone", "Phone": "phone", "phoneNumber": "phone", "fallbackAfter": "fallback_after",
		"DATABSE_URL": "DATABASE_URL", "verificaton.approved": "verification.approved",
		"": "", "x": "", "colour": "", "DB_URL": "",
	} {
		if got := names.Nearest(given); got != meant {
			t.Errorf("%q is taken for %q, want %q", given, got, meant)
		}
	}
}
