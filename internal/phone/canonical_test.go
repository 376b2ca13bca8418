package phone

import (
	"fmt"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"

	"otpravka/otpcore"
)

// same holds the short way to what the long one answers.
func same(t interface {
	Helper()
	Errorf(string, ...any)
}, text string,
) {
	t.Helper()
	if _, err := shape(text, ""); err != nil {
		return
	}
	short, shortErr := Parser{}.ParsePhone(text, "")
	long, longErr := read(text, "")
	if short != long || otpcore.CodeOf(shortErr) != otpcore.CodeOf(longErr) {
		t.Errorf("%s is read as %s of %q, %v; the library reads %s of %q, %v",
			text, short.E164(), short.Region(), shortErr, long.E164(), long.Region(), longErr)
	}
}

// T17: two ways to read a number must never give it two names.
func TestT17BothWaysReadTheSameNumber(t *testing.T) {
	plainly := 0
	for region := range phonenumbers.GetSupportedRegions() {
		for kind := phonenumbers.FIXED_LINE; kind <= phonenumbers.UAN; kind++ {
			n := phonenumbers.GetExampleNumberForType(region, kind)
			if n == nil {
				continue
			}
			text := e164(n)
			if _, _, ok := plain(text); ok {
				plainly++
			}
			same(t, text)
			if kind != phonenumbers.MOBILE {
				continue
			}
			// Neighbours of a number are where a prefix or a length begins to matter.
			for i := 1; i < len(text); i++ {
				for d := '0'; d <= '9'; d++ {
					same(t, text[:i]+string(d)+text[i+1:])
				}
				same(t, text[:i]+text[i+1:])
				same(t, text[:i]+"0"+text[i:])
			}
		}
	}
	if plainly < 500 {
		t.Errorf("%d example numbers go the short way, want most of them", plainly)
	}
}

func TestT17AnyDigitsAreReadTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := rapid.SampledFrom([]string{"1", "7", "33", "39", "44", "49", "52", "54", "55", "81", "86", "225", "375", "380", "852", "996", "998"}).Draw(t, "code")
		same(t, fmt.Sprintf("+%s%d", code, rapid.Uint64Range(1000, 999999999999).Draw(t, "national")))
	})
}

func BenchmarkParse(b *testing.B) {
	for _, way := range []struct{ name, text string }{{"E.164", "+77011234567"}, {"grouped", "+7 701 123 45 67"}} {
		b.Run(way.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := (Parser{}).ParsePhone(way.text, ""); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
