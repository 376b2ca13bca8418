package templates_test

import (
	"regexp"
	"strings"
	"testing"

	"otpravka/otpcore"
	"otpravka/templates"
)

var lastLine = regexp.MustCompile(`^@[a-z0-9.-]+ #[0-9A-Z]+$`)

// TestT33OriginBoundLastLine holds every SMS with a code to the form that
// browsers look for, and to its segments with an ordinary brand and host.
func TestT33OriginBoundLastLine(t *testing.T) {
	for _, in := range samples() {
		in.Channel, in.Origin = otpcore.SMS, "shop.kz"
		for _, in.Locale = range locales {
			for _, in.AppHash = range []string{"", "FA+9qCX9VSu"} {
				text := mustCode(t, in).Text
				lines := strings.Split(text, "\n")
				last := lines[len(lines)-1]
				if !lastLine.MatchString(last) || last != "@shop.kz #123456" {
					t.Errorf("%s %s ends with %q", in.Template, in.Locale, last)
				}
				if !strings.HasPrefix(text, "123456 ") || !warns(in.Locale, text) || !strings.Contains(text, "Shop") {
					t.Errorf("%s %s: %q", in.Template, in.Locale, text)
				}
				most := 1
				if in.Template == "payment" {
					most = 2
				}
				if n := templates.Segments(text); n > most {
					t.Errorf("%s %s takes %d segments of %d: %q", in.Template, in.Locale, n, most, text)
				}
				if strings.Contains(text, "FA+9qCX9VSu") && len(text) > 140 {
					t.Errorf("%s %s: %d bytes with the hash of an app", in.Template, in.Locale, len(text))
				}
			}
		}
	}
}

// TestAppHashStandsWhereItWorks: the phone passes over messages of more than
// 140 bytes, so there the hash would only cost.
func TestAppHashStandsWhereItWorks(t *testing.T) {
	in := samples()[0]
	in.Channel, in.AppHash = otpcore.SMS, "FA+9qCX9VSu"
	for locale, want := range map[string]string{
		"en": "123456 is your Shop login code. Do not share it, we never ask for it.\nFA+9qCX9VSu",
		"ru": "123456 — код для входа в Shop. Никому не сообщайте его\nFA+9qCX9VSu",
	} {
		in.Locale = locale
		if got := mustCode(t, in).Text; got != want {
			t.Errorf("%s: %q, want %q", locale, got, want)
		}
	}
	in.Locale, in.Brand = "ru", strings.Repeat("Ю", 40)
	if got := mustCode(t, in).Text; strings.Contains(got, in.AppHash) {
		t.Errorf("%d bytes: %q", len(got), got)
	}
	in.Locale, in.Brand, in.Channel = "en", "Shop", otpcore.Telegram
	in.Origin = "shop.kz"
	if got := mustCode(t, in).Text; strings.Contains(got, in.AppHash) || strings.Contains(got, "@") {
		t.Errorf("a chat shows what phones read out of SMS: %q", got)
	}
}

func TestAShorterVariantMakesRoomForTheLines(t *testing.T) {
	in := samples()[0]
	in.Channel, in.Locale, in.Origin = otpcore.SMS, "ru", "shop.kz"
	want := "123456 — код входа в Shop. Никому не сообщайте\n@shop.kz #123456"
	if got := mustCode(t, in).Text; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	in.Origin = "a-very-long-name-of-a-host.shop.example.com"
	if got := mustCode(t, in).Text; !strings.HasSuffix(got, "\n@"+in.Origin+" #123456") || templates.Segments(got) != 2 {
		t.Errorf("the line that keeps the code off other pages went: %q", got)
	}
}
