package templates_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"otpravka/otpcore"
	"otpravka/templates"
)

// gateText is a text without faults.
func gateText() otpcore.TemplateText {
	return otpcore.TemplateText{
		Name: "gate code", Segments: 2,
		Params: []otpcore.ParamSpec{{Name: "car", Type: "text", Required: true}, {Name: "guests", Type: "count"}},
		Chat:   "{{code}} opens the gate for {{car}}.\n\nGuests: {{guests}} {{guests|one: person|other: people}}\nhttps://shop.example.com/gate",
		SMS: []string{
			"{{code}} opens the {{brand}} gate for {{car}}, {{guests}} {{guests|one: person|other: people}}. Do not share it.",
			"{{code}} opens the {{brand}} gate for {{car}}. Do not share it.",
		},
	}
}

func draftOf(t otpcore.TemplateText) otpcore.TemplateDraft {
	return otpcore.TemplateDraft{Key: "gate", Locale: "en", Brand: "Shop", Text: t, Hosts: []string{"shop.example.com"}}
}

func codesOf(found []otpcore.FieldError) []string {
	var all []string
	for _, f := range found {
		all = append(all, f.Field+" "+f.Code)
	}
	return all
}

func TestOwnTextIsRenderedLikeABuiltInOne(t *testing.T) {
	own := gateText()
	in := samples()[0]
	in.Template, in.Own = "gate", &own
	in.Params = map[string]otpcore.Param{"car": {Text: "a blue bus"}, "guests": {Text: "1"}}
	want := "123456 opens the gate for a blue bus.\n\nGuests: 1 person\nhttps://shop.example.com/gate\nValid until 14:32.\nDo not share it with anyone, not even with Shop staff."
	m := mustCode(t, in)
	if m.Text != want || len(m.Buttons) != 2 || m.Mono[0] != (otpcore.Span{End: 6}) {
		t.Errorf("%+v", m)
	}
	delete(in.Params, "guests") // its line goes
	if m := mustCode(t, in); strings.Contains(m.Text, "Guests") {
		t.Errorf("%q", m.Text)
	}
	in.Channel = otpcore.SMS
	if m := mustCode(t, in); m.Text != "123456 opens the Shop gate for a blue bus. Do not share it." {
		t.Errorf("%q", m.Text)
	}
	in.Wanted = otpcore.WantExpired
	if m := mustCode(t, in); m.Text != "Shop: the gate code has expired." {
		t.Errorf("%q", m.Text)
	}
	in.Wanted, in.Channel, own.WhatsApp = "", otpcore.WhatsApp, "{{code}} opens it for {{car}}"
	if m := mustCode(t, in); !strings.HasPrefix(m.Text, "123456 opens it for a blue bus\nValid") {
		t.Errorf("%q", m.Text)
	}
}

// TestBuiltInTextsAreSoundOwnTexts: a business may take any of them and change
// a word.
func TestBuiltInTextsAreSoundOwnTexts(t *testing.T) {
	r := mustRenderer(t)
	for _, key := range r.Keys() {
		for _, locale := range r.Locales() {
			text, ok := r.Source(key, locale)
			if !ok {
				t.Fatalf("no source of %s %s", key, locale)
			}
			found := r.Faults(otpcore.TemplateDraft{Key: key, Locale: locale, Brand: "Otpravka Shop 12", Text: text})
			if len(found) > 0 {
				t.Errorf("%s %s: %+v", key, locale, found)
			}
		}
	}
	if _, ok := r.Source("login", "xx"); ok {
		t.Error("there is a source in a locale that does not exist")
	}
}

