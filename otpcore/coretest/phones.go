package coretest

import (
	"strings"

	"otpravka/otpcore"
)

// Phones parse numbers of a handful of countries by their prefix alone.
type Phones struct{}

var _ otpcore.PhoneParser = Phones{}

// NewPhones returns a parser that takes "+" with 8 to 15 digits, and national
// numbers of RU and KZ with or without their leading 8. Spaces, hyphens and
// brackets do not count.
func NewPhones() Phones { return Phones{} }

// regions lists prefixes with the longer ones first.
var regions = []struct{ prefix, region string }{
	{"+998", "UZ"},
	{"+996", "KG"},
	{"+77", "KZ"},
	{"+76", "KZ"},
	{"+49", "DE"},
	{"+44", "GB"},
	{"+7", "RU"},
	{"+1", "US"},
}

// ParsePhone returns the number, or an Error of kind invalid.
func (Phones) ParsePhone(raw, country string) (otpcore.Phone, error) {
	number := strings.NewReplacer(" ", "", "-", "", "(", "", ")", "").Replace(raw)
	if !strings.HasPrefix(number, "+") {
		if country != "RU" && country != "KZ" {
			return otpcore.Phone{}, refused("phone_needs_plus", "Write the number with its country code, like +77011234567.")
		}
		if len(number) == 11 {
			number = strings.TrimPrefix(number, "8")
		}
		number = "+7" + number
	}
	if n := len(number) - 1; n < 8 || n > 15 || strings.Trim(number[1:], "0123456789") != "" {
		return otpcore.Phone{}, refused("phone_invalid", "This is no phone number.")
	}
	for _, r := range regions {
		if strings.HasPrefix(number, r.prefix) {
			return otpcore.NewPhone(number, r.region), nil
		}
	}
	return otpcore.Phone{}, refused("region_not_allowed", "No country has this prefix.")
}

func refused(code, detail string) *otpcore.Error {
	return &otpcore.Error{Kind: otpcore.KindInvalid, Code: code, Field: "/phone", Detail: detail}
}
