package templates

import (
	"time"

	"otpravka/otpcore"
)

// formats are a locale's ways to write times, and its own currency signs. Dates
// and amounts follow CLDR.
type formats struct {
	Time     string            // Go layout of a time today
	DateTime string            `yaml:"date_time"` // Go layout of any other time
	Symbols  map[string]string // currency signs by ISO 4217 code
}

// sameDay is how far ahead a time still reads well without its date.
const sameDay = 12 * time.Hour

// until writes the time in the location, and names UTC where that is all we
// know of the reader's clock.
func (f formats) until(at, now time.Time, in *time.Location) string {
	if in == nil {
		in = time.UTC
	}
	layout := f.Time
	if at.Sub(now) > sameDay {
		layout = f.DateTime
	}
	written := at.In(in).Format(layout)
	if in.String() == "UTC" {
		written += " UTC"
	}
	return written
}

// param writes a value in the reader's way.
func (l *locale) param(kind string, p otpcore.Param) string {
	switch {
	case p.Money != nil:
		return l.cldr.money(*p.Money, l.plain)
	case kind == "date":
		return l.cldr.date(p.Text, l.plain)
	}
	return inert(p.Text)
}
