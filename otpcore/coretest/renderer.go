package coretest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"otpravka/otpcore"
)

// Renderer writes plain English texts in which tests can find what went in.
type Renderer struct {
	templates map[string]otpcore.TemplateSpec
}

var _ otpcore.Renderer = (*Renderer)(nil)

// NewRenderer returns a renderer with the templates login (no params), payment
// (context amount and payee; its links need an SMS proof) and order_confirm
// (an order_number, and optionally a total).
func NewRenderer() *Renderer {
	r := &Renderer{templates: make(map[string]otpcore.TemplateSpec)}
	for _, spec := range []otpcore.TemplateSpec{
		{Key: "login", Proof: otpcore.ProofContact},
		{
			Key: "payment", Proof: otpcore.ProofSMS,
			Context: []otpcore.ParamSpec{{Name: "amount", Type: "money", Required: true}, {Name: "payee", Type: "name", Required: true}},
		},
		{
			Key: "order_confirm", Proof: otpcore.ProofContact,
			Params: []otpcore.ParamSpec{{Name: "order_number", Type: "order_number", Required: true}, {Name: "total", Type: "money"}},
		},
	} {
		r.templates[spec.Key] = spec
	}
	return r
}

// Template describes a template.
func (r *Renderer) Template(key string) (otpcore.TemplateSpec, bool) {
	spec, ok := r.templates[key]
	return spec, ok
}

// Code renders "Brand: 123456 is your login code" with the code as first tap
// target. Edits that end a message read "login: used" and hold no code.
func (r *Renderer) Code(in otpcore.CodeText) (otpcore.Message, error) {
	if _, ok := r.templates[in.Template]; !ok && in.Own == nil {
		return otpcore.Message{}, fmt.Errorf("template %q is unknown", in.Template)
	}
	if in.Wanted != "" && in.Wanted != otpcore.WantAlsoSMS {
		return otpcore.Message{Text: in.Template + ": " + string(in.Wanted)}, nil
	}
	code, lead := in.Code.Reveal(), in.Brand+": "
	if in.Own != nil {
		lead = in.Own.Chat + ": "
	}
	m := otpcore.Message{
		Text: lead + code + " is your " + in.Template + " code" + details(in) + " [" + in.Locale + "]",
		Mono: []otpcore.Span{{Start: len(lead), End: len(lead) + len(code)}},
	}
	if in.Wanted == otpcore.WantAlsoSMS {
		m.Text += "; an SMS is on its way"
	}
	if in.Capabilities.CanButton {
		action := otpcore.Action{Verb: otpcore.ActNotMe, ID: in.Verification}
		m.Buttons = [][]otpcore.Button{{{Label: "It wasn't me", Action: action}}}
		if in.ReturnURL != "" {
			m.Buttons = append(m.Buttons, []otpcore.Button{{Label: "Back", URL: in.ReturnURL}})
		}
	}
	return m, nil
}

// Order renders "Brand: order A-1 is shipped" with the items, the total and the
// code behind it; the code is the first tap target.
func (r *Renderer) Order(in otpcore.OrderText) (otpcore.Message, error) {
	m := otpcore.Message{Text: in.Brand + ": order " + in.Number + " is " + string(in.Status)}
	if in.Words != "" {
		m.Text = in.Brand + ": " + in.Words
	}
	if in.News.Title != "" {
		m.Text += " (" + in.News.Title + ")"
	}
	for _, item := range in.News.Items {
		m.Text += ", " + item.Name
	}
	if in.News.Total != nil {
		m.Text += ", " + in.News.Total.Amount + " " + in.News.Total.Currency
	}
	m.Text += " [" + in.Locale + "]"
	if in.Code.Len() > 0 {
		begin := len(m.Text) + len(", code ")
		m.Text += ", code " + in.Code.Reveal()
		m.Mono = []otpcore.Span{{Start: begin, End: len(m.Text)}}
	}
	if in.News.TrackingURL != "" && in.Capabilities.CanButton {
		m.Buttons = [][]otpcore.Button{{{Label: "Track", URL: in.News.TrackingURL}}}
	}
	return m, nil
}

