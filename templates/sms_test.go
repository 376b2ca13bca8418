package templates_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"otpravka/otpcore"
	"otpravka/templates"
)

// hostilePayee is the longest payee in letters that force UCS-2.
var hostilePayee = strings.Repeat("Щ", 64)

// orders are order numbers from the usual to the longest one allowed.
var orders = []string{"7", "A-1042", "2026-0001234", strings.Repeat("8", 32), strings.Repeat("Ж", 32)}

func money(amount, currency string) otpcore.Param {
	return otpcore.Param{Money: &otpcore.Money{Amount: amount, Currency: currency}}
}

// eachSMS renders a template in every locale, code length and brand, in the
// worst script as well as in ASCII.
func eachSMS(t *testing.T, in otpcore.CodeText, check func(in otpcore.CodeText, text string)) {
	t.Helper()
	r := mustRenderer(t)
	for _, locale := range locales {
		for length := 4; length <= 10; length++ {
			for _, brand := range []string{"X", "Otpravka Shop 12", strings.Repeat("Ю", 16), strings.Repeat("€", 16)} {
				in.Channel, in.Locale, in.Brand = otpcore.SMS, locale, brand
				in.Code = otpcore.NewCode("1234567890"[:length])
				m, err := r.Code(in)
				if err != nil {
					t.Fatal(err)
				}
				check(in, m.Text)
			}
		}
	}
}

func TestSMSFitsItsSegments(t *testing.T) {
	check := func(limit int) func(otpcore.CodeText, string) {
		return func(in otpcore.CodeText, text string) {
			if n := templates.Segments(text); n > limit {
				t.Errorf("%s %s: %d segments of at most %d (%d characters): %s",
					in.Template, in.Locale, n, limit, utf8.RuneCountInString(text), text)
			}
		}
	}
	for _, key := range []string{"login", "registration", "document_access"} {
		eachSMS(t, otpcore.CodeText{Template: key}, check(1))
	}
	document := otpcore.Param{Text: strings.Repeat("Щ", 32)}
	eachSMS(t, otpcore.CodeText{Template: "document_access", Params: map[string]otpcore.Param{"document": document}}, check(1))
	for _, order := range orders {
		params := map[string]otpcore.Param{"order": {Text: order}}
		eachSMS(t, otpcore.CodeText{Template: "order_confirm", Params: params}, check(1))
		params["total"] = money("999999999999.99", "UZS")
		eachSMS(t, otpcore.CodeText{Template: "order_confirm", Params: params}, check(1))
	}
	for _, currency := range []string{"KZT", "UZS"} {
		context := map[string]otpcore.Param{"amount": money("999999999.99", currency), "payee": {Text: hostilePayee}}
		eachSMS(t, otpcore.CodeText{Template: "payment", Context: context}, check(2))
	}
}

func TestPaymentSMSDropsNothingThatCounts(t *testing.T) {
	for _, payee := range []string{"Ivan", hostilePayee, strings.Repeat("😀", 64)} {
		context := map[string]otpcore.Param{"amount": money("999999999999.99", "UZS"), "payee": {Text: payee}}
		eachSMS(t, otpcore.CodeText{Template: "payment", Context: context}, func(in otpcore.CodeText, text string) {
			amount := "UZS 999,999,999,999.99"
			switch in.Locale {
			case "ru", "kk":
				amount = "999\u00a0999\u00a0999\u00a0999,99\u00a0UZS"
			case "uz":
				amount = "999 999 999 999,99 so'm"
			}
			for _, part := range []string{in.Code.Reveal(), in.Brand, amount, payee} {
				if !strings.Contains(text, part) || !warns(in.Locale, text) {
					t.Errorf("%s: %q is not in %q", in.Locale, part, text)
				}
			}
		})
	}
}

var doNotShare = map[string]string{"en": "Do not share it", "ru": "Никому не сообщайте", "kk": "ешкімге айтпаңыз", "uz": "hech kimga aytmang"}

func warns(locale, text string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(doNotShare[locale]))
}

// TestT33SMSNamesBrandAndWarns holds the texts to what makes relayed codes
// harder to steal: code first, brand, and the request not to share.
func TestT33SMSNamesBrandAndWarns(t *testing.T) {
	for _, in := range samples() {
		eachSMS(t, in, func(in otpcore.CodeText, text string) {
			if !strings.HasPrefix(text, in.Code.Reveal()+" ") || strings.Count(text, in.Code.Reveal()) != 1 {
				t.Errorf("%s %s does not begin with the code, or repeats it: %s", in.Template, in.Locale, text)
			}
			if !strings.Contains(text, in.Brand) || !warns(in.Locale, text) {
				t.Errorf("%s %s: no brand or warning: %s", in.Template, in.Locale, text)
			}
		})
	}
}

func TestSMSGetsShortInSteps(t *testing.T) {
	r := mustRenderer(t)
	for _, c := range []struct{ order, total, want string }{
		{"A-1", "9.00", "123456 — код для заказа A-1 на 9,00\u00a0₸ в Shop. Никому не сообщайте его"},
		{"A-1042", "4990.00", "123456 — код для заказа A-1042 в Shop. Никому не сообщайте его"},
		{"A-1042-2026-11-22", "", "123456 — код заказа A-1042-2026-11-22 в Shop. Никому не сообщайте"},
		{"A-1042-2026-11-22-000001", "", "123456 Shop: заказ A-1042-2026-11-22-000001. Никому не сообщайте"},
		{strings.Repeat("A", 32), "", "123456 — код для заказа в Shop. Никому не сообщайте"},
	} {
		in := otpcore.CodeText{
			Template: "order_confirm", Channel: otpcore.SMS, Locale: "ru", Brand: "Shop", Code: otpcore.NewCode("123456"),
			Params: map[string]otpcore.Param{"order": {Text: c.order}},
		}
		if c.total != "" {
			in.Params["total"] = money(c.total, "KZT")
		}
		if m, err := r.Code(in); err != nil || m.Text != c.want {
			t.Errorf("order %s: %q (%d), %v, want %q", c.order, m.Text, utf8.RuneCountInString(m.Text), err, c.want)
		}
	}
}

func ExampleSegments() {
	fmt.Println(templates.Segments("123456 is your Shop login code."), templates.Segments(strings.Repeat("код ", 20)))
	// Output: 1 2
}
