package templates_test

import (
	"slices"
	"strings"
	"testing"

	"otpravka/otpcore"
	"otpravka/templates"
)

// germanText is a sound text in a language without built-in ones.
func germanText() otpcore.TemplateText {
	return otpcore.TemplateText{
		Name: "Schrankencode", Segments: 2, Warning: "Nicht weitergeben",
		Params: []otpcore.ParamSpec{{Name: "price", Type: "money", Required: true}, {Name: "day", Type: "date", Required: true}, {Name: "guests", Type: "count", Required: true}},
		Chat:   "{{code}} öffnet die Schranke.\n{{price}}, {{day}}, {{guests}} {{guests|one: Gast|other: Gäste}}",
		SMS:    []string{"{{code}} öffnet die Schranke von {{brand}}: {{price}}, {{day}}. Nicht weitergeben."},
	}
}

func TestTextsInOtherLanguages(t *testing.T) {
	text := germanText()
	draft := otpcore.TemplateDraft{Key: "gate", Locale: "de", Frame: "ru", Brand: "Shop", Text: text}
	if found := mustRenderer(t).Faults(draft); len(found) > 0 {
		t.Fatalf("a sound text: %+v", found)
	}
	in := samples()[0]
	in.Template, in.Locale, in.Own = "gate", "de", &text
	in.Params = map[string]otpcore.Param{"price": money("4990.00", "EUR"), "day": {Text: "2026-11-29"}, "guests": {Text: "2"}}
	for frame, tail := range map[string]string{"ru": "Никому не сообщайте", "": "Do not share it", "fr": "Do not share it"} {
		in.Frame = frame
		m := mustCode(t, in)
		if !strings.HasPrefix(m.Text, "123456 öffnet die Schranke.\n4.990,00 €, 29. November 2026, 2 Gäste\n") || !strings.Contains(m.Text, tail) {
			t.Errorf("%q: %q", frame, m.Text)
		}
	}
	in.Channel = otpcore.SMS // its words are of the GSM alphabet, so the amount is, too
	if m := mustCode(t, in); m.Text != "123456 öffnet die Schranke von Shop: 4.990,00 €, 29. November 2026. Nicht weitergeben." || templates.Segments(m.Text) != 1 {
		t.Errorf("%q takes %d", m.Text, templates.Segments(m.Text))
	}
	in.Channel, in.Wanted, in.Frame = otpcore.Telegram, otpcore.WantExpired, ""
	if m := mustCode(t, in); m.Text != "Shop: the Schrankencode has expired." {
		t.Errorf("%q", m.Text)
	}
	for want, change := range map[string]func(*otpcore.TemplateText){
		"/sms/0 warning_missing": func(t *otpcore.TemplateText) { t.SMS = []string{"{{code}} {{brand}}: {{price}}, {{day}}, bitte."} },
		"/chat plural_forms": func(t *otpcore.TemplateText) {
			t.Chat = strings.Replace(t.Chat, "one: Gast|other: Gäste", "one: Gast|few: Gäste|many: Gäste", 1)
		},
	} {
		d := draft
		d.Text = germanText()
		change(&d.Text)
		if found := codesOf(mustRenderer(t).Faults(d)); !slices.Contains(found, want) {
			t.Errorf("want %s, found %q", want, found)
		}
	}
}

// TestEveryLanguageCountsAndDates: whatever language a business writes in, its
// numbers have plural forms, and its amounts and dates can be written.
func TestEveryLanguageCountsAndDates(t *testing.T) {
	r := mustRenderer(t)
	if n := len(templates.Languages()); n < 200 {
		t.Fatalf("only %d languages", n)
	}
	for _, language := range templates.Languages() {
		if !r.Speaks(language) {
			t.Errorf("%s is not spoken", language)
		}
		text := germanText()
		text.Params = text.Params[:2]
		text.Chat = "{{code}} {{brand}}\n{{price}} {{day}}"
		in := samples()[0]
		in.Template, in.Locale, in.Own = "gate", language, &text
		in.Params = map[string]otpcore.Param{"price": money("4990.00", "EUR"), "day": {Text: "2026-11-29"}}
		m := mustCode(t, in)
		line := strings.Split(m.Text, "\n")[1]
		if len(strings.Fields(line)) < 2 || strings.Contains(line, "%!") || strings.ContainsRune(line, '\x00') {
			t.Errorf("%s writes %q", language, line)
		}
		if forms := templates.Forms(language); len(forms) == 0 || forms[""] {
			t.Errorf("%s has the plural forms %v", language, forms)
		}
	}
	for language, want := range map[string]int{"ja": 1, "tg": 1, "tr": 2, "de": 2, "uk": 3, "pl": 3, "ar": 6} {
		if n := len(templates.Forms(language)); n != want {
			t.Errorf("%s has %d plural forms, want %d", language, n, want)
		}
	}
	if r.Speaks("xx") || r.Speaks("") || r.Speaks("de-DE") {
		t.Error("a language that is none is spoken")
	}
}
