package telegram

import (
	"encoding/json"
	"unicode/utf8"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"otpravka/bot"
	"otpravka/otpcore"
)

// The library knows neither copy_text buttons nor link_preview_options, so
// these are ours.

type inlineButton struct {
	Text string    `json:"text"`
	Data string    `json:"callback_data,omitempty"`
	URL  string    `json:"url,omitempty"`
	Copy *copyText `json:"copy_text,omitempty"`
}

type copyText struct {
	Text string `json:"text"`
}

type keyboardButton struct {
	Text    string `json:"text"`
	Contact bool   `json:"request_contact"`
}

// entity marks a part of a text. Offsets count UTF-16 units.
type entity struct {
	Type   string `json:"type"`
	Offset int    `json:"offset"`
	Length int    `json:"length"`
}

// messageParams are the fields that sendMessage and editMessageText share. No
// parse mode is used: a text is shown as it is, whatever it holds.
func messageParams(chat string, m otpcore.Message) tgbotapi.Params {
	p := tgbotapi.Params{"chat_id": chat, "text": m.Text, "link_preview_options": `{"is_disabled":true}`}
	if marks := entities(m); len(marks) > 0 {
		p["entities"] = encode(marks)
	}
	return p
}

// sendMarkup is the reply_markup of a new message, or "". A message has either
// buttons under it or a keyboard below the chat; buttons come first.
func sendMarkup(m otpcore.Message) string {
	switch {
	case len(m.Buttons) > 0:
		return inlineMarkup(m)
	case m.Keyboard.SharePhone != "":
		return encode(map[string]any{
			"keyboard":        [][]keyboardButton{{{Text: m.Keyboard.SharePhone, Contact: true}}},
			"resize_keyboard": true, "is_persistent": true,
		})
	case m.Keyboard.Remove:
		return `{"remove_keyboard":true}`
	}
	return ""
}

// inlineMarkup is the reply_markup of an edit: no buttons take the old ones
// away.
func inlineMarkup(m otpcore.Message) string {
	rows := make([][]inlineButton, 0, len(m.Buttons))
	for _, row := range m.Buttons {
		line := make([]inlineButton, 0, len(row))
		for _, b := range row {
			line = append(line, inline(b))
		}
		rows = append(rows, line)
	}
	return encode(map[string]any{"inline_keyboard": rows})
}

func inline(b otpcore.Button) inlineButton {
	out := inlineButton{Text: b.Label, URL: b.URL}
	switch {
	case b.Copy != "":
		out.Copy = &copyText{b.Copy}
	case b.Action.Verb != "":
		out.Data = bot.FormatAction(b.Action)
	}
	return out
}

// entities makes the message's spans tappable. A span that does not fit the
// text is left out: the code in it can still be read.
func entities(m otpcore.Message) []entity {
	var marks []entity
	for _, s := range m.Mono {
		if s.Start < 0 || s.Start >= s.End || s.End > len(m.Text) {
			continue
		}
		marks = append(marks, entity{
			Type: "code", Offset: utf16Len(m.Text[:s.Start]), Length: utf16Len(m.Text[s.Start:s.End]),
		})
	}
	return marks
}

// utf16Len is the length of s in UTF-16 units.
func utf16Len(s string) int {
	n := utf8.RuneCountInString(s)
	for _, r := range s {
		if r > 0xffff {
			n++
		}
	}
	return n
}

func encode(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings, numbers and booleans only: it cannot fail
	}
	return string(raw)
}
