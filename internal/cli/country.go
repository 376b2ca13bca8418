package cli

import (
	"fmt"
	"slices"

	"golang.org/x/text/currency"
	"golang.org/x/text/language"
)

// place is what a country suggests for a business there.
type place struct {
	locale, currency, timeZone string
}

// readsRussian lists the countries where a Russian text is understood better
// than an English one as long as there is none in the country's own language.
var readsRussian = []string{"AM", "AZ", "BY", "GE", "KG", "KZ", "MD", "RU", "TJ", "TM", "UZ"}

// capitalZones are the time zones of the capitals of those countries. CLDR has
// no time zones by country; elsewhere the operator names one.
var capitalZones = map[string]string{
	"AM": "Asia/Yerevan", "AZ": "Asia/Baku", "BY": "Europe/Minsk", "GE": "Asia/Tbilisi",
	"KG": "Asia/Bishkek", "KZ": "Asia/Almaty", "MD": "Europe/Chisinau", "RU": "Europe/Moscow",
	"TJ": "Asia/Dushanbe", "TM": "Asia/Ashgabat", "UZ": "Asia/Tashkent",
}

// defaultsOf returns what the country suggests: its currency by CLDR, a
// language that there are texts in, and a time zone.
func defaultsOf(country string) (place, error) {
	region, err := language.ParseRegion(country)
	if err != nil || !region.IsCountry() || len(country) != 2 {
		return place{}, fmt.Errorf("unknown country %q: use two letters of ISO 3166, for example --country KZ", country)
	}
	p := place{locale: "en", timeZone: orElse(capitalZones[country], "UTC")}
	if slices.Contains(readsRussian, country) {
		p.locale = "ru"
	}
	if unit, ok := currency.FromRegion(region); ok {
		p.currency = unit.String()
	}
	return p, nil
}
