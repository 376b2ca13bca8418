package app_test

import (
	"fmt"
	"strings"
	"testing"
)

// refusal is one row of bad input with the answer that it must get.
type refusal struct {
	row    int // in the list of bad inputs
	body   any // a string is sent as it stands
	status int
	code   string
	secret string // what the answer and the log must not repeat; empty: the first digits of the body
}

// refuses sends every row to the address and expects its problem, no state and
// no message.
func (s *shop) refuses(path string, rows []refusal) {
	s.Helper()
	before := s.stored()
	for _, r := range rows {
		a := s.ask("POST", path, r.body)
		if a.status != r.status || a.code != r.code {
			s.Errorf("row %d, %.80q: %d %s %.200s, want %d %s", r.row, fmt.Sprint(r.body), a.status, a.code, a.body, r.status, r.code)
		}
		if kind := a.header.Get("Content-Type"); kind != "application/problem+json" {
			s.Errorf("row %d: Content-Type is %q", r.row, kind)
		}
		if r.secret != "" && (strings.Contains(string(a.body), r.secret) || strings.Contains(s.logs.String(), r.secret)) {
			s.Errorf("row %d: %q is repeated: %s", r.row, r.secret, a.body)
		}
	}
	if after := s.stored(); after != before {
		s.Errorf("rows of verifications, deliveries, events and standings went from %v to %v", before, after)
	}
	if calls := s.sms.CallCount(); calls != 0 {
		s.Errorf("%d messages were sent", calls)
	}
}

// phones makes rows for a phone.
func phones(row int, code string, numbers ...string) []refusal {
	var rows []refusal
	for _, n := range numbers {
		rows = append(rows, refusal{row: row, body: fields{"phone": n}, status: 422, code: code})
		if last := strings.TrimSpace(n); len(last) > 8 {
			rows[len(rows)-1].secret = last[len(last)-7:]
		}
	}
	return rows
}

func TestBadPhones(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop", noDefaultCountry)
	shop.moreKeys(1)
	var rows []refusal
	for _, more := range [][]refusal{
		phones(1, "phone_invalid", "", " ", "+", "phone"),
		phones(2, "phone_needs_plus", "89168642053", "79168642053", "9168642053"),
		phones(3, "phone_invalid", "+٧٩١٦١٢٣٤٥٦٧", "+7916123456٧"),
		phones(4, "phone_invalid", "＋７９１６１２３４５６７", "+７９１６１２３４５６７"),
		phones(5, "phone_has_extension_or_prefix", "++79168642053", "tel:+79168642053", "+79168642053;ext=5", "+79168642053,,5", "+79168642053 доб. 3", "+79168642053x12"),
		phones(6, "phone_invalid", "+1-800-FLOWERS"),
		phones(7, "sms_not_supported_for_type", "+18885550123", "+78005553535"),
		phones(8, "region_not_allowed", "+870773111632", "+882161234567", "+883510001234567"),
		phones(9, "phone_impossible", "+7112", "112", "+7916864205", "+791686420538", "+0079168642053"),
		phones(10, "sms_not_supported_for_type", "+390612345678"),
		phones(12, "control_character", "+79168642053\u0000", "+7916\u00858642053", "\u001b[2J+79168642053"),
		phones(12, "phone_invalid", "\n+79998642053", "+79998642053\n", "+7999\t8642053", "+7\u00a0999 8642053", "\u202e+79998642053"),
		{
			{row: 13, body: `{"phone":"` + strings.Repeat("7", 1<<20) + `"}`, status: 413, code: "body_too_large"},
			{row: 13, body: `{"phone":"+` + strings.Repeat("7", 15_000) + `"}`, status: 422, code: "phone_impossible"},
			{row: 14, body: `{"phone":[` + strings.Repeat(`"+1",`, 2_000) + `"+1"]}`, status: 422, code: "wrong_type"},
			{row: 14, body: `{"phone":[` + strings.Repeat(`"+77018642053",`, 10_000) + `"+1"]}`, status: 413, code: "body_too_large"},
			{row: 14, body: `{"phone":{"e164":"+77018642053"}}`, status: 422, code: "wrong_type", secret: "8642053"},
			{row: 14, body: `{"phone":77018642053}`, status: 422, code: "wrong_type", secret: "8642053"},
			{row: 14, body: `{"phone":null}`, status: 422, code: "null_value"},
			{row: 14, body: `{"phone":true}`, status: 422, code: "wrong_type"},
			{row: 14, body: `{"+77018642053":"phone"}`, status: 400, code: "unknown_field", secret: "8642053"},
		},
		{
			{row: 11, body: fields{"phone": "+447911123456", "channels": []string{"sms"}}, status: 422, code: "no_channel", secret: "1123456"},
			{row: 11, body: fields{"phone": "+79168642053"}, status: 422, code: "no_channel", secret: "8642053"},
			{row: 2, body: fields{"phone": "9168642053", "country": "ru"}, status: 422, code: "invalid_value"},
			{row: 2, body: fields{"phone": "9168642053", "country": "ZZ"}, status: 422, code: "country_invalid"},
			{row: 2, body: fields{"phone": "9168642053", "country": "001"}, status: 422, code: "invalid_value"},
		},
	} {
		rows = append(rows, more...)
	}
	shop.refuses("/v1/verifications", rows)
	// The other ways to name a phone read it by the same rules.
	for _, path := range []string{"/v1/verifications/search", "/v1/phones/lookup", "/v1/phones/unblock", "/v1/phones/forget"} {
		shop.refuses(path, phones(1, "phone_invalid", "", "phone", "+٧٩١٦١٢٣٤٥٦٧"))
		shop.refuses(path, phones(5, "phone_has_extension_or_prefix", "tel:+79168642053"))
	}
}

func TestCountryIsTheNumbersOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop", countries("GB"))
	// +44 7911 belongs to Guernsey in part; +44 says nothing about the country.
	if a := shop.ask("POST", "/v1/verifications", fields{"phone": "+447911123456"}); a.status != 422 || a.code != "no_channel" {
		t.Errorf("Guernsey is not on the list: %d %s", a.status, a.body)
	}
	if v := w.business("Islander", countries("GG")).begin(fields{"phone": "+447911123456"}); v.Phone != "+447911123456" {
		t.Errorf("phone is %q", v.Phone)
	}
}
