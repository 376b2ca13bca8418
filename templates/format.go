package templates

import (
	"strings"
	"time"

	"otpravka/otpcore"
)

// formats are a locale's ways to write times and amounts.
type formats struct {
	Time     string            // Go layout of a time today
	DateTime string            `yaml:"date_time"` // Go layout of any other time
	Group    string            // between groups of three digits
	Decimal  string            // before the fraction
	Money    string            // {{number}} and {{currency}}
	Symbols  map[string]string // currency signs in place of ISO 4217 codes
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

// number groups the digits of a decimal. It moves text only, so that the
// amount stays exact.
func (f formats) number(amount string) string {
	whole, fraction, hasFraction := strings.Cut(amount, ".")
	var b strings.Builder
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(f.Group)
		}
		b.WriteRune(digit)
	}
	if hasFraction {
		b.WriteString(f.Decimal + fraction)
	}
	return b.String()
}

// money writes an amount. English SMS keep the ISO code of the currency: one
// sign outside of the GSM alphabet would more than halve a segment.
func (l *locale) money(m otpcore.Money) string {
	currency := m.Currency
	if symbol, ok := l.formats.Symbols[currency]; ok {
		currency = symbol
	}
	return l.amount.fill(map[string]string{"number": l.formats.number(m.Amount), "currency": currency})
}
