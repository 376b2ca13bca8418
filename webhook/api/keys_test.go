package api

import (
	"testing"
	"time"

	"otpravka/otpcore"
)

// The day of the last use is stored, so its midnight may lie before the key.
func TestNoKeyIsUsedBeforeItIsMade(t *testing.T) {
	made := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	midnight, next := made.Truncate(24*time.Hour), made.Truncate(24*time.Hour).AddDate(0, 0, 1)
	for used, want := range map[time.Time]time.Time{midnight: made, next: next} {
		got := key(&otpcore.APIKey{CreatedAt: made, LastUsedAt: used}).LastUsedAt
		if got == nil || !got.Equal(want) {
			t.Errorf("used on %v: %v, want %v", used, got, want)
		}
	}
	if got := key(&otpcore.APIKey{CreatedAt: made}).LastUsedAt; got != nil {
		t.Errorf("a key that was never used: %v", got)
	}
}
