package phone_test

import (
	"fmt"
	"strings"
	"testing"

	"otpravka/internal/phone"
	"otpravka/otpcore"
)

func mustParse(t testing.TB, raw, country string) otpcore.Phone {
	t.Helper()
	p, err := phone.Parser{}.ParsePhone(raw, country)
	if err != nil {
		t.Fatalf("ParsePhone(%q, %q): %v", raw, country, err)
	}
	return p
}

func TestAcceptedNumbers(t *testing.T) {
	for _, c := range []struct{ raw, country, e164, region string }{
		{"+79161234567", "", "+79161234567", "RU"},
		{" +7 (916) 123-45-67 ", "", "+79161234567", "RU"},
		{"8 916 123 45 67", "RU", "+79161234567", "RU"},
		{"701 123 4567", "KZ", "+77011234567", "KZ"},
		{"+79161234567", "KZ", "+79161234567", "RU"},
		{"+447911123456", "", "+447911123456", "GG"}, // the country check must go by Guernsey, not by +44
		{"+44 (0)7400 123456", "", "+447400123456", "GB"},
		{"+12015550123", "", "+12015550123", "US"},
		{"+998 90 123 45 67", "", "+998901234567", "UZ"},
		{"+393123456789", "", "+393123456789", "IT"},
	} {
		p := mustParse(t, c.raw, c.country)
		if p.E164() != c.e164 || p.Region() != c.region {
			t.Errorf("ParsePhone(%q, %q) = %s %s, want %s %s", c.raw, c.country, p.E164(), p.Region(), c.e164, c.region)
		}
	}
}

func TestRefusedNumbers(t *testing.T) {
	for _, c := range []struct{ raw, country, code string }{
		{"", "", "phone_invalid"},
		{" ", "", "phone_invalid"},
		{"+", "", "phone_invalid"},
		{"phone", "", "phone_invalid"},
		{"()-", "RU", "phone_invalid"},
		{"89161234567", "", "phone_needs_plus"},
		{"79161234567", "", "phone_needs_plus"},
		{"(916) 123-45-67", "", "phone_needs_plus"},
		{"+٧٩١٦١٢٣٤٥٦٧", "", "phone_invalid"},
		{"+791612345٦٧", "", "phone_invalid"},
		{"+७९१६१२३४५६७", "", "phone_invalid"},
		{"＋７９１６１２３４５６７", "", "phone_invalid"},
		{"+７９１６１２３４５６７", "", "phone_invalid"},
		{"+7\u00a0916\u00a01234567", "", "phone_invalid"},
		{"++79161234567", "", "phone_has_extension_or_prefix"},
		{"+ +79161234567", "", "phone_has_extension_or_prefix"},
		{"tel:+79161234567", "", "phone_has_extension_or_prefix"},
		{"sms:+79161234567", "RU", "phone_has_extension_or_prefix"},
		{"+79161234567;ext=5", "", "phone_has_extension_or_prefix"},
		{"+79161234567,,5", "", "phone_has_extension_or_prefix"},
		{"+7 916 123-45-67 доб. 3", "", "phone_has_extension_or_prefix"},
		{"+79161234567x12", "", "phone_has_extension_or_prefix"},
		{"8 916 123-45-67 ext 12", "RU", "phone_has_extension_or_prefix"},
		{"+1-800-FLOWERS", "", "phone_invalid"},
		{"1-800-FLOWERS", "US", "phone_invalid"},
		{"+18885550123", "", "sms_not_supported_for_type"},  // toll-free
		{"+19005551234", "", "sms_not_supported_for_type"},  // premium
		{"+447012345678", "", "sms_not_supported_for_type"}, // personal
		{"+443001234567", "", "sms_not_supported_for_type"}, // universal access
		{"+390612345678", "", "sms_not_supported_for_type"}, // a fixed line, its zero kept
		{"+74951234567", "", "sms_not_supported_for_type"},
		{"+870773111632", "", "region_not_allowed"},
		{"+882161234567", "", "region_not_allowed"},
		{"+80012345678", "", "region_not_allowed"},
		{"+88812345678", "", "region_not_allowed"}, // anonymous numbers of Telegram
		{"+7112", "", "phone_impossible"},
		{"112", "", "phone_impossible"},
		{"112", "RU", "phone_impossible"},
		{"+7916123456", "", "phone_impossible"},
		{"+791612345678", "", "phone_impossible"},
		{"+9999999999", "", "phone_impossible"},
		{"+22990011234", "", "phone_impossible"}, // Benin's eight digits, gone since 2024
		{"+" + strings.Repeat("1", 16), "", "phone_impossible"},
		{strings.Repeat("1", 20), "RU", "phone_impossible"},
		{"+79161234567\x00", "", "phone_invalid"},
		{"\n+79991234567", "", "phone_invalid"},
		{"+79161234567\n", "", "phone_invalid"},
		{"+7916123\u202e4567", "", "phone_invalid"},
		{"+7916\xff1234567", "", "phone_invalid"},
		{"tel:" + strings.Repeat("1", 1000), "", "phone_invalid"},
		{"9161234567", "XX", "country_invalid"},
		{"9161234567", "ru", "country_invalid"},
		{"9161234567", "001", "country_invalid"},
	} {
		p, err := phone.Parser{}.ParsePhone(c.raw, c.country)
		if otpcore.CodeOf(err) != c.code {
			t.Errorf("ParsePhone(%q, %q) = %s, %v, want %s", c.raw, c.country, p.E164(), err, c.code)
		}
		if otpcore.KindOf(err) != otpcore.KindInvalid {
			t.Errorf("ParsePhone(%q, %q): kind %q", c.raw, c.country, otpcore.KindOf(err))
		}
		if len(c.raw) > 5 && err != nil && strings.Contains(err.Error(), c.raw) {
			t.Errorf("ParsePhone(%q) echoes the value: %v", c.raw, err)
		}
	}
}

