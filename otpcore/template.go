package otpcore

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Template is one version of what a business says under a key in a locale: in
// place of what is built in, or under a key of its own.
type Template struct {
	BusinessID ID
	Key        string
	Locale     string
	// Version counts the changes of the key, in whichever locale, from 1 on. A
	// verification holds one number and with it the texts of every locale.
	Version   int
	Text      TemplateText
	Removed   bool // from this version on the business says nothing here
	Author    ID   // the API key that made it
	CreatedAt time.Time
}

// TemplateKind is what the messages of a template are about.
type TemplateKind string

// The kinds.
const (
	TemplateOfCode  TemplateKind = ""      // a code
	TemplateOfOrder TemplateKind = "order" // news of an order, in place of those that are built in
)

var templateKinds = []TemplateKind{TemplateOfCode, TemplateOfOrder}

// TemplateText is what a template says and what it needs for that. One of an
// order has no name, no proof and no context.
type TemplateText struct {
	Kind     TemplateKind `json:",omitempty"`
	Name     string       // of the code within a sentence, for "the login code has expired"
	Proof    Proof        // least proof of a link that may carry it; empty: as built in, else contact
	Params   []ParamSpec
	Context  []ParamSpec // names that the check must repeat
	Chat     string      // lines; one whose value is absent is left out
	WhatsApp string      // in place of chat there; may be empty
	SMS      []string    // variants, the fullest first
	// Warning are the words with which every SMS asks not to share the code, in a
	// language whose own are not known.
	Warning  string `json:",omitempty"`
	Segments int    // that its SMS may take; 0: one
}

// wording is everything that is said under a key.
type wording struct {
	built   bool                 // it is built in
	spec    TemplateSpec         // what the texts of all locales need together
	own     map[string]*Template // nil: there is nothing of one's own
	version int                  // of own; 0: likewise
}

// wordingOf gathers what is built in and what the business had in force at a
// version, out of all versions that are kept, oldest first.
func wordingOf(r Renderer, key string, kept []*Template, version int) *wording {
	w := &wording{version: version}
	if w.spec, w.built = r.Template(key); !w.built {
		w.spec = TemplateSpec{Key: key, Proof: ProofContact}
	}
	if len(kept) == 0 {
		return w // as for most messages
	}
	w.own = make(map[string]*Template)
	for _, t := range kept {
		switch {
		case t.Version > version:
		case t.Removed:
			delete(w.own, t.Locale)
		default:
			w.own[t.Locale] = t
		}
	}
	for _, locale := range slices.Sorted(maps.Keys(w.own)) {
		w.add(w.own[locale].Text)
	}
	return w
}

// add takes a text's needs into those of the key. A value that one locale needs
// is asked of every start: the chat may speak another language than the start.
// For the same reason the strictest proof counts.
func (w *wording) add(t TemplateText) {
	if t.Proof == ProofSMS {
		w.spec.Proof = ProofSMS
	}
	w.spec.Kind = t.Kind
	if !w.built {
		w.spec.Params = together(w.spec.Params, t.Params)
		w.spec.Context = together(w.spec.Context, t.Context)
	}
}

func together(all, more []ParamSpec) []ParamSpec {
	all = slices.Clone(all)
	for _, p := range more {
		i := slices.IndexFunc(all, func(q ParamSpec) bool { return q.Name == p.Name })
		if i < 0 {
			all = append(all, p)
			continue
		}
		all[i].Required = all[i].Required || p.Required
	}
	return all
}

// exists reports whether anything is said under the key.
func (w *wording) exists() bool { return w.built || len(w.own) > 0 }

// locale is the one in which a message is written: the wanted one where it has a
// text, else the fallback, else English, else any that has one.
func (w *wording) locale(r Renderer, wanted, fallback string) string {
	for _, tag := range []string{wanted, fallback} {
		l := language(tag)
		if w.own[l] != nil || (w.built || len(w.own) == 0) && r.Locale(l, "") == l {
			return l
		}
	}
	if w.built || len(w.own) == 0 {
		return r.Locale("", "")
	}
	return nearest(r, w.own, "", "")
}

// nearest is the locale, out of those that have something, in which a person
// reads it: the wanted one, else the fallback, else English, else any.
func nearest[T any](r Renderer, of map[string]T, wanted, fallback string) string {
	for _, near := range []string{language(wanted), language(fallback), r.Locale("", "")} {
		if _, has := of[near]; has {
			return near
		}
	}
	return slices.Sorted(maps.Keys(of))[0]
}

// language is that of a BCP 47 tag: its region and script do not matter.
func language(tag string) string {
	l, _, _ := strings.Cut(strings.ReplaceAll(tag, "_", "-"), "-")
	return strings.ToLower(l)
}

// text is the business's own text in the locale; nil: the built-in one counts.
func (w *wording) text(locale string) *TemplateText {
	if t := w.own[locale]; t != nil {
		return &t.Text
	}
	return nil
}
