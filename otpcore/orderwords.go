package otpcore

import (
	"context"
	"fmt"
	"slices"
)

// OrderWords is what a business itself says of an order in one locale, with the
// values of the update in it. They stand behind its name, in place of the
// built-in words for the status.
//
// They are made when the update comes, not when the message leaves: an order
// lives for weeks, and no later change of the text can keep it from being sent.
type OrderWords struct {
	Chat     string `json:"chat"`               // one line or several
	WhatsApp string `json:"whatsapp,omitempty"` // in place of chat there
	SMS      string `json:"sms"`
}

// On are the words for a channel.
func (w OrderWords) On(ch Channel) string {
	switch {
	case ch == SMS:
		return w.SMS
	case ch == WhatsApp && w.WhatsApp != "":
		return w.WhatsApp
	}
	return w.Chat
}

var errOrderTemplate = &Error{
	Kind: KindNotFound, Code: "template_unknown", Field: "/template",
	Detail: "No template of the kind order has this name. Make one with PUT /v1/templates/{key}/{locale}, or leave template out.",
}

// words puts an update into the words of the template that it names, in the
// locale that it asks for and in those that a chat can choose.
func (s *Orders) words(ctx context.Context, by Caller, r OrderRequest, news *OrderNews) error {
	if r.Template == "" {
		if len(r.Params) > 0 {
			return invalid("param_unknown", "/params", "Values stand in the words of a template. Name one in template, or leave params out.")
		}
		return nil
	}
	said, err := s.templates.inForce(ctx, by.Business, r.Template)
	if err != nil {
		return err
	}
	if !said.exists() || said.spec.Kind != TemplateOfOrder {
		return errOrderTemplate
	}
	values, err := checkParams("/params", said.spec.Params, r.Params)
	if err != nil {
		return err
	}
	news.WordsIn = nearest(s.renderer, said.own, r.Locale, by.Business.Settings.Locale)
	news.Template, news.Words = r.Template, make(map[string]OrderWords, len(said.own))
	for locale, t := range said.own {
		if locale != news.WordsIn && !slices.Contains(s.renderer.Locales(), locale) {
			continue // no chat can choose it
		}
		in := OwnWords{Text: &t.Text, Locale: locale, Brand: by.Business.Name, Number: r.Number, Params: values}
		if news.Words[locale], err = s.renderer.Words(in); err != nil {
			return err
		}
	}
	return nil
}

// spoken chooses the locale of an order's message, and the business's own words
// in it, if there are any: those in the language that the chat chose, else in the
// one that the update asked for. The rest of the message follows them where it
// has texts in that language.
func (n OrderNews) spoken(r Renderer, wanted string, on Channel) (locale, words string) {
	if len(n.Words) == 0 {
		return wanted, ""
	}
	in := n.WordsIn
	if _, has := n.Words[language(wanted)]; has && wanted != n.Locale {
		in = language(wanted)
	}
	return r.Locale(in, or(n.Locale, wanted)), n.Words[in].On(on)
}

// order checks what only texts about orders have, or must not have.
func (f *findings) order(t *TemplateText) {
	if t.Name != "" || t.Proof != "" || len(t.Context) > 0 {
		f.add("/kind", "code_only", "A text about orders carries no code: leave name, proof and context out.")
	}
	for i, p := range t.Params {
		if p.Name == "order" {
			f.add(fmt.Sprintf("/params/%d/name", i), "name_reserved", "order is the number of the order, which every text about one knows. Use another name.")
		}
	}
}

// sameKind demands that the locales of a key are about the same thing.
func (f *findings) sameKind(t *TemplateText, other *Template) {
	if t.Kind != other.Text.Kind {
		f.add("/kind", "values_differ", "The locale "+other.Locale+" is about something else. Give a key one kind in all locales, or use another key.")
	}
}
