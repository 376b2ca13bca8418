package app_test

import (
	"strings"
	"testing"
)

func TestBadSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	before := string(shop.ask("GET", "/v1/settings", nil).body)
	for _, r := range []refusal{
		{body: fields{}, status: 422, code: "invalid_value"},
		{body: fields{"name": ""}, status: 422, code: "invalid_value"},
		{body: fields{"name": strings.Repeat("x", 10<<10)}, status: 422, code: "invalid_value"},
		{body: fields{"name": "Shop\nEvil"}, status: 422, code: "name_invalid"},
		{body: fields{"name": "\u202epohS"}, status: 422, code: "name_invalid"},
		{body: fields{"name": "Shop\u0007"}, status: 422, code: "control_character"},
		{body: fields{"countries": []string{}}, status: 422, code: "invalid_value"},
		{body: fields{"countries": []string{"KZ", "KZ"}}, status: 422, code: "invalid_value"},
		{body: fields{"countries": []string{"001"}}, status: 422, code: "invalid_value"},
		{body: fields{"default_country": "kz"}, status: 422, code: "invalid_value"},
		{body: fields{"time_zone": "../../etc/passwd"}, status: 422, code: "time_zone_invalid"},
		{body: fields{"time_zone": "Local"}, status: 422, code: "time_zone_invalid"},
		{body: fields{"time_zone": "Asia/Nowhere"}, status: 422, code: "time_zone_invalid"},
		{body: fields{"currency": "tenge"}, status: 422, code: "invalid_value"},
		{body: fields{"route": []string{"sms", "sms"}}, status: 422, code: "invalid_value"},
		{body: fields{"ttl": 30, "fallback_after": 300}, status: 422, code: "fallback_after_out_of_range"},
		{body: fields{"ttl": 601}, status: 422, code: "invalid_value"},
		{body: fields{"id": "biz_01kpx3q8e5f1ttgq0g7m9y2c4d"}, status: 400, code: "unknown_field"},
		{body: `{"name":"Shop","name":"Evil"}`, status: 400, code: "duplicate_key"},
	} {
		if a := shop.ask("PATCH", "/v1/settings", r.body); a.status != r.status || a.code != r.code {
			t.Errorf("%.60q: %d %s, want %d %s", r.body, a.status, a.body, r.status, r.code)
		}
	}
	if after := string(shop.ask("GET", "/v1/settings", nil).body); after != before {
		t.Errorf("the settings went from %s to %s", before, after)
	}
}
