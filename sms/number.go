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

// spell writes the number in each way. The national one is empty for numbers
// of no country.
func spell(p otpcore.Phone) map[numberFormat]string {
	digits := strings.TrimPrefix(p.E164(), "+")
	code := strconv.Itoa(phonenumbers.GetCountryCodeForRegion(p.Region()))
	national, ok := strings.CutPrefix(digits, code)
	if !ok {
		national = ""
	}
	return map[numberFormat]string{formatE164: p.E164(), formatDigits: digits, formatNational: national}
}
