package coretest

import (
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A code of six digits must not stand in a log by chance, or tests that search
// there for one fail once in some hundred runs.
func TestTimesInTheLogHoldNoCode(t *testing.T) {
	sixDigits := regexp.MustCompile(`\d{6}`)
	at := time.Date(2026, 11, 26, 13, 14, 15, 493021987, time.UTC)
	took := 1*time.Hour + 493021987*time.Nanosecond
	for name, handler := range map[string]func(*strings.Builder) slog.Handler{
		"json": func(b *strings.Builder) slog.Handler { return slog.NewJSONHandler(b, Coarse()) },
		"text": func(b *strings.Builder) slog.Handler { return slog.NewTextHandler(b, Coarse()) },
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			log := slog.New(handler(&out))
			log.Debug("send", "at", at, "took", took, slog.Group("inner", "at", at))
			record := slog.NewRecord(at, slog.LevelInfo, "receipt", 0)
			if err := log.Handler().Handle(t.Context(), record); err != nil {
				t.Fatal(err)
			}
			if found := sixDigits.FindString(out.String()); found != "" {
				t.Errorf("%s stands in %s", found, out.String())
			}
			if !strings.Contains(out.String(), "13:14:15.493Z") || !strings.Contains(out.String(), "1h0m0.493s") {
				t.Errorf("the times are not in %s", out.String())
			}
		})
	}
}
