package templates

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"

	"otpravka/otpcore"
)

// wordsUnits is what a business's own words about an order may take with every
// value at its longest. The list of goods, the total and the code below them
// leave no less of the 4,096 of Telegram.
const wordsUnits = 1024

// longestNumber is that of an order.
const longestNumber = 64

// orderKnown is what a text about an order may show, and what of it is always
// there.
func orderKnown(t *otpcore.TemplateText) (known, required []string) {
	known, required = []string{"order"}, []string{"order"}
	for _, p := range t.Params {
		known = append(known, p.Name)
		if p.Required {
			required = append(required, p.Name)
		}
	}
	return known, required
}

// Words puts the values of an update into a business's own text for orders. Of
// the variants for SMS it takes the first that has all its values and fits.
func (r *Renderer) Words(in otpcore.OwnWords) (otpcore.OrderWords, error) {
	l := r.speaking(in.Locale, "", in.Text)
	values := map[string]string{"order": inert(in.Number)}
	for _, p := range in.Text.Params {
		if written := l.param(p.Type, in.Params[p.Name]); written != "" {
			values[p.Name] = written
		}
	}
	var out otpcore.OrderWords
	var err error
	if out.Chat, err = l.said(in.Text, in.Text.Chat, values); err != nil {
		return out, err
	}
	if in.Text.WhatsApp != "" {
		if out.WhatsApp, err = l.said(in.Text, in.Text.WhatsApp, values); err != nil {
			return out, err
		}
	}
	known, _ := orderKnown(in.Text)
	for _, source := range in.Text.SMS {
		t, err := l.compile(source, known)
		if err != nil {
			return out, err
		}
		if t.missing(values) != "" {
			continue
		}
		out.SMS = t.fill(values)
		if Segments(l.headed(in.Brand, out.SMS)) <= max(1, in.Text.Segments) {
			break
		}
	}
	if out.SMS == "" {
		return out, fmt.Errorf("order %s: no text for SMS has all its values", in.Locale)
	}
	return out, nil
}

// said fills the lines of a text for chats; one whose value is absent is left
// out.
func (l *locale) said(t *otpcore.TemplateText, source string, values map[string]string) (string, error) {
	known, _ := orderKnown(t)
	all, err := l.lines(source, known)
	if err != nil {
		return "", err
	}
	var lines []string
	for _, line := range all {
		if line.missing(values) == "" {
			lines = append(lines, line.fill(values))
		}
	}
	return strings.Join(lines, "\n"), nil
}

// order finds the faults of a text about orders.
func (e *examination) order() {
	t := &e.draft.Text
	e.orderChat("/chat", t.Chat)
	if t.WhatsApp != "" {
		e.orderChat("/whatsapp", t.WhatsApp)
	}
	for i, source := range t.SMS {
		e.orderSMS(fmt.Sprintf("/sms/%d", i), source, i == len(t.SMS)-1)
	}
}

func (e *examination) orderChat(field, source string) {
	known, required := orderKnown(&e.draft.Text)
	lines, err := e.l.lines(source, known)
	if !e.orderForm(field, err) {
		return
	}
	var whole text
	for i, line := range lines {
		if i == 0 || line.count("order") > 0 {
			e.stays(field, line, required, "{{%s}} may be absent, and its line goes with it. Show it on another line than the first one and the number of the order.")
		}
		whole = append(append(whole, line...), piece{literal: "\n"})
	}
	if len(lines[0]) == 0 {
		e.add(field, "text_missing", "Begin with a line that says something: the name of the business stands before it.")
	}
	e.once(field, whole, []string{"order"})
	for _, p := range e.draft.Text.Params {
		if !slices.ContainsFunc(whole, func(q piece) bool { return q.name == p.Name }) {
			e.add(field, "placeholder_missing", "{{%s}} is declared and not shown. Show it, or declare it no more.", p.Name)
		}
	}
	e.words(field, whole, true)
	if n := len(utf16.Encode([]rune(whole.fill(e.orderWorst(wide))))); n > wordsUnits {
		e.add(field, "too_long", "The words about an order take %d characters, and with the longest values this is %d. Shorten the text.", wordsUnits, n)
	}
}

func (e *examination) orderSMS(field, source string, last bool) {
	known, required := orderKnown(&e.draft.Text)
	t, err := e.l.compile(source, known)
	if !e.orderForm(field, err) {
		return
	}
	e.once(field, t, []string{"order"})
	e.words(field, t, false)
	if !last {
		return
	}
	e.stays(field, t, required, "{{%s}} may be absent, and this is the last text for SMS. Add one that does without it.")
	if n := Segments(e.l.headed(e.draft.Brand, t.fill(e.orderWorst(letter)))); n > e.spec.segments {
		e.add(field, "sms_too_long", "With the longest values this takes %d segments, and sms_segments allows %d. Add a shorter text at the end, or allow more.", n, e.spec.segments)
	}
}

// orderForm is form, with what a text about an order knows.
func (e *examination) orderForm(field string, err error) bool {
	before := len(e.found)
	ok := e.form(field, err)
	for i := range e.found[before:] {
		if f := &e.found[before+i]; f.Code == "placeholder_unknown" {
			f.Detail = strings.Replace(f.Detail, advice[f.Code], "Use order and the values that are declared. The name of the business is always put before the text.", 1)
		}
	}
	return ok
}

// stays refuses values that may be absent where the text must not be.
func (e *examination) stays(field string, t text, required []string, detail string) {
	for _, p := range t {
		if p.name != "" && !slices.Contains(required, p.name) {
			e.add(field, "value_optional", detail, p.name)
		}
	}
}

func (e *examination) orderWorst(of string) map[string]string {
	values := e.l.worst(e.spec, "", of)
	values["order"] = strings.Repeat(of, longestNumber)
	return values
}
