package templates

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"otpravka/otpcore"
)

func mustLocale(t testing.TB, tag string) *locale {
	t.Helper()
	r, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return r.locales[tag]
}

// TestMoneyFollowsCLDR compares with what CLDR 48 gives for the languages. Our
// own are the tenge sign in Russian and, in English and Uzbek, signs that the
// GSM alphabet has.
func TestMoneyFollowsCLDR(t *testing.T) {
	for _, c := range []struct{ locale, amount, currency, want string }{
		{"en", "1234567.50", "KZT", "KZT 1,234,567.50"},
		{"en", "1234567.50", "UZS", "UZS 1,234,567.50"},
		{"en", "1234567.50", "RUB", "RUB 1,234,567.50"},
		{"en", "1234567.50", "USD", "$1,234,567.50"},
		{"en", "100.00", "INR", "INR 100.00"},
		{"en", "100.00", "JPY", "¥100"},
		{"ru", "1234567.50", "KZT", "1\u00a0234\u00a0567,50\u00a0₸"},
		{"ru", "1234567.50", "UZS", "1\u00a0234\u00a0567,50\u00a0UZS"},
		{"ru", "1234567.50", "RUB", "1\u00a0234\u00a0567,50\u00a0₽"},
		{"ru", "100.00", "USD", "100,00\u00a0$"},
		{"kk", "1234567.50", "KZT", "1\u00a0234\u00a0567,50\u00a0₸"},
		{"kk", "0.01", "USD", "0,01\u00a0$"},
		{"uz", "1234567.50", "UZS", "1 234 567,50 so'm"},
		{"uz", "100.00", "KZT", "100,00 KZT"},
		{"uz", "100.00", "USD", "100,00 US$"},
		// Currencies that the data does not know stand by their code.
		{"en", "5.00", "QQQ", "QQQ 5.00"},
		{"ru", "5.00", "QQQ", "5,00\u00a0QQQ"},
	} {
		l := mustLocale(t, c.locale)
		in := otpcore.Param{Money: &otpcore.Money{Amount: c.amount, Currency: c.currency}}
		if got := l.param("money", in); got != c.want {
			t.Errorf("%s %s %s: %q, want %q", c.locale, c.amount, c.currency, got, c.want)
		}
	}
}

// TestMoneyLosesNoDigit holds that an amount comes out exactly, in the order of
// its digits, however large it is.
func TestMoneyLosesNoDigit(t *testing.T) {
	digits := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, s)
	}
	rapid.Check(t, func(rt *rapid.T) {
		whole := rapid.StringMatching(`0|[1-9][0-9]{0,11}`).Draw(rt, "whole")
		cents := rapid.StringMatching(`[0-9]{2}`).Draw(rt, "cents")
		code := rapid.SampledFrom([]string{"KZT", "UZS", "RUB", "USD", "EUR", "KGS", "TJS", "QQQ"}).Draw(rt, "currency")
		l := mustLocale(t, rapid.SampledFrom([]string{"en", "ru", "kk", "uz"}).Draw(rt, "locale"))
		got := l.cldr.money(otpcore.Money{Amount: whole + "." + cents, Currency: code}, rapid.Bool().Draw(rt, "plain"))
		if digits(got) != whole+cents {
			rt.Fatalf("%s.%s %s became %q", whole, cents, code, got)
		}
	})
}

func TestDatesFollowCLDR(t *testing.T) {
	for _, c := range []struct{ locale, want string }{
		{"en", "November 2, 2026"}, {"ru", "2 ноября 2026"}, {"kk", "2026 ж. 2 қараша"}, {"uz", "2-noyabr, 2026"},
	} {
		l := mustLocale(t, c.locale)
		if got := l.param("date", otpcore.Param{Text: "2026-11-02"}); got != c.want {
			t.Errorf("%s: %q, want %q", c.locale, got, c.want)
		}
		if got := l.param("date", otpcore.Param{Text: "tomorrow\n"}); got != "tomorrow " {
			t.Errorf("%s: what is no date became %q", c.locale, got)
		}
	}
}

func TestPluralForms(t *testing.T) {
	for _, c := range []struct {
		locale, text string
		want         map[string]string
	}{
		{"en", "{{items}} {{items|one: item|other: items}}", map[string]string{"0": "0 items", "1": "1 item", "2": "2 items", "21": "21 items", "101": "101 items"}},
		{"ru", "{{items}} {{items|one: товар|few: товара|many: товаров}}", map[string]string{
			"0": "0 товаров", "1": "1 товар", "2": "2 товара", "4": "4 товара", "5": "5 товаров", "11": "11 товаров", "14": "14 товаров",
			"21": "21 товар", "22": "22 товара", "111": "111 товаров", "121": "121 товар", "999": "999 товаров",
		}},
		{"kk", "{{items}} {{items|one: тауар|other: тауар}}", map[string]string{"1": "1 тауар", "5": "5 тауар"}},
		{"uz", "{{items}} {{items|one: mahsulot|other: mahsulotlar}}", map[string]string{"1": "1 mahsulot", "2": "2 mahsulotlar"}},
	} {
		compiled, err := compile(c.text, "items")
		if err == nil {
			err = compiled.inflect(mustLocale(t, c.locale).cldr)
		}
		if err != nil {
			t.Errorf("%s: %v", c.locale, err)
			continue
		}
		if n := compiled.count("items"); n != 1 {
			t.Errorf("%s: the number stands %d times, want once", c.locale, n)
		}
		for n, want := range c.want {
			if got := compiled.fill(map[string]string{"items": n}); got != want {
				t.Errorf("%s %s: %q, want %q", c.locale, n, got, want)
			}
		}
	}
}
