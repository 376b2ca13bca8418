package phone

import (
	"regexp"
	"strconv"

	"github.com/nyaruka/phonenumbers"
)

// An alias is a second way of writing the same mobile number that the numbering
// plan itself produces. The library keeps the two apart, so that one person
// would have two counters and two links.
type alias struct {
	spelling *regexp.Regexp // of the national number
	rewrite  string         // the canonical spelling
}

// aliases are listed by calling code.
var aliases = map[int32]alias{
	// Argentina dials mobiles with a 9 from abroad and without it, or with 15
	// after the area code, at home. A number without the 9 reads as the fixed
	// line of the same digits, which could not receive a code anyway.
	54: {regexp.MustCompile(`^([1-8][0-9]{9})$`), "9$1"},
	// Mexico dropped the 1 of mobiles called from abroad, and 044, 045 and 01
	// at home, in August 2019. Messengers still report numbers with the 1.
	52: {regexp.MustCompile(`^(?:1|044|045|01)([1-9][0-9]{9})$`), "$1"},
	// Brazil put a 9 before the eight digits of every mobile by 2016. Fixed
	// lines begin with 2 to 5 and stay as they are.
	55: {regexp.MustCompile(`^([1-9][0-9])([6-9][0-9]{7})$`), "${1}9$2"},
}

// canonical returns the canonical spelling of a number, or the number itself
// when the alias does not lead to a mobile number.
func canonical(n *phonenumbers.PhoneNumber) *phonenumbers.PhoneNumber {
	a, ok := aliases[n.GetCountryCode()]
	if !ok {
		return n
	}
	national := phonenumbers.GetNationalSignificantNumber(n)
	if !a.spelling.MatchString(national) {
		return n
	}
	callingCode := "+" + strconv.Itoa(int(n.GetCountryCode()))
	other, err := phonenumbers.Parse(callingCode+a.spelling.ReplaceAllString(national, a.rewrite), "")
	if err != nil || !phonenumbers.IsValidNumber(other) {
		return n
	}
	switch phonenumbers.GetNumberType(other) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE:
		return other
	}
	return n
}
