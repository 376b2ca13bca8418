package otpcore

import (
	"strings"
	"testing"
)

// T32: what an attacker could put into a text to lead its reader elsewhere.
func TestT32TextsLeadNowhere(t *testing.T) {
	for _, text := range []string{
		"http://evil.com", "https:evil", "hxxp evil", "www.evil", "evil.com", "evil。com", "evil．com", "evil｡com", "evil․com",
		"evil[.]com", "evil(.)com", "t.me/x", "tg://resolve", "tg:resolve", "аррlе.соm", "xn--80ak6aa92e.com", "сбербанк.рф", "ⓔⓥⓘⓛ.ⓒⓞⓜ",
		"ｅｖｉｌ.ｃｏｍ", "user@host", "javascript:alert", "file:etc", `http:\\evil`, "1234", "12 34", "1.2.3.4", "1-2-3-4", "１２３４", "١٢٣٤",
		"12\u00a034", "12\u201334", "+7 701 123", "a\u202eb", "a\u2066b", "a\u200db", "a\u200bb", "a\u0000b", "a\nb", "a\rb", "a\tb", "a\u2028b",
		"a     b", "a\u2029b", "a\ufeffb", "a\ue000b", "a\u0301\u0302\u0303b", "a\u20dd\u20dd\u20ddb", "👨‍👩‍👧", "a\ufffdb", "\xff", " ", "",
		strings.Repeat("a", 33), strings.Repeat("я", 33),
	} {
		if err := checkWords("/params/x", text, 32); err == nil {
			t.Errorf("%q is allowed", text)
		} else if strings.Contains(err.Error(), text) && strings.TrimSpace(text) != "" {
			t.Errorf("the refusal of %q repeats it", text)
		}
	}
}