// TestT31FaultsAreFoundOneByOne breaks a sound text in one place at a time.
func TestT31FaultsAreFoundOneByOne(t *testing.T) {
	if found := mustRenderer(t).Faults(draftOf(gateText())); len(found) > 0 {
		t.Fatalf("%+v", found)
	}
	const rest = " for {{car}}\n{{guests}}"
	sms := func(s string) func(*otpcore.TemplateText) {
		return func(t *otpcore.TemplateText) { t.SMS = []string{s} }
	}
	chat := func(s string) func(*otpcore.TemplateText) {
		return func(t *otpcore.TemplateText) { t.Chat = s }
	}
	for _, c := range []struct {
		name   string
		change func(*otpcore.TemplateText)
		want   string
	}{
		{"no code", chat("Welcome" + rest), "/chat code_not_first /chat placeholder_missing"},
		{"code later", chat("Code {{code}}" + rest), "/chat code_not_first"},
		{"code twice", chat("{{code}} {{code}}" + rest), "/chat placeholder_repeated"},
		{"code beside an optional value", chat("{{code}} for {{guests}}\n{{car}}"), "/chat value_optional"},
		{"code with a digit behind", chat("{{code}}1" + rest), "/chat code_not_apart"},
		{"code with a value behind", chat("{{code}}{{car}}\n{{guests}}"), "/chat code_not_apart"},
		{"unknown value", chat("{{code}} {{card}}" + rest), "/chat placeholder_unknown"},
		{"a program's template", chat("{{code}} {{.Code}}" + rest), "/chat placeholder_unknown"},
		{"a block", chat("{{code}} {{#if car}}x{{/if}}" + rest), "/chat placeholder_unknown"},
		{"spaces in braces", chat("{{ code }}" + rest), "/chat placeholder_unknown"},
		{"open braces", chat("{{code}} {{car" + rest), "/chat placeholder_unknown"},
		{"open braces at the end", chat("{{code}}" + rest + " {{"), "/chat braces"},
		{"closed braces", chat("{{code}} car}}" + rest), "/chat braces"},
		{"declared and not shown", chat("{{code}} for {{car}}"), "/chat placeholder_missing"},
		{"forms that English lacks", chat("{{code}}" + rest + " {{guests|one: a|few: b|many: c}}"), "/chat plural_forms"},
		{"a form without a word", chat("{{code}}" + rest + " {{guests|one:|other: b}}"), "/chat plural_forms"},
		{"forms of what is no count", chat("{{code}}" + rest + " {{car|one: a|other: b}}"), "/chat plural_forms"},
		{"control character", chat("{{code}}\x07" + rest), "/chat characters_not_allowed"},
		{"carriage return", chat("{{code}}\r\n" + rest), "/chat characters_not_allowed"},
		{"right to left", chat("{{code}} \u202eevil" + rest), "/chat characters_not_allowed"},
		{"zero width", chat("{{code}} a\u200bb" + rest), "/chat characters_not_allowed"},
		{"bidi in a plural form", chat("{{code}}" + rest + " {{guests|one: a\u2066|other: b}}"), "/chat characters_not_allowed"},
		{"link to elsewhere", chat("{{code}} https://evil.example/x" + rest), "/chat link_not_allowed"},
		{"link with a user", chat("{{code}} https://shop.example.com@evil.example/x" + rest), "/chat link_not_allowed"},
		{"link to another port", chat("{{code}} https://shop.example.com:444/x" + rest), "/chat link_not_allowed"},
		{"link without https", chat("{{code}} http://shop.example.com/x" + rest), "/chat link_not_allowed"},
		{"link with a value", chat("{{code}} https://shop.example.com/{{car}}" + rest), "/chat link_not_allowed"},
		{"bare host", chat("{{code}} shop.example.com" + rest), "/chat link_not_allowed"},
		{"other dots", chat("{{code}} evil。com" + rest), "/chat link_not_allowed"},
		{"a host made of a value", chat("{{code}} {{brand}}.kz" + rest), "/chat link_not_allowed"},
		{"a user name", chat("{{code}} @evil" + rest), "/chat link_not_allowed"},
		{"another code", chat("{{code}} or 654321" + rest), "/chat digits_not_allowed"},
		{"another code with spaces", chat("{{code}} or 6 5 4 3" + rest), "/chat digits_not_allowed"},
		{"too long for Telegram", func(t *otpcore.TemplateText) {
			t.WhatsApp, t.Chat = t.Chat, "{{code}}"+rest+strings.Repeat("я", 3900)
		}, "/chat too_long"},
		{"too long for WhatsApp", chat("{{code}}" + rest + strings.Repeat("я", 1024)), "/chat too_long"},
		{"WhatsApp's own too long", func(t *otpcore.TemplateText) { t.WhatsApp = "{{code}}" + rest + strings.Repeat("я", 1024) }, "/whatsapp too_long"},
		{"WhatsApp's own without code", func(t *otpcore.TemplateText) { t.WhatsApp = "Hi" + rest }, "/whatsapp code_not_first /whatsapp placeholder_missing"},
		{"SMS without brand", sms("{{code}}: do not share it, {{car}}"), "/sms/0 placeholder_missing"},
		{"SMS without warning", sms("{{code}} {{brand}} {{car}}"), "/sms/0 warning_missing"},
		{"SMS of two lines", sms("{{code}} {{brand}}\nDo not share it."), "/sms/0 characters_not_allowed"},
		{"SMS with a link to the own host", sms("{{code}} {{brand}} do not share https://shop.example.com"), "/sms/0 link_not_allowed"},
		{"SMS that needs an optional value", sms("{{code}} {{brand}} {{guests}} do not share"), "/sms/0 value_optional"},
		{"SMS too long", func(t *otpcore.TemplateText) { t.Segments = 1 }, "/sms/1 sms_too_long"},
		{"empty SMS", sms(""), "/sms/0 text_missing"},
		{"payment in chat only", func(t *otpcore.TemplateText) {
			t.Context = []otpcore.ParamSpec{{Name: "amount", Type: "money", Required: true}}
			t.Chat += "\n{{amount}}"
		}, "/sms/0 placeholder_missing /sms/1 placeholder_missing"},
	} {
		text := gateText()
		c.change(&text)
		found := mustRenderer(t).Faults(draftOf(text))
		if got := strings.Join(codesOf(found), " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		for _, f := range found {
			if !strings.HasSuffix(f.Detail, ".") || strings.ToUpper(f.Detail[:1]) != f.Detail[:1] && f.Detail[0] != '{' {
				t.Errorf("%s: %q is no sentence", c.name, f.Detail)
			}
		}
	}
}

