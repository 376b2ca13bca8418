package api

import (
	"fmt"
	"slices"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/currency"

	"otpravka/webhook/problem"
)

// newerCurrencies are the codes that ISO 4217 gained after CLDR 32, which the
// currency package stands on. Without them a shop in Caracas could not name
// its own money.
var newerCurrencies = []string{"MRU", "SLE", "VED", "VES", "XCG", "ZWG"}

// checkPlaces refuses countries that have no phone numbers and currencies that
// nobody pays with: either would look like a setting and do nothing.
func checkPlaces(b *UpdateSettingsRequest) error {
	countries := problem.New("country_invalid")
	for i, c := range given(b.Countries) {
		if !knownCountry(c) {
			countries.At(fmt.Sprintf("/countries/%d", i), c+" is no country with phone numbers.")
		}
	}
	if c := b.DefaultCountry; c != nil && !knownCountry(*c) {
		countries.At("/default_country", *c+" is no country with phone numbers.")
	}
	if len(countries.Errors) > 0 {
		return countries
	}
	if c := b.Currency; c != nil && !knownCurrency(*c) {
		return problem.New("currency_invalid").At("/currency", *c+" is no currency in use.")
	}
	return nil
}

func knownCountry(code string) bool { return phonenumbers.GetSupportedRegions()[code] }

// knownCurrency knows money that is legal tender today. CLDR also lists money
// of the past and codes that stand for none, such as XXX.
func knownCurrency(code string) bool {
	if slices.Contains(newerCurrencies, code) {
		return true
	}
	unit, err := currency.ParseISO(code)
	if err != nil {
		return false
	}
	for it := currency.Query(); it.Next(); {
		if it.Unit() == unit {
			return true
		}
	}
	return false
}
