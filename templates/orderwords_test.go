package templates_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"otpravka/otpcore"
	"otpravka/templates"
)

// locker is a text about an order without faults.
func locker() otpcore.TemplateText {
	return otpcore.TemplateText{
		Kind: otpcore.TemplateOfOrder, Segments: 2,
		Params: []otpcore.ParamSpec{
			{Name: "locker", Type: "text", Required: true}, {Name: "day", Type: "date"}, {Name: "boxes", Type: "count"},
		},
		Chat:     "order {{order}} is in locker {{locker}}\n{{boxes}} {{boxes|one: box|other: boxes}}\nTake it out by {{day}}.",
		WhatsApp: "order {{order}}: locker {{locker}}\n{{boxes}} {{boxes|one: box|other: boxes}}\n{{day}}",
		SMS:      []string{"order {{order}} is in locker {{locker}} until {{day}}", "order {{order}}: locker {{locker}}"},
	}
}

func words(t testing.TB, in otpcore.OwnWords) otpcore.OrderWords {
	t.Helper()
	out, err := mustRenderer(t).Words(in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestOwnWordsStandBehindTheBrand(t *testing.T) {
	text := locker()
	in := otpcore.OwnWords{Text: &text, Locale: "en", Brand: "Book House", Number: "№ 10/42", Params: map[string]otpcore.Param{
		"locker": {Text: "12 B"}, "boxes": {Text: "1"}, "day": {Text: "2026-11-29"},
	}}
	said := words(t, in)
	if said.Chat != "order № 10/42 is in locker 12 B\n1 box\nTake it out by November 29, 2026." || said.WhatsApp != "order № 10/42: locker 12 B\n1 box\nNovember 29, 2026" {
		t.Errorf("%+v", said)
	}
	full := fullOrder("en")
	full.Words = said.Chat
	m := mustOrder(t, full)
	if !strings.HasPrefix(m.Text, "Book House: order № 10/42 is in locker 12 B\n1 box\nTake it out by November 29, 2026.\n- Green tea") ||
		strings.Contains(m.Text, "courier has order") || len(m.Mono) != 1 || m.Text[m.Mono[0].Start:m.Mono[0].End] != "4821" {
		t.Errorf("%q %v", m.Text, m.Mono)
	}
	full.Channel, full.Words = otpcore.SMS, said.SMS
	if m := mustOrder(t, full); m.Text != "Book House: order № 10/42 is in locker 12 B until November 29, 2026. Code for the courier: 4821" {
		t.Errorf("%q", m.Text)
	}
	delete(in.Params, "boxes")
	delete(in.Params, "day") // their lines go, and the SMS is the shorter one
	if said := words(t, in); said.Chat != "order № 10/42 is in locker 12 B" || said.SMS != "order № 10/42: locker 12 B" {
		t.Errorf("%+v", said)
	}
	in.Number, in.Params["day"] = strings.Repeat("№", 64), otpcore.Param{Text: "2026-11-29"}
	in.Params["locker"] = otpcore.Param{Text: strings.Repeat("Щ", 32)}
	if said := words(t, in); strings.Contains(said.SMS, "until") || templates.Segments("Book House: "+said.SMS) > 2 {
		t.Errorf("the variant that does not fit was taken: %q", said.SMS)
	}
}

// T31, T32: what a business writes about orders is examined like its texts of
// codes.
func TestT32FaultsOfOrderTextsAreFoundOneByOne(t *testing.T) {
	draft := otpcore.TemplateDraft{Key: "locker", Locale: "en", Brand: "Shop", Text: locker()}
	if found := mustRenderer(t).Faults(draft); len(found) > 0 {
		t.Fatalf("a sound text: %+v", found)
	}
	chat := func(s string) func(*otpcore.TemplateText) {
		return func(t *otpcore.TemplateText) { t.Chat, t.Params = s, nil }
	}
	sms := func(s ...string) func(*otpcore.TemplateText) { return func(t *otpcore.TemplateText) { t.SMS = s } }
	for want, change := range map[string]func(*otpcore.TemplateText){
		"/chat placeholder_missing":     chat("it is in the locker"),
		"/chat placeholder_repeated":    chat("{{order}} {{order}}"),
		"/chat placeholder_unknown":     chat("{{order}} {{brand}}"),
		"/chat braces":                  chat("{{order}} }}"),
		"/chat link_not_allowed":        chat("{{order}} https://shop.example.com/a"),
		"/chat digits_not_allowed":      chat("{{order}}, call 123456"),
		"/chat characters_not_allowed":  chat("{{order}} \u202egnol"),
		"/chat text_missing":            chat("\n{{order}}"),
		"/chat value_optional":          func(t *otpcore.TemplateText) { t.Params[0].Required = false },
		"/chat plural_forms":            func(t *otpcore.TemplateText) { t.Params[2].Type = "text" },
		"/chat too_long":                func(t *otpcore.TemplateText) { t.Chat += strings.Repeat("ж", 1024) },
		"/whatsapp placeholder_missing": func(t *otpcore.TemplateText) { t.WhatsApp = "{{order}}" },
		"/sms/0 placeholder_missing":    sms("it is in the locker", "{{order}}"),
		"/sms/0 link_not_allowed":       sms("{{order}}: www.example.com", "{{order}}"),
		"/sms/1 value_optional":         sms("{{order}}", "{{order}} by {{day}}"),
		"/sms/0 sms_too_long":           sms("{{order}}" + strings.Repeat("ж", 200)),
		"/sms/0 characters_not_allowed": sms("{{order}}\nIn the locker"),
	} {
		d := draft
		d.Text = locker()
		change(&d.Text)
		found := codesOf(mustRenderer(t).Faults(d))
		if !strings.Contains(strings.Join(found, ", "), want) {
			t.Errorf("want %s, found %q", want, found)
		}
	}
}

// TestSavedWordsAlwaysRender: whatever an update gives, a text without faults
// has words for every channel, with the number in them.
func TestSavedWordsAlwaysRender(t *testing.T) {
	r := mustRenderer(t)
	sound := 0
	rapid.Check(t, func(rt *rapid.T) {
		text := locker()
		parts := []string{"{{locker}}", "{{day}}", "{{boxes}}", "{{boxes|one: x|other: y}}", " ", "\n", "ж", "😀", "12"}
		if rapid.IntRange(0, 3).Draw(rt, "wild") == 0 {
			parts = append(parts, "{{order}}", "}}")
		}
		text.Chat += strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 0, 6).Draw(rt, "chat"), "")
		text.WhatsApp = ""
		text.SMS = []string{"{{order}} " + strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 0, 6).Draw(rt, "sms"), ""), "{{order}}: {{locker}}"}
		if len(r.Faults(otpcore.TemplateDraft{Key: "k", Locale: "en", Brand: "Юрта", Text: text})) > 0 {
			return
		}
		sound++
		in := otpcore.OwnWords{Text: &text, Locale: "en", Brand: "Юрта", Number: "A-7", Params: map[string]otpcore.Param{}}
		for _, p := range text.Params {
			if p.Required || rapid.Bool().Draw(rt, "given "+p.Name) {
				in.Params[p.Name] = accepted(rt, p.Type)
			}
		}
		said, err := r.Words(in)
		if err != nil || strings.Count(said.Chat, "A-7") != 1 || strings.Count(said.SMS, "A-7") != 1 {
			rt.Fatalf("%+v: %+v, %v", text, said, err)
		}
	})
	if sound < 10 {
		t.Errorf("only %d texts were sound: the test looks at nothing", sound)
	}
}

// FuzzOrderFaults holds that no text about an order, however it is made, stops the
// examination or gets past it and then fails.
func FuzzOrderFaults(f *testing.F) {
	own := locker()
	for _, s := range append([]string{own.Chat, own.WhatsApp, "{{order}}", "{{order}}{{", "\n{{order}}", "\xff{{order}}"}, own.SMS...) {
		f.Add(s, s)
	}
	r := mustRenderer(f)
	f.Fuzz(func(t *testing.T, chat, sms string) {
		text := locker()
		text.Chat, text.WhatsApp, text.SMS = chat, "", []string{sms}
		if len(r.Faults(otpcore.TemplateDraft{Key: "locker", Locale: "en", Brand: "Shop", Text: text})) > 0 {
			return
		}
		said, err := r.Words(otpcore.OwnWords{
			Text: &text, Locale: "en", Brand: "Shop", Number: "A-7\u00b7", Params: map[string]otpcore.Param{"locker": {Text: "B"}},
		})
		if err != nil || strings.Count(said.Chat, "A-7\u00b7") != 1 || strings.Count(said.SMS, "A-7\u00b7") != 1 {
			t.Fatalf("%q %q: %+v, %v", chat, sms, said, err)
		}
	})
}
