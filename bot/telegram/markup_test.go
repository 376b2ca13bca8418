package telegram

import (
	"reflect"
	"testing"
	"time"
	"unicode/utf16"

	"otpravka/otpcore"
)

func TestEntitiesCountUTF16(t *testing.T) {
	for _, tt := range []struct {
		lead, code string
		want       entity
	}{
		{"", "123456", entity{"code", 0, 6}},
		{"Код: ", "123456", entity{"code", 5, 6}},
		{"🛍 Shop: ", "4821", entity{"code", 9, 4}},
		{"👩‍👩‍👧 𝔖hop ", "ABC9", entity{"code", 15, 4}},
	} {
		m := otpcore.Message{
			Text: tt.lead + tt.code + " 🙈",
			Mono: []otpcore.Span{{Start: len(tt.lead), End: len(tt.lead) + len(tt.code)}},
		}
		got := entities(m)
		if !reflect.DeepEqual(got, []entity{tt.want}) {
			t.Errorf("%q: entities %v, want %v", m.Text, got, tt.want)
			continue
		}
		units := utf16.Encode([]rune(m.Text))
		if shown := string(utf16.Decode(units[got[0].Offset : got[0].Offset+got[0].Length])); shown != tt.code {
			t.Errorf("%q: the entity marks %q", m.Text, shown)
		}
	}
}

func TestEntitiesOutsideTheText(t *testing.T) {
	m := otpcore.Message{Text: "short", Mono: []otpcore.Span{{Start: -1, End: 2}, {Start: 3, End: 3}, {Start: 4, End: 2}, {End: 6}}}
	if got := entities(m); len(got) != 0 {
		t.Errorf("entities %v, want none", got)
	}
}

func TestMarkup(t *testing.T) {
	id := otpcore.NewID(otpcore.PrefixVerification, time.Now())
	for _, tt := range []struct {
		name string
		m    otpcore.Message
		want string
	}{
		{"none", otpcore.Message{}, ""},
		{"remove", otpcore.Message{Keyboard: otpcore.Keyboard{Remove: true}}, `{"remove_keyboard":true}`},
		{
			"share",
			otpcore.Message{Keyboard: otpcore.Keyboard{SharePhone: "Поделиться"}},
			`{"is_persistent":true,"keyboard":[[{"text":"Поделиться","request_contact":true}]],"resize_keyboard":true}`,
		},
		{
			"buttons come first",
			otpcore.Message{
				Keyboard: otpcore.Keyboard{Remove: true},
				Buttons: [][]otpcore.Button{
					{{Label: "Copy", Copy: "123456"}, {Label: "Open", URL: "https://example.com/"}},
					{{Label: "Not me", Action: otpcore.Action{Verb: otpcore.ActNotMe, ID: id}}},
				},
			},
			`{"inline_keyboard":[[{"text":"Copy","copy_text":{"text":"123456"}},{"text":"Open","url":"https://example.com/"}],` +
				`[{"text":"Not me","callback_data":"notme:` + string(id) + `"}]]}`,
		},
	} {
		if got := sendMarkup(tt.m); got != tt.want {
			t.Errorf("%s: markup %s, want %s", tt.name, got, tt.want)
		}
	}
	if got := inlineMarkup(otpcore.Message{}); got != `{"inline_keyboard":[]}` {
		t.Errorf("an edit without buttons leaves the old ones: %s", got)
	}
}
