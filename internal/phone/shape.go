package phone

import (
	"regexp"
	"strings"

	"otpravka/otpcore"
)

// minDigits and maxDigits bound a dialled number. ITU-T E.164 allows at most 15
// digits; no country has subscriber numbers of fewer than 7 with its code. A
// national number may carry a trunk or an exit prefix on top.
const (
	minDigits      = 7
	maxDigits      = 15
	maxPrefix      = 4
	maxGroupedSize = 32
)

var (
	// prefixed begins with an address scheme or doubles the plus sign.
	prefixed = regexp.MustCompile(`^(?:[A-Za-z]+: *\+?|\+[ +]*\+)[0-9 ().-]{7,}`)
	// extended is a number, then a letter or a pause sign, then more digits.
	extended = regexp.MustCompile(`^\+?(?:[ ().-]*[0-9]){7,15}[ ().-]*(?:[;,#*]|\p{L}).*[0-9]$`)
)

// shape returns raw without surrounding spaces when it looks like a number that
// the library may read, and otherwise says what kind of thing it is instead.
func shape(raw, country string) (string, error) {
	text := strings.Trim(raw, " ")
	if !isGrouped(text) {
		return "", oddity(text)
	}
	digits := 0
	for _, c := range text {
		if '0' <= c && c <= '9' {
			digits++
		}
	}
	international := text[0] == '+'
	switch most := maxDigits + maxPrefix; {
	case digits == 0:
		return "", errInvalid
	case digits < minDigits && (international || country == ""):
		return "", errImpossible
	case digits > most || international && digits > maxDigits, len(text) > maxGroupedSize:
		return "", errImpossible
	case !international && country == "":
		return "", errNeedsPlus
	}
	return text, nil
}

// isGrouped reports whether text is a number as people write it, in ASCII.
func isGrouped(text string) bool {
	number := strings.TrimPrefix(text, "+")
	return number != "" && strings.Trim(number, "0123456789 ().-") == ""
}

// oddity names what is wrong with a text that is no grouped number.
func oddity(text string) error {
	if len(text) > 2*maxGroupedSize {
		return errInvalid
	}
	if prefixed.MatchString(text) || extended.MatchString(text) {
		return errExtension
	}
	return errInvalid
}

// The refusals. They are the same for every value of their kind, so that no
// sentence can carry a number into a log.
var (
	errInvalid = refuse("phone_invalid",
		"Send the number as a plus sign, the country code and digits only, for example +77011234567.")
	errNeedsPlus = refuse("phone_needs_plus",
		"Put a plus sign and the country code before the number, or name its country in the field country.")
	errImpossible = refuse("phone_impossible",
		"No such number exists: check that no digit is missing, doubled or swapped.")
	errExtension = refuse("phone_has_extension_or_prefix",
		"Send the bare number, without tel:, a second plus sign or an extension.")
	errRegion = refuse("region_not_allowed",
		"Send a mobile number of a country: satellite and other international services get no codes.")
	errType = refuse("sms_not_supported_for_type",
		"Send a mobile number: a number of this type, for example a fixed line or a toll-free number, gets no codes.")
	errCountry = &otpcore.Error{
		Kind: otpcore.KindInvalid, Code: "country_invalid", Field: "/country",
		Detail: "Name the country by its ISO 3166 code of two capital letters, for example KZ.",
	}
)

func refuse(code, detail string) *otpcore.Error {
	return &otpcore.Error{Kind: otpcore.KindInvalid, Code: code, Field: "/phone", Detail: detail}
}
