package templates_test

import (
	"strings"
	"testing"

	"otpravka/templates"
)

func TestSegments(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       int
	}{
		{"empty", "", 1},
		{"one full GSM segment", strings.Repeat("a", 160), 1},
		{"one more", strings.Repeat("a", 161), 2},
		{"two full GSM segments", strings.Repeat("a", 306), 2},
		{"three GSM segments", strings.Repeat("a", 307), 3},
		{"accents of the basic table", strings.Repeat("é", 160), 1},
		{"Greek capitals of the basic table", strings.Repeat("Ω", 160), 1},
		{"the euro sign takes two septets", strings.Repeat("€", 80), 1},
		{"and no more than 80 fit", strings.Repeat("€", 81), 2},
		{"an escape pair is not torn apart", strings.Repeat("a", 152) + "€" + strings.Repeat("a", 153), 3},
		{"one full UCS-2 segment", strings.Repeat("я", 70), 1},
		{"one Cyrillic letter more", strings.Repeat("я", 71), 2},
		{"two full UCS-2 segments", strings.Repeat("я", 134), 2},
		{"three UCS-2 segments", strings.Repeat("я", 135), 3},
		{"one foreign letter switches all", strings.Repeat("a", 70) + "ç", 2},
		{"the tenge sign is not GSM", strings.Repeat("a", 70) + "₸", 2},
		{"a backtick is not GSM", strings.Repeat("a", 70) + "`", 2},
		{"a no-break space is not GSM", strings.Repeat("a", 70) + "\u00a0", 2},
		{"an emoji takes two units", strings.Repeat("я", 69) + "😀", 2},
		{"35 emoji fill a segment", strings.Repeat("😀", 35), 1},
		{"a surrogate pair is not torn apart", strings.Repeat("😀", 67), 3},
	} {
		if got := templates.Segments(c.text); got != c.want {
			t.Errorf("%s: %d segments, want %d", c.name, got, c.want)
		}
	}
}
