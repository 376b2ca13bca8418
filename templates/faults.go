package templates

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"otpravka/otpcore"
)

// What a message may take, with every value at its longest. Telegram counts
// after its entities are read (Bot API, sendMessage), and so does WhatsApp with
// the body of a text (Business Cloud API, messages).
const (
	telegramUnits = 4096
	whatsAppUnits = 1024
)

// examination gathers the faults of one draft.
type examination struct {
	l     *locale
	spec  *codeSpec
	draft otpcore.TemplateDraft
	found []otpcore.FieldError
}

// Faults finds everything in a business's own text on which a message could
// fail or mislead.
func (r *Renderer) Faults(d otpcore.TemplateDraft) []otpcore.FieldError {
	e := &examination{l: r.speaking(d.Locale, d.Frame, &d.Text), spec: ownSpec(d.Key, &d.Text), draft: d}
	if d.Text.Kind == otpcore.TemplateOfOrder {
		e.order()
		return e.found
	}
	e.chat("/chat", d.Text.Chat, otpcore.Telegram, telegramUnits)
	if d.Text.WhatsApp != "" {
		e.chat("/whatsapp", d.Text.WhatsApp, otpcore.WhatsApp, whatsAppUnits)
	} else {
		e.fits("/chat", otpcore.WhatsApp, whatsAppUnits, "WhatsApp takes %d characters, and with the longest values this is %d. Shorten the text, or write another one in whatsapp.")
	}
	for i, source := range d.Text.SMS {
		e.sms(fmt.Sprintf("/sms/%d", i), source, i == len(d.Text.SMS)-1)
	}
	return e.found
}

func (e *examination) add(field, code, detail string, args ...any) {
	e.found = append(e.found, otpcore.FieldError{Field: field, Code: code, Detail: fmt.Sprintf(detail, args...)})
}

// advice says what to do about faults of form.
var advice = map[string]string{
	"braces":              "Write values as {{name}}, and no braces otherwise.",
	"placeholder_unknown": "Use code, brand and the values that are declared.",
	"plural_forms":        "Give every form of the language once: {{items|one: item|other: items}}.",
	"text_missing":        "Write something.",
}

// form reports a text that cannot be compiled.
func (e *examination) form(field string, err error) bool {
	if err == nil {
		return true
	}
	f, ok := errors.AsType[*fault](err)
	if !ok {
		f = &fault{code: "braces", detail: "unreadable text"}
	}
	first, size := utf8.DecodeRuneInString(f.detail)
	e.add(field, f.code, "%s", string(unicode.ToUpper(first))+f.detail[size:]+". "+advice[f.code])
	return false
}

func (e *examination) chat(field, source string, on otpcore.Channel, most int) {
	known, _ := e.spec.names()
	lines, err := e.l.lines(source, known)
	if !e.form(field, err) {
		return
	}
	if !beginsWithCode(lines[0]) {
		e.add(field, "code_not_first", "Begin the text with {{code}}: a notification shows the beginning only.")
	}
	var whole text
	_, required := e.spec.names()
	for _, line := range lines {
		e.carries(field, line, required)
		whole = append(append(whole, line...), piece{literal: "\n"})
	}
	e.once(field, whole, append([]string{"code"}, names(e.spec.Context)...))
	for _, p := range e.spec.Params {
		if !slices.ContainsFunc(whole, func(q piece) bool { return q.name == p.Name }) {
			e.add(field, "placeholder_missing", "{{%s}} is declared and not shown. Show it, or declare it no more.", p.Name)
		}
	}
	e.words(field, whole, true)
	e.fits(field, on, most, "A message takes %d characters, and with the longest values this is %d. Shorten the text.")
}

// carries refuses a line that must stand in every message and would go with an
// absent value.
func (e *examination) carries(field string, line text, required []string) {
	always := append([]string{"code"}, names(e.spec.Context)...)
	if !slices.ContainsFunc(always, func(name string) bool { return line.count(name) > 0 }) {
		return
	}
	for _, p := range line {
		if p.name != "" && !slices.Contains(required, p.name) {
			e.add(field, "value_optional", "{{%s}} may be absent, and its line goes with it. Show it on another line than the code.", p.name)
		}
	}
}

