package app_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
)

const goodPhone = "+77018642053"

// with is a good start with more fields.
func with(more fields) fields {
	f := fields{"phone": goodPhone}
	maps.Copy(f, more)
	return f
}

func TestBadFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	shop.moreKeys(1)
	row := func(row, status int, code string, more fields) refusal {
		return refusal{row: row, body: with(more), status: status, code: code}
	}
	rows := []refusal{
		row(17, 400, "unknown_field", fields{"cod": "712839"}),
		row(17, 400, "unknown_field", fields{"Phone": goodPhone}),
		row(17, 422, "return_url_not_allowed", fields{"return_url": "https://evil.example"}),
		row(23, 422, "invalid_value", fields{"locale": "../../etc"}),
		row(23, 422, "invalid_value", fields{"locale": strings.Repeat("a", 10<<10)}),
		row(23, 422, "control_character", fields{"locale": "ru\u0000"}),
		row(23, 422, "invalid_value", fields{"locale": "RU"}),
		row(24, 422, "invalid_value", fields{"channels": []string{}}),
		row(24, 422, "invalid_value", fields{"channels": []string{"sms", "sms"}}),
		row(24, 422, "invalid_value", fields{"channels": []string{"pigeon"}}),
		row(24, 422, "invalid_value", fields{"channels": []string{"SMS"}}),
		row(24, 422, "wrong_type", fields{"channels": "sms"}),
		row(24, 422, "invalid_value", fields{"channels": make([]string, 100)}),
		row(24, 422, "no_channel", fields{"channels": []string{"telegram"}}),
		row(24, 422, "no_channel", fields{"channels": []string{"whatsapp"}}),
		row(25, 422, "invalid_value", fields{"ttl": 0}),
		row(25, 422, "invalid_value", fields{"ttl": 29}),
		row(25, 422, "invalid_value", fields{"ttl": 601}),
		row(25, 422, "wrong_type", fields{"ttl": "5m"}),
		row(25, 422, "wrong_type", fields{"ttl": 60.5}),
		row(26, 422, "invalid_value", fields{"fallback_after": -1}),
		row(26, 422, "invalid_value", fields{"fallback_after": 0}),
		row(26, 422, "invalid_value", fields{"fallback_after": 9}),
		row(26, 422, "invalid_value", fields{"fallback_after": 301}),
		row(26, 422, "fallback_after_out_of_range", fields{"ttl": 60, "fallback_after": 61}),
		row(26, 422, "invalid_value", fields{"fallback_on": "never"}),
		row(26, 422, "invalid_value", fields{"when_unlinked": "later"}),
		row(27, 404, "template_unknown", fields{"template": "somebody_elses"}),
		row(27, 422, "invalid_value", fields{"template": "../login"}),
		row(28, 422, "param_unknown", fields{"params": fields{"nobody": "x"}}),
		row(28, 422, "param_missing", fields{"template": "payment", "context": fields{"payee": "Ivan"}}),
		row(28, 422, "invalid_value", fields{"params": fields{"name": nil}}),
		row(31, 422, "invalid_value", fields{"metadata": fields{strings.Repeat("k", 41): "x"}}),
		row(31, 422, "invalid_value", fields{"metadata": fields{"k": strings.Repeat("v", 501)}}),
		row(31, 422, "metadata_too_large", fields{"metadata": fields{"k": strings.Repeat("ы", 300)}}),
		row(31, 422, "client_ip_invalid", fields{"client_ip": "abc"}),
		row(31, 422, "client_ip_invalid", fields{"client_ip": "999.1.1.1"}),
		row(31, 422, "client_ip_invalid", fields{"client_ip": "fe80::1%eth0"}),
		row(31, 422, "wrong_type", fields{"metadata": fields{"k": fields{"deeper": "x"}}}),
		row(32, 422, "pan_detected", fields{"metadata": fields{"card": "4111 1111 1111 1111"}}),
		row(32, 422, "pan_detected", fields{"metadata": fields{"note": "paid with 4111-1111-1111-1111 today"}}),
		row(32, 422, "pan_detected", fields{"metadata": fields{"4111111111111111": "x"}}),
		row(32, 422, "pan_detected", fields{"order_id": "4111111111111111"}),
	}
	many := fields{}
	for i := range 17 {
		many[fmt.Sprint("k", i)] = "v"
	}
	rows = append(rows, row(31, 422, "invalid_value", fields{"metadata": many}))
	for i := range rows {
		rows[i].secret = goodPhone[5:]
	}
	shop.refuses("/v1/verifications", rows)
	// A well-formed language without texts takes the business's own.
	if v := shop.begin(with(fields{"locale": "xx-YY"})); v.ID == "" {
		t.Error("row 23: a language without texts was refused")
	}
}

