package app_test

import (
	"net/http"
	"testing"

	"otpravka/internal/phone"
)

// spellings are 40 ways to write +77011234567, the last ones as it is dialled
// inside Kazakhstan.
var spellings = []string{
	"+77011234567", "+7 7011234567", "+7 701 1234567", "+7 701 123 4567", "+7 701 123 45 67",
	"+7-701-123-45-67", "+7-701-1234567", "+7.701.123.45.67", "+7.701.1234567", "+7(701)1234567",
	"+7 (701) 1234567", "+7 (701) 123 45 67", "+7 (701) 123-45-67", "+7(701)123-45-67", "+7(701) 123.45.67",
	"+7 701-123-45-67", "+7 701.123.45.67", "+7-701 123 45 67", "+7-(701)-123-45-67", "+7  701  123  45  67",
	" +77011234567", "+77011234567 ", "  +7 701 123 45 67  ", "+7 70 11 23 45 67", "+770 112 34 567",
	"+7 - 701 - 1234567", "+7 7 0 1 1 2 3 4 5 6 7", "+7-7011-23-45-67", "+7.(701).123.45.67", "+7 (7011) 23-45-67",
	"87011234567", "8 701 123 45 67", "8(701)1234567", "8 (701) 123-45-67", "8-701-123-45-67",
	"7011234567", "701 123 45 67", "(701) 123-45-67", "701-123-4567", "8.701.123.45.67",
}

func TestT17SpellingsShareOneLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop, neighbour := w.business("Shop"), w.business("Neighbour")
	for i, s := range spellings {
		if p, err := (phone.Parser{}).ParsePhone(s, "KZ"); err != nil || p.E164() != "+77011234567" {
			t.Fatalf("spelling %d is no spelling: %s %v", i, p.E164(), err)
		}
	}
	// Five starts within ten minutes are allowed; canceling frees the places of
	// live ones, so that no other limit speaks first.
	for i := range 5 {
		v := shop.begin(fields{"phone": spellings[i*8]})
		if v.Phone != "+77011234567" {
			t.Fatalf("the phone of %q is %q", spellings[i*8], v.Phone)
		}
		shop.cancel(v.ID)
	}
	for _, s := range spellings {
		a := shop.ask("POST", "/v1/verifications", fields{"phone": s})
		if a.status != http.StatusTooManyRequests || a.code != "too_many_starts" || a.header.Get("Retry-After") == "" {
			t.Errorf("%q beyond the limit: %d %s", s, a.status, a.body)
		}
	}
	shop.begin(fields{"phone": "+77011234568"})
	neighbour.begin(fields{"phone": "+77011234567"})
}