// Words is the text with the values behind it, on every channel.
func (r *Renderer) Words(in otpcore.OwnWords) (otpcore.OrderWords, error) {
	said := in.Text.Chat + " about " + in.Number + details(otpcore.CodeText{Params: in.Params}) + " [" + in.Locale + "]"
	return otpcore.OrderWords{Chat: said, SMS: said}, nil
}

// details appends the values of the context and then of the params, each kind
// in the order of its names.
func details(in otpcore.CodeText) string {
	var b strings.Builder
	for _, values := range []map[string]otpcore.Param{in.Context, in.Params} {
		for _, name := range slices.Sorted(maps.Keys(values)) {
			text := values[name].Text
			if money := values[name].Money; money != nil {
				text = money.Amount + " " + money.Currency
			}
			fmt.Fprintf(&b, ", %s %s", name, text)
		}
	}
	return b.String()
}

// Reply renders the key, the locale and the sorted args.
func (r *Renderer) Reply(key, locale string, args map[string]string) (otpcore.Message, error) {
	text := key + " [" + locale + "]"
	for _, name := range slices.Sorted(maps.Keys(args)) {
		text += " " + name + "=" + args[name]
	}
	return otpcore.Message{Text: text}, nil
}

// Hint names the route.
func (r *Renderer) Hint(locale string, route []otpcore.Channel) string {
	names := make([]string, len(route))
	for i, ch := range route {
		names[i] = string(ch)
	}
	return "[" + locale + "] Look into " + strings.Join(names, ", ") + "."
}

// Locale keeps en, ru, kk and uz, cuts regions off, and else falls back to
// fallback and then to en.
func (r *Renderer) Locale(wanted, fallback string) string {
	for _, tag := range []string{wanted, fallback} {
		language, _, _ := strings.Cut(strings.ToLower(tag), "-")
		if slices.Contains([]string{"en", "ru", "kk", "uz"}, language) {
			return language
		}
	}
	return "en"
}

// Keys lists the templates.
func (r *Renderer) Keys() []string { return slices.Sorted(maps.Keys(r.templates)) }

// Locales lists the locales.
func (r *Renderer) Locales() []string { return []string{"en", "kk", "ru", "uz"} }

// Speaks knows one language without built-in texts.
func (r *Renderer) Speaks(language string) bool {
	return language == "de" || slices.Contains(r.Locales(), language)
}

// Source gives every template the same words.
func (r *Renderer) Source(key, locale string) (otpcore.TemplateText, bool) {
	spec, ok := r.templates[key]
	if !ok || !slices.Contains(r.Locales(), locale) {
		return otpcore.TemplateText{}, false
	}
	return otpcore.TemplateText{
		Name: key + " code", Proof: spec.Proof, Params: spec.Params, Context: spec.Context,
		Chat: "built in", SMS: []string{"built in"}, Segments: 1,
	}, true
}

// Faults finds fault with the word "fault".
func (r *Renderer) Faults(d otpcore.TemplateDraft) []otpcore.FieldError {
	if strings.Contains(d.Text.Chat, "fault") {
		return []otpcore.FieldError{{Field: "/chat", Code: "fault", Detail: "Leave the fault out."}}
	}
	return nil
}

// Size counts bytes.
func (r *Renderer) Size(text string) otpcore.SMSSize {
	return otpcore.SMSSize{Encoding: "GSM-7", Characters: len(text), Segments: 1 + len(text)/160}
}

// CodeIn returns the code that a message carries, or "" when it has none.
func CodeIn(o otpcore.Outgoing) string {
	if len(o.Message.Mono) == 0 {
		return ""
	}
	span := o.Message.Mono[0]
	return o.Message.Text[span.Start:span.End]
}