func TestBadWordsInTexts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	shop.moreKeys(1)
	var rows []refusal
	for _, r := range []struct {
		row   int
		words []string
	}{
		{29, []string{
			"https://evil.example", "see hxxp evil", "evil。com", "evil．com", "t.me/x", "WWW.EVIL", "evil[.]com",
			"user@evil", "call +7 701 864 20 53", "code 1234", "١٢٣٤", "javascript:alert", "tel:112",
		}},
		{30, []string{
			"Ivan\u202ePetrov", "Ivan\u200dPetrov", "Ivan\u2066x\u2069", "I" + strings.Repeat("\u0301", 10), "two\nlines", "tab\there",
			"👨\u200d👩\u200d👧",
		}},
	} {
		for _, words := range r.words {
			context := fields{"amount": price("10.00", "KZT"), "payee": words}
			rows = append(rows, refusal{row: r.row, body: with(fields{"template": "payment", "context": context}), status: 422, code: "var_not_allowed"})
		}
	}
	for payee, code := range map[string]string{
		"": "invalid_value", "   ": "param_length", strings.Repeat("ы", 65): "invalid_value", "I" + strings.Repeat("\u0301", 1000): "invalid_value",
	} {
		context := fields{"amount": price("10.00", "KZT"), "payee": payee}
		rows = append(rows, refusal{row: 30, body: with(fields{"template": "payment", "context": context}), status: 422, code: code})
	}
	text := fields{"amount": "10.00", "payee": "Ivan"}
	rows = append(rows, refusal{row: 28, body: with(fields{"template": "payment", "context": text}), status: 422, code: "param_type"})
	for _, amount := range []any{price("1e3", "KZT"), price("-1", "KZT"), price("10.001", "KZT"), price("10,00", "KZT"), price("10", "tenge"), price("10", "kzt")} {
		context := fields{"amount": amount, "payee": "Ivan"}
		rows = append(rows, refusal{row: 28, body: with(fields{"template": "payment", "context": context}), status: 422, code: "invalid_value"})
	}
	rows = append(rows,
		refusal{row: 28, body: with(fields{"template": "payment", "context": fields{"amount": 10, "payee": "Ivan"}}), status: 422, code: "invalid_value"},
		refusal{row: 28, body: with(fields{"template": "payment", "params": fields{"payee": "Ivan"}, "context": payment()}), status: 422, code: "param_in_context"},
		refusal{row: 28, body: with(fields{"template": "payment", "params": payment()}), status: 422, code: "param_unknown"},
	)
	shop.refuses("/v1/verifications", rows)
}

func TestBadOwnCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	row := func(code string, more fields) refusal {
		return refusal{row: 17, body: with(more), status: 422, code: code, secret: goodPhone[5:]}
	}
	shop.refuses("/v1/verifications", []refusal{
		row("invalid_value", fields{"code": "71283"}),
		row("invalid_value", fields{"code": "71283940576"}),
		row("invalid_value", fields{"code": "71283a"}),
		row("invalid_value", fields{"code": "７１２８３９"}),
		row("wrong_type", fields{"code": 712839}),
		row("code_guessable", fields{"code": "777777"}),
		row("code_guessable", fields{"code": "123456"}),
		row("code_guessable", fields{"code": "FEDCBA"}),
		row("code_and_length", fields{"code": "712839", "code_length": 6}),
		row("code_length_out_of_range", fields{"code_length": 5}),
		row("invalid_value", fields{"code_length": 3}),
		row("invalid_value", fields{"code_length": 11}),
	})
}

func TestBadJSON(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	good := `{"phone":"` + goodPhone + `"}`
	row := func(row, status int, code, body string) refusal {
		return refusal{row: row, body: body, status: status, code: code, secret: goodPhone[5:]}
	}
	shop.refuses("/v1/verifications", []refusal{
		row(16, 400, "duplicate_key", `{"phone":"`+goodPhone+`","phone":"+77018642054"}`),
		row(16, 400, "duplicate_key", `{"phone":"`+goodPhone+`","ph\u006fne":"+77018642054"}`),
		row(18, 400, "trailing_data", good+" "+good),
		row(18, 400, "trailing_data", good+" and more"),
		row(18, 400, "trailing_data", good+"}"),
		row(19, 400, "empty_body", ""),
		row(19, 400, "empty_body", " \n"),
		row(19, 400, "not_an_object", "null"),
		row(19, 400, "not_an_object", "[]"),
		row(19, 400, "not_an_object", `"x"`),
		row(19, 400, "malformed_json", "NaN"),
		row(19, 400, "malformed_json", `{"phone":NaN}`),
		row(19, 400, "malformed_json", `{'phone':'x'}`),
		row(19, 400, "malformed_json", `{"phone":"`+goodPhone+`",}`),
		row(19, 400, "invalid_utf8", "{\"phone\":\"\xff\"}"),
		row(19, 400, "malformed_json", `{"phone":"\ud800"}`),
		row(20, 400, "too_deep", strings.Repeat("[", 12_000)),
		row(20, 413, "body_too_large", strings.Repeat("[", 20_000)),
		row(20, 400, "too_deep", `{"metadata":`+strings.Repeat(`{"a":`, 9)+"1"+strings.Repeat("}", 10)),
		row(25, 422, "invalid_value", `{"phone":"`+goodPhone+`","ttl":1e309}`),
		row(25, 422, "invalid_value", `{"phone":"`+goodPhone+`","ttl":99999999999999999999}`),
	})
}