// TestASavedTextAlwaysRenders draws texts and values without a pattern: what
// the examination lets through renders on every channel, within its limits, and
// shows the code once.
func TestASavedTextAlwaysRenders(t *testing.T) {
	r := mustRenderer(t)
	words := []string{
		"{{code}}", "{{brand}}", "{{a}}", "{{b}}", "{{c}}", "{{d}}", "{{e}}", "{{f}}", " ", " ", ". ", ", ", "\n", "for", "код", "😀", "so'm",
		"{{c|one: x|other: y}}", "{{c|one: т|few: ы|many: у}}", "Do not share it", "Никому не сообщайте", "ешкімге айтпаңыз", "hech kimga aytmang", "{{", "}}", "12",
	}
	specs := []otpcore.ParamSpec{
		{Name: "a", Type: "text"},
		{Name: "b", Type: "name"},
		{Name: "c", Type: "count"},
		{Name: "d", Type: "money"},
		{Name: "e", Type: "date"},
		{Name: "f", Type: "order_number"},
	}
	sound := 0
	rapid.Check(t, func(rt *rapid.T) {
		locale := rapid.SampledFrom(r.Locales()).Draw(rt, "locale")
		text := otpcore.TemplateText{Name: "code", Segments: rapid.IntRange(1, 4).Draw(rt, "segments")}
		from := words
		if rapid.IntRange(0, 3).Draw(rt, "wild") > 0 {
			from = []string{" ", ". ", ", ", "for", "код", "😀", "so'm", "{{brand}} "}
		}
		line := func(name string, max int) string {
			return strings.Join(rapid.SliceOfN(rapid.SampledFrom(from), 0, max).Draw(rt, name), "")
		}
		warn := map[string]string{"en": "Do not share it", "ru": "Никому не сообщайте", "kk": "ешкімге айтпаңыз", "uz": "hech kimga aytmang"}[locale]
		for _, p := range specs {
			if rapid.Bool().Draw(rt, "declared "+p.Name) {
				p.Required = rapid.Bool().Draw(rt, "required")
				text.Params = append(text.Params, p)
			}
		}
		text.Chat = "{{code}} " + line("chat", 12)
		for _, p := range text.Params {
			text.Chat += "\n" + line("before", 3) + "{{" + p.Name + "}}"
		}
		for range rapid.IntRange(1, 3).Draw(rt, "variants") {
			text.SMS = append(text.SMS, "{{code}} {{brand}} "+warn+strings.ReplaceAll(line("sms", 6), "{{brand}}", ""))
		}
		brand := rapid.SampledFrom([]string{"X", "Otpravka Shop 12", "Юрта", "€€€"}).Draw(rt, "brand")
		if len(r.Faults(otpcore.TemplateDraft{Key: "k", Locale: locale, Brand: brand, Text: text})) > 0 {
			return
		}
		sound++
		in := otpcore.CodeText{
			Template: "k", Locale: locale, Brand: brand, Code: otpcore.NewCode("1357924680"[:rapid.IntRange(4, 10).Draw(rt, "digits")]),
			Own: &text, Params: map[string]otpcore.Param{}, Now: time.UnixMilli(0), ValidUntil: time.UnixMilli(180_000),
		}
		for _, p := range text.Params {
			if p.Required || rapid.Bool().Draw(rt, "given "+p.Name) {
				in.Params[p.Name] = accepted(rt, p.Type)
			}
		}
		for _, in.Channel = range otpcore.Channels {
			m, err := r.Code(in)
			if err != nil {
				rt.Fatalf("%s %+v: %v", in.Channel, text, err)
			}
			if !strings.HasPrefix(m.Text, in.Code.Reveal()) || strings.Contains(m.Text, "{{") && !strings.Contains(fmt.Sprint(in.Params), "{{") {
				rt.Fatalf("%s: %q", in.Channel, m.Text)
			}
			if n := templates.Segments(m.Text); in.Channel == otpcore.SMS && n > text.Segments && !strings.ContainsFunc(fmt.Sprint(in.Params), func(r rune) bool { return r > 0xffff }) {
				rt.Fatalf("%d segments of %d: %q", n, text.Segments, m.Text)
			}
		}
	})
	if sound < 10 {
		t.Errorf("only %d texts were sound: the test looks at nothing", sound)
	}
}