// TestSpellingsShareOneNumber holds T17: limits count by the canonical number,
// so no way of writing it may lead to a fresh counter.
func TestSpellingsShareOneNumber(t *testing.T) {
	groups := map[string][][2]string{
		"+79161234567": russianSpellings(),
		"+5491123456789": {
			{"+5491123456789", ""},
			{"+54 9 11 2345-6789", ""},
			{"+54 11 2345-6789", ""},
			{"+54 11 15 2345-6789", ""},
			{"+54 (11) 15-2345-6789", ""},
			{"011 15 2345-6789", "AR"},
			{"11 2345 6789", "AR"},
			{"9 11 2345 6789", "AR"},
		},
		"+525512345678": {
			{"+525512345678", ""},
			{"+52 1 55 1234 5678", ""},
			{"+52 (1) 55-1234-5678", ""},
			{"55 1234 5678", "MX"},
			{"044 55 1234 5678", "MX"},
			{"045 55 1234 5678", "MX"},
			{"01 55 1234 5678", "MX"},
		},
		"+5511987654321": {
			{"+5511987654321", ""},
			{"+55 11 8765-4321", ""},
			{"+55 (11) 98765-4321", ""},
			{"(11) 8765-4321", "BR"},
			{"011 98765-4321", "BR"},
		},
	}
	total := 0
	for want, spellings := range groups {
		for _, s := range spellings {
			if got := mustParse(t, s[0], s[1]).E164(); got != want {
				t.Errorf("ParsePhone(%q, %q) = %s, want %s", s[0], s[1], got, want)
			}
		}
		total += len(spellings)
	}
	if n := len(groups["+79161234567"]); n < 40 {
		t.Errorf("%d spellings of one number, want at least 40", n)
	}
	t.Logf("%d spellings of %d numbers", total, len(groups))
}

// russianSpellings writes one number in every mix of country code, bracket and
// separator that people use.
func russianSpellings() [][2]string {
	var all [][2]string
	for _, begin := range [][2]string{{"+7", ""}, {"8", "RU"}, {"7", "RU"}, {"", "RU"}} {
		for _, area := range []string{"916", "(916)"} {
			for _, sep := range []string{" ", "-", ".", "  ", " - ", ""} {
				raw := strings.Join([]string{begin[0], area, "123", "45", "67"}, sep)
				all = append(all, [2]string{strings.TrimPrefix(strings.TrimPrefix(raw, " - "), sep), begin[1]})
			}
		}
	}
	return append(all, [2]string{"+7 8 916 123 45 67", ""}, [2]string{" +79161234567 ", "KZ"})
}

func TestFixedLinesStayFixed(t *testing.T) {
	// A Brazilian fixed line must not turn into a mobile by an added digit.
	_, err := phone.Parser{}.ParsePhone("+551137654321", "")
	if otpcore.CodeOf(err) != "sms_not_supported_for_type" {
		t.Errorf("Brazilian fixed line: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"+79161234567", "8 (916) 123-45-67", "+54 11 15 2345-6789", "+52 1 55 1234 5678", "+55 11 8765-4321", "+44 (0)7400 123456",
		"", "+", "tel:+7;ext=5", "+1-800-FLOWERS", "+870773111632", "００", "\x00", "112", "+390612345678", "+8800123456789",
	} {
		for _, country := range []string{"", "RU", "AR", "MX", "BR", "US"} {
			f.Add(s, country)
		}
	}
	f.Fuzz(func(t *testing.T, raw, country string) {
		p, err := phone.Parser{}.ParsePhone(raw, country)
		if err != nil {
			if otpcore.KindOf(err) != otpcore.KindInvalid || otpcore.CodeOf(err) == "" {
				t.Fatalf("ParsePhone(%q, %q): %v is no refusal", raw, country, err)
			}
			return
		}
		again, err := phone.Parser{}.ParsePhone(p.E164(), "")
		if err != nil || again != p {
			t.Fatalf("ParsePhone(%q, %q) = %s, which parses to %s, %v", raw, country, p.E164(), again.E164(), err)
		}
		if text := fmt.Sprintf("%v %+v %s", p, p, p); strings.Contains(text, p.E164()) {
			t.Fatalf("a phone prints whole: %s", text)
		}
	})
}
