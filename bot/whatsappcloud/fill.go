package whatsappcloud

import (
	"strings"

	"otpravka/otpcore"
)

// fillCode makes an authentication template: the code stands in it twice, in the
// text and under the button.
func (m *message) fillCode(o otpcore.Outgoing, name, locale string) bool {
	code := codeOf(o.Message)
	if code == "" || o.Phone.IsZero() {
		return false
	}
	m.To, m.Type = strings.TrimPrefix(o.Phone.E164(), "+"), "template"
	written := []parameter{{Type: "text", Text: code}}
	m.Template = &template{Name: name, Language: language{locale}, Components: []component{
		{Type: "body", Parameters: written},
		{Type: "button", SubType: "url", Index: "0", Parameters: written},
	}}
	return true
}

// codeOf finds the code in a rendered message: the first part that is to be
// copied. It is empty where a template could not carry it.
func codeOf(m otpcore.Message) string {
	if len(m.Mono) == 0 {
		return ""
	}
	at := m.Mono[0]
	if at.Start < 0 || at.End > len(m.Text) || at.Start >= at.End || at.End-at.Start > maxCode {
		return ""
	}
	return m.Text[at.Start:at.End]
}

// Bounds of what stands in the one value of newsTexts, in characters. With the text
// around it Meta takes 1024.
const (
	maxNews  = 900
	newsHead = 500 // of one that is too long: what it begins with
	newsTail = 199 // and its end, where a hand-over code stands
)

// fillNews makes a utility template of an order's message.
func (m *message) fillNews(o otpcore.Outgoing, locale string) bool {
	m.address(o.Chat)
	said := newsOf(o.Message)
	m.Type = "template"
	m.Template = &template{Name: newsForm, Language: language{locale}, Components: []component{
		{Type: "body", Parameters: []parameter{{Type: "text", Text: said, Name: newsValue}}},
	}}
	return said != ""
}

// newsOf puts a message into one line, which is all that a template's value may
// have. Links stand behind it, as far as there is room.
func newsOf(m otpcore.Message) string {
	said := oneLine(m.Text)
	if runes := []rune(said); len(runes) > newsHead+newsTail {
		said = strings.TrimSpace(string(runes[:newsHead])) + " … " + strings.TrimSpace(string(runes[len(runes)-newsTail:]))
	}
	for _, row := range m.Buttons {
		for _, b := range row {
			if with := said + " · " + b.Label + ": " + b.URL; b.URL != "" && len([]rune(with)) <= maxNews {
				said = with
			}
		}
	}
	return said
}

// oneLine joins the lines of a text that hold something.
func oneLine(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, " · ")
}