func TestHonestTextsPass(t *testing.T) {
	for _, text := range []string{
		"Асель", "Иванов И.И.", "Kaspi Gold", "ТОО «Ромашка»", "кв. 12, дом 3", "10:30", "a    b", "№ 7", "2 x 3 m", "Zoë", "Nguyễn Văn", "नमस्ते", "خالد",
		"O'Brien & Sons", "100 %", "a, b. c", "123", "Tom 🙂", strings.Repeat("я", 32),
	} {
		if err := checkWords("/params/x", text, 32); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestParamTypes(t *testing.T) {
	money := func(amount, currency string) Param { return Param{Money: &Money{amount, currency}} }
	for _, tt := range []struct {
		kind string
		in   Param
		want string // canonical; empty: refused
	}{
		{"money", money("4990", "KZT"), "4990.00"},
		{"money", money("4990.5", "KZT"), "4990.50"},
		{"money", money("0", "KZT"), "0.00"},
		{"money", money("999999999999.99", "KZT"), "999999999999.99"},
		{"money", money("01", "KZT"), ""},
		{"money", money("1.234", "KZT"), ""},
		{"money", money("-1", "KZT"), ""},
		{"money", money("1e3", "KZT"), ""},
		{"money", money("1,5", "KZT"), ""},
		{"money", money("١", "KZT"), ""},
		{"money", money("1", "kzt"), ""},
		{"money", money("1", "KZTT"), ""},
		{"money", Param{Text: "4990"}, ""},
		{"money", Param{}, ""},
		{"text", money("1", "KZT"), ""},
		{"text", Param{Text: "Асель"}, "Асель"},
		{"text", Param{}, ""},
		{"name", Param{Text: strings.Repeat("a", 64)}, strings.Repeat("a", 64)},
		{"name", Param{Text: strings.Repeat("a", 65)}, ""},
		{"order_number", Param{Text: "KZ-100245/7"}, "KZ-100245/7"},
		{"order_number", Param{Text: "№ 7"}, ""},
		{"order_number", Param{Text: "evil.com/x"}, ""},
		{"order_number", Param{Text: "t.me/x"}, ""},
		{"order_number", Param{Text: strings.Repeat("1", 33)}, ""},
		{"count", Param{Text: "0"}, "0"},
		{"count", Param{Text: "999"}, "999"},
		{"count", Param{Text: "1000"}, ""},
		{"count", Param{Text: "01"}, ""},
		{"count", Param{Text: "-1"}, ""},
		{"count", Param{Text: "٣"}, ""},
		{"count", Param{Text: "1.5"}, ""},
		{"count", money("1", "KZT"), ""},
		{"date", Param{Text: "2026-11-22"}, "2026-11-22"},
		{"date", Param{Text: "2026-02-30"}, ""},
		{"date", Param{Text: "22.11.2026"}, ""},
	} {
		got, err := checkParam("/params/x", tt.kind, tt.in)
		text := got.Text
		if got.Money != nil {
			text = got.Money.Amount
		}
		if (err == nil) != (tt.want != "") || err == nil && text != tt.want {
			t.Errorf("%s %+v: %q, %v, want %q", tt.kind, tt.in, text, err, tt.want)
		}
	}
}

func TestDeclaredParamsOnly(t *testing.T) {
	specs := []ParamSpec{{Name: "payee", Type: "name", Required: true}, {Name: "note", Type: "text"}}
	for _, tt := range []struct {
		name  string
		given map[string]Param
		code  string
	}{
		{"required only", map[string]Param{"payee": {Text: "Asel"}}, ""},
		{"both", map[string]Param{"payee": {Text: "Asel"}, "note": {Text: "rent"}}, ""},
		{"missing", map[string]Param{"note": {Text: "rent"}}, "param_missing"},
		{"none", nil, "param_missing"},
		{"undeclared", map[string]Param{"payee": {Text: "Asel"}, "x": {Text: "y"}}, "param_unknown"},
		{"bad", map[string]Param{"payee": {Text: "evil.com"}}, "var_not_allowed"},
	} {
		out, err := checkParams("/context", specs, tt.given)
		if CodeOf(err) != tt.code || err == nil && len(out) != len(tt.given) {
			t.Errorf("%s: %v, %v", tt.name, out, err)
		}
	}
}

func TestNobodyConfirmsAPaymentOfNothing(t *testing.T) {
	spec := TemplateSpec{
		Params:  []ParamSpec{{Name: "total", Type: "money"}},
		Context: []ParamSpec{{Name: "amount", Type: "money", Required: true}},
	}
	for amount, code := range map[string]string{"0": "param_type", "0.00": "param_type", "-5": "param_type", "0.01": "", "100": ""} {
		r := StartRequest{
			Params:  map[string]Param{"total": {Money: &Money{"0", "KZT"}}}, // a free order is one
			Context: map[string]Param{"amount": {Money: &Money{amount, "KZT"}}},
		}
		err := new(Verifications).draftTexts(&Verification{}, r, spec)
		if CodeOf(err) != code || err != nil && !strings.Contains(err.Error(), "positive") {
			t.Errorf("%s: %v, want %q", amount, err, code)
		}
	}
}

// T12: one amount is one amount, however it is written.
func TestT12ContextIsCanonical(t *testing.T) {
	amount := func(s string) map[string]Param {
		return map[string]Param{"amount": {Money: &Money{s, "KZT"}}, "payee": {Text: "Asel"}}
	}
	stored, err := checkParams("/context", []ParamSpec{{Name: "amount", Type: "money"}, {Name: "payee", Type: "name"}}, amount("4990"))
	if err != nil {
		t.Fatal(err)
	}
	for given, same := range map[string]bool{"4990": true, "4990.0": true, "4990.00": true, "4990.01": false, "499": false} {
		bound, err := canonicalContext(amount(given))
		if err != nil || sameContext(stored, bound) != same {
			t.Errorf("%s: %v, same %v, want %v", given, err, !same, same)
		}
	}
	if _, err := canonicalContext(amount("4990,00")); CodeOf(err) != "param_type" {
		t.Errorf("an amount that is none: %v", err)
	}
}