// accepted draws a value that a start accepts.
func accepted(rt *rapid.T, kind string) otpcore.Param {
	drawn := func(from []string, max int) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(from), 1, max).Draw(rt, kind), "")
	}
	switch kind {
	case "money":
		return money(rapid.StringMatching(`(0|[1-9][0-9]{0,8})\.[0-9]{2}`).Draw(rt, kind), rapid.SampledFrom([]string{"KZT", "UZS", "USD", "QQQ", "XOF"}).Draw(rt, "currency"))
	case "date":
		return otpcore.Param{Text: rapid.SampledFrom([]string{"2026-09-30", "2026-01-01", "2026-12-31"}).Draw(rt, kind)}
	case "count":
		return otpcore.Param{Text: rapid.StringMatching(`0|[1-9][0-9]{0,2}`).Draw(rt, kind)}
	case "order_number":
		return otpcore.Param{Text: drawn([]string{"A", "Ж", "𐐀", "7", "№"}, 32)}
	case "name":
		return otpcore.Param{Text: drawn([]string{"a", "Щ", "😀", "{{", "}}"}, 32)}
	}
	return otpcore.Param{Text: drawn([]string{"a", "Щ", "😀", "{"}, 32)}
}

// FuzzFaults holds that no text, however it is made, stops the examination or
// gets past it and then fails.
func FuzzFaults(f *testing.F) {
	own := gateText()
	for _, s := range slices.Concat([]string{own.Chat, "{{code}}", "{{code}} {{a|one: x|other: y}}", "{{code}}{{", "\xff{{code}}"}, own.SMS) {
		f.Add(s, s)
	}
	r := mustRenderer(f)
	f.Fuzz(func(t *testing.T, chat, sms string) {
		text := gateText()
		text.Chat, text.SMS = chat, []string{sms}
		if len(r.Faults(draftOf(text))) > 0 {
			return
		}
		in := samples()[0]
		in.Own, in.Params = &text, map[string]otpcore.Param{"car": {Text: "a blue bus"}}
		for _, in.Channel = range otpcore.Channels {
			m, err := r.Code(in)
			if err != nil || strings.Count(m.Text, "123456") != 1 {
				t.Fatalf("%q %q on %s: %q, %v", chat, sms, in.Channel, m.Text, err)
			}
		}
	})
}
