package templates_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"otpravka/otpcore"
	"otpravka/templates"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden compares every text with testdata/<locale>/<key>.golden, so that a
// change of words shows in review.
func TestGolden(t *testing.T) {
	for name, got := range rendered(t) {
		path := filepath.Join("testdata", name+".golden")
		if *update {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
		} else if got != string(want) {
			t.Errorf("%s differs, run with -update and read the diff:\n%s", path, got)
		}
	}
}

// TestLatinSMSIsASCII holds the words to the GSM alphabet: one sign outside of
// it would leave 70 characters to a segment.
func TestLatinSMSIsASCII(t *testing.T) {
	for _, in := range samples() {
		in.Channel = otpcore.SMS
		if text := asUzbek(t, in); strings.IndexFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) >= 0 {
			t.Errorf("uz %s: %s", in.Template, text)
		}
		if text := mustCode(t, in).Text; strings.IndexFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) >= 0 {
			t.Errorf("%s: %s", in.Template, text)
		}
	}
}

func asUzbek(t testing.TB, in otpcore.CodeText) string {
	in.Locale = "uz"
	return mustCode(t, in).Text
}

var linkLike = regexp.MustCompile(`(?i)://|www\.|@|t\.me|\pL\.\pL{2,}`)

func TestTextsHoldNoLinksAndNoDirectionMarks(t *testing.T) {
	for name, text := range rendered(t) {
		text = strings.ReplaceAll(text, replyArgs["url"], "") // the business's own, behind a button
		text = strings.ReplaceAll(text, "@shop.kz #123456", "")
		if found := linkLike.FindString(text); found != "" {
			t.Errorf("%s: looks like a link: %q", name, found)
		}
		for _, r := range text {
			if unicode.Is(unicode.Cf, r) || unicode.IsControl(r) && r != '\n' || unicode.Is(unicode.Zl, r) {
				t.Errorf("%s: %U", name, r)
			}
		}
	}
}

// rendered returns every text of every locale by file name.
func rendered(t testing.TB) map[string]string {
	t.Helper()
	files := make(map[string]string)
	for _, locale := range locales {
		for _, in := range samples() {
			in.Locale = locale
			files[locale+"/"+in.Template] = renderCodes(t, in)
		}
		var replies, hints strings.Builder
		for _, key := range replyKeys {
			section(&replies, key, mustReply(t, key, locale))
		}
		for _, route := range [][]otpcore.Channel{
			nil,
			{otpcore.Telegram},
			{otpcore.WhatsApp},
			{otpcore.SMS},
			{otpcore.Telegram, otpcore.SMS},
			{otpcore.WhatsApp, otpcore.SMS},
			{otpcore.Telegram, otpcore.WhatsApp},
			{otpcore.Telegram, otpcore.WhatsApp, otpcore.SMS},
			{otpcore.SMS, otpcore.Telegram},
			{otpcore.SMS, otpcore.WhatsApp},
			{otpcore.SMS, otpcore.Telegram, otpcore.WhatsApp},
		} {
			fmt.Fprintf(&hints, "%v %s\n", route, mustRenderer(t).Hint(locale, route))
		}
		files[locale+"/orders"] = renderOrders(t, locale)
		files[locale+"/replies"], files[locale+"/hints"] = replies.String(), hints.String()
	}
	return files
}

func renderCodes(t testing.TB, in otpcore.CodeText) string {
	t.Helper()
	var b strings.Builder
	for _, in.Wanted = range []otpcore.Wanted{
		"", otpcore.WantAlsoSMS, otpcore.WantUsed, otpcore.WantExpired, otpcore.WantCanceled, otpcore.WantReported,
	} {
		section(&b, strings.TrimSpace("telegram "+string(in.Wanted)), mustCode(t, in))
	}
	in.Wanted, in.Channel = "", otpcore.SMS
	m := mustCode(t, in)
	section(&b, fmt.Sprintf("sms, segments: %d", templates.Segments(m.Text)), m)
	in.Origin, in.AppHash = "shop.kz", "FA+9qCX9VSu"
	m = mustCode(t, in)
	section(&b, fmt.Sprintf("sms with lines for phones, segments: %d", templates.Segments(m.Text)), m)
	return b.String()
}

func section(b *strings.Builder, name string, m otpcore.Message) {
	fmt.Fprintf(b, "--- %s ---\n%s\n", name, m.Text)
	for _, span := range m.Mono {
		fmt.Fprintf(b, "mono: %s\n", m.Text[span.Start:span.End])
	}
	for _, row := range m.Buttons {
		for _, button := range row {
			fmt.Fprintf(b, "[%s] copy=%q action=%s %s%s%s\n", button.Label, button.Copy, button.Action.Verb, button.Action.ID, button.Action.Locale, button.URL)
		}
	}
	if m.Keyboard != (otpcore.Keyboard{}) {
		fmt.Fprintf(b, "keyboard: share=%q remove=%v\n", m.Keyboard.SharePhone, m.Keyboard.Remove)
	}
	b.WriteString("\n")
}
