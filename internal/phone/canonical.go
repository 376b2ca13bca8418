package phone

import (
	"strconv"
	"strings"
	"sync"

	"github.com/nyaruka/phonenumbers"
)

// Most numbers arrive as programs store them: in E.164, without a space. The
// library would look for extensions, letters and trunk prefixes in them as in
// any other text, which costs more than all that follows.

// trunk is the prefix that the numbering plan of a calling code takes off the
// front of a national number. Plans that rewrite more than that are not listed.
type trunk map[int32]string

// trunks are read out of the library's own plans, once.
var trunks = sync.OnceValue(func() trunk {
	plans, err := phonenumbers.MetadataCollection()
	if err != nil {
		return nil // the library, which reads the same plans, will say so
	}
	t := make(trunk)
	for _, plan := range plans.GetMetadata() {
		code := plan.GetCountryCode()
		if _, rewritten := aliases[code]; rewritten || !isMain(plan) || plan.GetNationalPrefixTransformRule() != "" {
			continue
		}
		if prefix := plan.GetNationalPrefixForParsing(); isDigits(prefix) {
			t[code] = prefix
		}
	}
	return t
})

// isMain tells the plan by which numbers of the calling code are read.
func isMain(plan *phonenumbers.PhoneMetadata) bool {
	return plan.GetId() == phonenumbers.GetRegionCodeForCountryCode(int(plan.GetCountryCode()))
}

func isDigits(text string) bool { return strings.Trim(text, "0123456789") == "" }

// plain reads a text that is in E.164 already, and reports false when the
// library has to look at it.
func plain(text string) (number *phonenumbers.PhoneNumber, national string, ok bool) {
	digits, international := strings.CutPrefix(text, "+")
	if !international || !isDigits(digits) || strings.HasPrefix(digits, "0") {
		return nil, "", false
	}
	for n := 1; n <= 3 && n < len(digits); n++ { // no calling code begins another one
		code, _ := strconv.Atoi(digits[:n])
		prefix, listed := trunks()[int32(code)]
		if !listed {
			continue
		}
		national = digits[n:]
		if national[0] == '0' || prefix != "" && strings.HasPrefix(national, prefix) {
			return nil, "", false
		}
		value, err := strconv.ParseUint(national, 10, 64)
		if err != nil {
			return nil, "", false
		}
		callingCode := int32(code)
		return &phonenumbers.PhoneNumber{CountryCode: &callingCode, NationalNumber: &value}, national, true
	}
	return nil, "", false
}
