package sms

import (
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"otpravka/otpcore"
)

// numberFormat is the spelling of numbers that a provider wants in {{to}}.
type numberFormat string

const (
	formatE164     numberFormat = "e164"     // +77011234567
	formatDigits   numberFormat = "digits"   // 77011234567
	formatNational numberFormat = "national" // 7011234567
)

// spelling is a number in each way. The national one is empty for numbers of no
// country.
type spelling struct{ e164, digits, national string }

func spell(p otpcore.Phone) spelling {
	digits := strings.TrimPrefix(p.E164(), "+")
	code := strconv.Itoa(phonenumbers.GetCountryCodeForRegion(p.Region()))
	national, ok := strings.CutPrefix(digits, code)
	if !ok {
		national = ""
	}
	return spelling{p.E164(), digits, national}
}

func (s spelling) in(f numberFormat) string {
	switch f {
	case formatE164:
		return s.e164
	case formatDigits:
		return s.digits
	}
	return s.national
}
