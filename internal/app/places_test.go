package app_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestPlacesThatDoNotExist(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	for _, tt := range []struct {
		body     fields
		code     string
		pointers []string
		named    string
	}{
		{fields{"countries": []string{"KZ", "XX"}}, "country_invalid", []string{"/countries/1"}, "XX"},
		{fields{"countries": []string{"ZZ", "QQ"}, "default_country": "AQ"}, "country_invalid", []string{"/countries/0", "/countries/1", "/default_country"}, "AQ"},
		{fields{"default_country": "UK"}, "country_invalid", []string{"/default_country"}, "UK"},
		{fields{"currency": "ZZZ"}, "currency_invalid", []string{"/currency"}, "ZZZ"},
		{fields{"currency": "XXX"}, "currency_invalid", []string{"/currency"}, "XXX"},
		{fields{"currency": "DEM"}, "currency_invalid", []string{"/currency"}, "DEM"},
	} {
		a := shop.ask("PATCH", "/v1/settings", tt.body)
		var problem struct {
			Errors []struct{ Pointer, Detail string }
		}
		w.must(json.Unmarshal(a.body, &problem))
		var pointers []string
		for _, e := range problem.Errors {
			pointers = append(pointers, e.Pointer)
		}
		if a.status != 422 || a.code != tt.code || !slices.Equal(pointers, tt.pointers) || !strings.Contains(string(a.body), tt.named) {
			t.Errorf("%v: %d %s, want %s at %v", tt.body, a.status, a.body, tt.code, tt.pointers)
		}
	}
	for _, body := range []fields{
		{"countries": []string{"KZ", "XK", "GG"}, "default_country": "US"}, {"currency": "VES"}, {"currency": "KGS"}, {"currency": "EUR"},
	} {
		if a := shop.ask("PATCH", "/v1/settings", body); a.status != http.StatusOK {
			t.Errorf("%v: %d %s", body, a.status, a.body)
		}
	}
}
