package templates_test

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"otpravka/otpcore"
)

func mustCode(t testing.TB, in otpcore.CodeText) otpcore.Message {
	t.Helper()
	m, err := mustRenderer(t).Code(in)
	if err != nil {
		t.Fatalf("%s %s: %v", in.Template, in.Locale, err)
	}
	return m
}

func TestChatMessageLeadsWithTheCode(t *testing.T) {
	for _, in := range samples() {
		for _, in.Locale = range locales {
			m := mustCode(t, in)
			if len(m.Mono) != 1 || m.Text[m.Mono[0].Start:m.Mono[0].End] != "123456" || m.Mono[0].Start != 0 {
				t.Errorf("%s: spans %v of %q", in.Template, m.Mono, m.Text)
			}
			if len(m.Buttons) != 2 || m.Buttons[0][0].Copy != "123456" ||
				m.Buttons[1][0].Action != (otpcore.Action{Verb: otpcore.ActNotMe, ID: in.Verification}) {
				t.Errorf("%s: buttons %v", in.Template, m.Buttons)
			}
			if !strings.Contains(m.Text, "14:32") || strings.Contains(m.Text, "UTC") {
				t.Errorf("%s: no local end of life in %q", in.Template, m.Text)
			}
			in.Capabilities.CanButton = false
			m = mustCode(t, in)
			if m.Buttons != nil {
				t.Errorf("%s: buttons where none can be: %v", in.Template, m.Buttons)
			}
			if no := map[string]string{"en": " NO.", "ru": " НЕТ.", "kk": " ЖОҚ ", "uz": " YO'Q "}[in.Locale]; !strings.Contains(m.Text, no) {
				t.Errorf("%s: nobody is told of the word%sin %q", in.Template, no, m.Text)
			}
			in.Capabilities.CanButton = true
		}
	}
}

func TestEditsHideTheCode(t *testing.T) {
	for _, in := range samples() {
		for _, in.Locale = range locales {
			seen := make(map[string]bool)
			for _, in.Wanted = range []otpcore.Wanted{otpcore.WantUsed, otpcore.WantExpired, otpcore.WantCanceled, otpcore.WantReported} {
				m := mustCode(t, in)
				if strings.Contains(m.Text, "123456") || m.Mono != nil || m.Buttons != nil {
					t.Errorf("%s %s: %+v", in.Template, in.Wanted, m)
				}
				if !strings.HasPrefix(m.Text, "Shop: ") || seen[m.Text] {
					t.Errorf("%s %s: %q", in.Template, in.Wanted, m.Text)
				}
				seen[m.Text] = true
			}
			in.Wanted = otpcore.WantAlsoSMS
			m := mustCode(t, in)
			in.Wanted = ""
			plain := mustCode(t, in)
			if !strings.HasPrefix(m.Text, plain.Text+"\n") || !strings.Contains(m.Text, "SMS") || len(m.Buttons) != 2 || len(m.Mono) != 1 {
				t.Errorf("%s also_sms: %+v", in.Template, m)
			}
		}
	}
}

func TestCodeRefusesWhatCannotBeRendered(t *testing.T) {
	r := mustRenderer(t)
	payment := samples()[2]
	for name, change := range map[string]func(*otpcore.CodeText){
		"unknown template":      func(in *otpcore.CodeText) { in.Template = "nonesuch" },
		"unknown wanted text":   func(in *otpcore.CodeText) { in.Wanted = "nonesuch" },
		"missing code":          func(in *otpcore.CodeText) { in.Code = otpcore.Code{} },
		"missing context":       func(in *otpcore.CodeText) { in.Context = nil },
		"amount in the params":  func(in *otpcore.CodeText) { in.Params, in.Context = in.Context, nil },
		"context without payee": func(in *otpcore.CodeText) { in.Context = map[string]otpcore.Param{"amount": money("1.00", "KZT")} },
	} {
		in := payment
		change(&in)
		if m, err := r.Code(in); err == nil {
			t.Errorf("%s: rendered %q", name, m.Text)
		} else if strings.Contains(err.Error(), "123456") {
			t.Errorf("%s: the error shows the code: %v", name, err)
		}
	}
}

