package coretest

import (
	"io"
	"log/slog"
	"time"
)

// NewLog returns a logger that writes JSON at every level to w, for tests that
// look there for what must not be there; see Coarse.
func NewLog(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, Coarse()))
}

// Coarse are options of a handler that logs every level and writes times to
// the millisecond. A time to the nanosecond holds every code of six digits
// sooner or later, and a search for one finds it there by chance.
func Coarse() *slog.HandlerOptions {
	return &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			switch a.Value.Kind() {
			case slog.KindTime:
				a.Value = slog.TimeValue(a.Value.Time().Truncate(time.Millisecond))
			case slog.KindDuration:
				a.Value = slog.StringValue(a.Value.Duration().Truncate(time.Millisecond).String())
			}
			return a
		},
	}
}
