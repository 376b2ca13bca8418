// Package phone makes phone numbers canonical. It gives every spelling of a
// number one E.164 form, because limits, links and standings count by it, and
// refuses numbers that cannot receive a code.
//
// The numbering plans come from github.com/nyaruka/phonenumbers, a port of
// Google's libphonenumber. That library is far more lenient than a code needs:
// it reads digits of any script, letters, extensions and "tel:" addresses.
// Everything therefore passes a strict ASCII shape before the library sees it.
package phone

import (
	"slices"

	"github.com/nyaruka/phonenumbers"

	"otpravka/otpcore"
)

var _ otpcore.PhoneParser = Parser{}

// Parser reads phone numbers. The zero value is ready and safe for concurrent
// use.
type Parser struct{}

// nowhere is libphonenumber's region of calling codes that belong to no
// country: satellites, universal toll-free, anonymous numbers. They are favoured
// by toll fraud and never allowed.
const nowhere = "001"

// carriers are the types of numbers whose holder can read an SMS. All others
// are refused: fixed lines cannot show one, premium, shared-cost, personal and
// universal-access numbers bill somebody for it, pagers, voice boxes and
// toll-free numbers belong to no person.
var carriers = []phonenumbers.PhoneNumberType{
	phonenumbers.MOBILE,
	phonenumbers.FIXED_LINE_OR_MOBILE, // plans such as the North American one do not tell the two apart
	phonenumbers.VOIP,
}

// ParsePhone reads raw as E.164 (spaces, hyphens, dots and parentheses may
// group the digits), or as a national number of the country. A number with a
// plus sign never looks at the country. The result is a fixed point: its own
// E164 parses to itself.
func (Parser) ParsePhone(raw, country string) (otpcore.Phone, error) {
	if country != "" && phonenumbers.GetCountryCodeForRegion(country) == 0 {
		return otpcore.Phone{}, errCountry
	}
	text, err := shape(raw, country)
	if err != nil {
		return otpcore.Phone{}, err
	}
	if number, national, ok := plain(text); ok {
		if region := phonenumbers.GetRegionCodeForNumber(number); isMobile(region, national) {
			return otpcore.NewPhone(text, region), nil
		}
	}
	return read(text, country)
}

// read lets the library find out what is meant.
func read(text, country string) (otpcore.Phone, error) {
	number, err := phonenumbers.Parse(text, country)
	if err != nil {
		return otpcore.Phone{}, errImpossible
	}
	number = canonical(number)
	region, err := judge(number)
	if err != nil {
		return otpcore.Phone{}, err
	}
	form := e164(number)
	if form != text && !settled(form) {
		return otpcore.Phone{}, errImpossible
	}
	return otpcore.NewPhone(form, region), nil
}

// judge returns the region of a number that may get a code.
func judge(n *phonenumbers.PhoneNumber) (string, error) {
	if phonenumbers.GetRegionCodeForCountryCode(int(n.GetCountryCode())) == nowhere {
		return "", errRegion
	}
	// The type is looked up in the plan of the number's own region, and a number
	// is valid there when it has one.
	switch kind := phonenumbers.GetNumberType(n); {
	case kind == phonenumbers.UNKNOWN:
		return "", errImpossible
	case !slices.Contains(carriers, kind):
		return "", errType
	}
	return phonenumbers.GetRegionCodeForNumber(n), nil
}

// settled reports whether the canonical form reads as the same number again. A
// number that does not would be counted under two names.
func settled(form string) bool {
	again, err := phonenumbers.Parse(form, "")
	return err == nil && e164(canonical(again)) == form
}

func e164(n *phonenumbers.PhoneNumber) string {
	return phonenumbers.Format(n, phonenumbers.E164)
}