// TestT31ValuesAreNeverRead fills every value with what other programs would
// read as a template, as markup or as a command: it comes out as it went in,
// and the code stands in the text exactly once.
func TestT31ValuesAreNeverRead(t *testing.T) {
	for _, hostile := range []string{
		"{{code}}", "{{brand}}{{until}}", "{{", "}}", "{{.Code}}", "${code}", "%s%d%n", "<b>x</b>", "<script>", "&lt;&amp;",
		"*bold* _it_ `mono` [a](b)", `\"quote\"`, `c:\n`, "'; DROP TABLE", "\\u0041", "$(id)", "`id`",
	} {
		for _, in := range samples() {
			in.Brand = hostile
			if in.Template == "payment" {
				in.Context = map[string]otpcore.Param{"amount": money("4990.00", "KZT"), "payee": {Text: hostile + "P"}}
			}
			for _, in.Channel = range []otpcore.Channel{otpcore.Telegram, otpcore.SMS} {
				m := mustCode(t, in)
				if !strings.Contains(m.Text, hostile) || strings.Count(m.Text, "123456") != 1 {
					t.Errorf("%s by %s: %q became %q", in.Template, in.Channel, hostile, m.Text)
				}
				if in.Template == "payment" && !strings.Contains(m.Text, hostile+"P") {
					t.Errorf("payee %q became %q", hostile, m.Text)
				}
			}
		}
	}
}

func TestControlsCannotForgeLines(t *testing.T) {
	payment := samples()[2]
	lines := strings.Count(mustCode(t, payment).Text, "\n")
	payment.Brand = "Shop\nAmount: 1\r\n\x1b[31m\x00\u2028\u202e\u2066x\u200f"
	payment.Context = map[string]otpcore.Param{"amount": money("4990.00", "KZT"), "payee": {Text: "A\n\tB\u202eC"}}
	for _, payment.Channel = range []otpcore.Channel{otpcore.Telegram, otpcore.SMS} {
		m := mustCode(t, payment)
		for _, r := range m.Text {
			if unicode.IsControl(r) && r != '\n' || unicode.Is(unicode.Bidi_Control, r) {
				t.Errorf("%s: %U in %q", payment.Channel, r, m.Text)
			}
		}
		if n := strings.Count(m.Text, "\n"); payment.Channel == otpcore.Telegram && n != lines {
			t.Errorf("%d line breaks, want %d: %q", n, lines, m.Text)
		}
	}
}

func TestTimesAndAmounts(t *testing.T) {
	in := samples()[2]
	for _, c := range []struct {
		locale, amount, currency, want string
	}{
		{"en", "4990.00", "KZT", "Amount: KZT 4,990.00\n"},
		{"en", "0.01", "USD", "Amount: $0.01\n"},
		{"en", "999", "EUR", "Amount: €999.00\n"},
		{"en", "999999999999.99", "UZS", "Amount: UZS 999,999,999,999.99\n"},
		{"ru", "4990.00", "KZT", "Сумма: 4\u00a0990,00\u00a0₸\n"},
		{"ru", "100", "RUB", "Сумма: 100,00\u00a0₽\n"},
		{"ru", "1000000.5", "UZS", "Сумма: 1\u00a0000\u00a0000,50\u00a0UZS\n"},
	} {
		in.Locale = c.locale
		in.Context = map[string]otpcore.Param{"amount": money(c.amount, c.currency), "payee": {Text: "Ivan"}}
		if m := mustCode(t, in); !strings.Contains(m.Text, c.want) {
			t.Errorf("%s %s %s: %q", c.locale, c.amount, c.currency, m.Text)
		}
	}
	in.Locale = "en"
	in.Location = nil
	if m := mustCode(t, in); !strings.Contains(m.Text, "Valid until 09:32 UTC.") {
		t.Errorf("without a location: %q", m.Text)
	}
	in.ValidUntil = in.Now.Add(26 * time.Hour)
	if m := mustCode(t, in); !strings.Contains(m.Text, "Valid until 23 Nov 11:29 UTC.") {
		t.Errorf("a day ahead: %q", m.Text)
	}
	in.ValidUntil = time.Time{}
	if m := mustCode(t, in); strings.Contains(m.Text, "Valid until") {
		t.Errorf("without an end: %q", m.Text)
	}
}