func (e *examination) sms(field, source string, last bool) {
	known, required := e.spec.names()
	t, err := e.l.compile(source, known)
	if !e.form(field, err) {
		return
	}
	if !beginsWithCode(t) {
		e.add(field, "code_not_first", "Begin the text with {{code}}: a notification shows the beginning only.")
	}
	e.once(field, t, append([]string{"code", "brand"}, names(e.spec.Context)...))
	if !e.l.warns(t) {
		e.add(field, "warning_missing", "Say %q in every SMS: a code that is read out to a stranger helps nobody else.", e.l.warning)
	}
	e.words(field, t, false)
	if !last {
		return
	}
	for _, p := range t {
		if p.name != "" && !slices.Contains(required, p.name) {
			e.add(field, "value_optional", "{{%s}} may be absent, and this is the last text for SMS. Add one that does without it.", p.name)
		}
	}
	if n := Segments(t.fill(e.l.worst(e.spec, e.draft.Brand, letter))); n > e.spec.segments {
		e.add(field, "sms_too_long", "With the longest values this takes %d segments, and sms_segments allows %d. Add a shorter text at the end, or allow more.", n, e.spec.segments)
	}
}

func names(specs []otpcore.ParamSpec) []string {
	var all []string
	for _, p := range specs {
		all = append(all, p.Name)
	}
	return all
}

func (e *examination) once(field string, t text, wanted []string) {
	for _, name := range wanted {
		switch n := t.count(name); {
		case n == 0:
			e.add(field, "placeholder_missing", "{{%s}} is missing. Show it once.", name)
		case n > 1:
			e.add(field, "placeholder_repeated", "{{%s}} stands %d times. Show it once.", name, n)
		}
	}
	for i, p := range t {
		if p.name == "code" && p.forms == nil && !apart(t[i+1:]) {
			e.add(field, "code_not_apart", "Put a space or a stop behind {{code}}: what touches it is read as part of it.")
		}
		if p.forms != nil && !slices.ContainsFunc(e.spec.Params, func(q otpcore.ParamSpec) bool { return q.Name == p.name && q.Type == "count" }) {
			e.add(field, "plural_forms", "{{%s|…}} has plural forms, and %s is no count. Declare it in params with the type count.", p.name, p.name)
		}
	}
}

// apart reports whether what follows the code cannot be taken for a part of it.
func apart(rest text) bool {
	if len(rest) == 0 {
		return true
	}
	next, _ := utf8.DecodeRuneInString(rest[0].literal)
	return rest[0].name == "" && !unicode.IsLetter(next) && !unicode.IsNumber(next) && next != '-'
}

// addresses are found with the mark of a value behind them, if there is one.
var addresses = regexp.MustCompile(`https://[!-~]+\x00?`)

// words refuses in what the business itself wrote the same as in the values of
// a start: what leads away, looks like a code, or hides and reorders other
// characters.
func (e *examination) words(field string, t text, addressed bool) {
	said := t.literals()
	for _, p := range t {
		for _, word := range p.forms {
			said += " " + word
		}
	}
	for _, r := range said {
		if r == '\x00' || r == '\n' && addressed {
			continue
		}
		if !unicode.IsGraphic(r) || r == utf8.RuneError {
			e.add(field, "characters_not_allowed", "The text holds the character %U. Write plain text, without control, direction and joining marks.", r)
			break
		}
	}
	if addressed {
		said = addresses.ReplaceAllStringFunc(said, e.allowed)
	}
	if otpcore.LeadsAway(strings.ReplaceAll(said, "\x00", "x")) { // a value makes a link of "{{brand}}.kz"
		detail := "Leave out links and addresses. A text for chats may hold whole https addresses of the hosts in return_hosts."
		if e.draft.Text.Kind == otpcore.TemplateOfOrder {
			detail = "Leave out links and addresses. tracking_url of an update becomes a button under the message."
		}
		e.add(field, "link_not_allowed", "%s", detail)
	}
	if otpcore.LooksLikeCode(said) {
		e.add(field, "digits_not_allowed", "Leave out runs of four or more digits: they could be taken for the code.")
	}
}

// allowed takes an address out of a text if it is whole and leads to a host of
// the business.
func (e *examination) allowed(address string) string {
	u, err := url.Parse(strings.TrimRight(address, ".,;:!?)"))
	if err != nil || u.User != nil || u.Port() != "" || !slices.Contains(e.draft.Hosts, u.Host) {
		return address
	}
	return ""
}

// fits demands that the longest message stays within what its channel takes.
func (e *examination) fits(field string, on otpcore.Channel, most int, detail string) {
	spec, texts, err := e.l.own(e.draft.Key, &e.draft.Text, on)
	if err != nil {
		return // found already
	}
	in := otpcore.CodeText{Code: otpcore.NewCode("1234567890"), Brand: e.draft.Brand, Wanted: otpcore.WantAlsoSMS, Channel: on}
	m := e.l.chatMessage(in, texts, e.l.worst(spec, strings.Repeat(wide, 64), wide)) // the business may rename itself
	if n := len(utf16.Encode([]rune(m.Text))); n > most {
		e.add(field, "too_long", detail, most, n)
	}
}
