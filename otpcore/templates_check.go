package otpcore

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// What a template may be called and what it may ask for.
var (
	templateKeyForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)
	// reserved are the names that texts, and the words around them, know without
	// declaring them.
	reserved = []string{"code", "brand", "until"}
)

// Bounds of a template's text.
const (
	mostParams   = 8 // params and context each
	mostVariants = 5
	longestSaid  = 40 // of the code's name, and of a warning
	// shortestWarning is less than any language needs for "do not share", and more
	// than a word that stands in a text anyway.
	shortestWarning = 6
	mostSegments    = 4
	longestSource   = 4096
)

func (s *Templates) checkPlace(key, locale string) error {
	if !templateKeyForm.MatchString(key) {
		return &Error{Kind: KindNotFound, Code: "template_unknown", Detail: "Name a key of small letters, digits and _, at most 32, that begins with a letter."}
	}
	if !s.renderer.Speaks(locale) {
		return &Error{Kind: KindNotFound, Code: "template_unknown", Detail: "Nothing is known of this language. Name one by its two or three letters, for example en, ru or de."}
	}
	return nil
}

// windows turns the line ends of web forms and of Windows into ours.
var windows = strings.NewReplacer("\r\n", "\n")

// findings gathers what is wrong with a text.
type findings []FieldError

func (f *findings) add(field, code, detail string) {
	*f = append(*f, FieldError{Field: field, Code: code, Detail: detail})
}

// check completes a text and refuses it unless it can be sent whatever a start
// gives it. Each finding stands for itself.
func (s *Templates) check(business *Business, t *TemplateText, kept []*Template, next *Template) error {
	if built, ok := s.renderer.Source(next.Key, next.Locale); ok {
		if err := t.replaces(built); err != nil {
			return err
		}
	}
	t.Chat, t.WhatsApp = windows.Replace(t.Chat), windows.Replace(t.WhatsApp)
	t.Context = slices.Clone(t.Context)
	for i := range t.Context {
		t.Context[i].Required = true // nobody confirms what is not named
	}
	var found findings
	if t.Kind == TemplateOfOrder {
		t.Segments = or(t.Segments, 2) // the number of an order alone takes 64 characters
		found.order(t)
	} else {
		t.Proof = or(t.Proof, ProofContact)
		t.Segments = or(t.Segments, 1)
		found.code(t)
	}
	found.shape(t)
	found.params("/params", t.Params, nil)
	found.params("/context", t.Context, t.Params)
	found.warning(t, slices.Contains(s.renderer.Locales(), next.Locale))
	var locales []string
	for _, k := range kept {
		locales = append(locales, k.Locale)
	}
	slices.Sort(locales)
	for _, locale := range slices.Compact(locales) {
		if other := newest(kept, locale); other != nil && locale != next.Locale {
			found.sameKind(t, other)
			found.agree(t, other)
		}
	}
	if len(found) == 0 {
		draft := TemplateDraft{Key: next.Key, Locale: next.Locale, Brand: business.Name, Frame: business.Settings.Locale, Text: *t}
		if t.Kind == TemplateOfCode { // news of orders lead to places by their button only
			draft.Hosts = business.Settings.ReturnHosts
		}
		found = s.renderer.Faults(draft)
	}
	if len(found) == 0 {
		return nil
	}
	return &Error{Kind: KindInvalid, Code: "text_invalid", Field: found[0].Field, Detail: found[0].Detail, Errors: found}
}

// replaces makes the text one in place of a built-in one: it gets the same
// values, and asks for at least the same proof. A payment stays bound to its
// amount and payee whatever a business says about it.
func (t *TemplateText) replaces(built TemplateText) error {
	if t.Kind != TemplateOfCode {
		return invalid("text_invalid", "/kind", "The built-in templates are texts of codes. Use a key of your own for a text about orders.")
	}
	if len(t.Params) > 0 && !slices.Equal(t.Params, built.Params) || len(t.Context) > 0 && !slices.Equal(t.Context, built.Context) {
		return invalid("text_invalid", "/params", "The built-in template declares its values itself. Leave params and context out, or use a key of your own.")
	}
	if t.Proof != "" && !t.Proof.Satisfies(built.Proof) {
		return invalid("text_invalid", "/proof", "The built-in template needs a link that an SMS has proven. A text of your own may ask for more, never for less.")
	}
	t.Params, t.Context = built.Params, built.Context
	t.Proof, t.Name, t.Segments = or(t.Proof, built.Proof), or(t.Name, built.Name), or(t.Segments, built.Segments)
	return nil
}

// code checks what only texts of codes have.
func (f *findings) code(t *TemplateText) {
	if t.Proof != ProofContact && t.Proof != ProofSMS {
		f.add("/proof", "proof_unknown", "Ask for a link's proof contact or sms.")
	}
	if checkWords("", t.Name, longestSaid) != nil {
		f.add("/name", "name_missing", fmt.Sprintf("Name the code in at most %d characters, as within a sentence: order code.", longestSaid))
	}
}

// warning demands the words of a warning where they are not known by the
// language, and only there.
func (f *findings) warning(t *TemplateText, known bool) {
	switch {
	case (known || t.Kind != TemplateOfCode) && t.Warning != "":
		f.add("/warning", "warning_known", "Leave warning out: a text about an order needs none, and this language has words of its own for it.")
	case known || t.Kind != TemplateOfCode:
	case utf8.RuneCountInString(t.Warning) < shortestWarning || checkWords("", t.Warning, longestSaid) != nil:
		f.add("/warning", "warning_missing", fmt.Sprintf("Write the words with which every SMS asks not to share the code, %d to %d characters; in English they are: Do not share.", shortestWarning, longestSaid))
	}
}

func (f *findings) shape(t *TemplateText) {
	if !slices.Contains(templateKinds, t.Kind) {
		f.add("/kind", "kind_unknown", "Say whether the text is of a code or about an order: code, order.")
	}
	if t.Segments < 1 || t.Segments > mostSegments {
		f.add("/sms_segments", "segments_out_of_range", fmt.Sprintf("Let an SMS take 1 to %d segments.", mostSegments))
	}
	if strings.TrimSpace(t.Chat) == "" {
		f.add("/chat", "text_missing", "Write the text for chats.")
	}
	if len(t.SMS) == 0 || len(t.SMS) > mostVariants {
		f.add("/sms", "text_missing", fmt.Sprintf("Write 1 to %d texts for SMS, the fullest first.", mostVariants))
	}
	total := len(t.Chat) + len(t.WhatsApp)
	for _, variant := range t.SMS {
		total += len(variant)
	}
	if total > 3*longestSource {
		f.add("", "too_long", "Send at most 12 KiB of texts.")
	}
}

func (f *findings) params(at string, specs, others []ParamSpec) {
	if len(specs) > mostParams {
		f.add(at, "too_many_values", fmt.Sprintf("Declare at most %d values.", mostParams))
		return
	}
	for i, p := range specs {
		field := fmt.Sprintf("%s/%d", at, i)
		same := func(q ParamSpec) bool { return q.Name == p.Name }
		switch {
		case !templateKeyForm.MatchString(p.Name):
			f.add(field+"/name", "name_invalid", "Name a value by small letters, digits and _, at most 32, beginning with a letter.")
		case slices.Contains(reserved, p.Name):
			f.add(field+"/name", "name_reserved", "code, brand and until are known to every text. Use another name.")
		case slices.ContainsFunc(specs[:i], same) || slices.ContainsFunc(others, same):
			f.add(field+"/name", "name_twice", "Declare each name once, in params or in context.")
		}
		if !slices.Contains(ParamTypes, p.Type) {
			f.add(field+"/type", "type_unknown", "Use one of the types "+strings.Join(ParamTypes, ", ")+".")
		}
	}
}

// agree demands that a value is the same thing in every locale: a start names
// it once for all of them.
func (f *findings) agree(t *TemplateText, other *Template) {
	for _, pair := range []struct {
		at             string
		mine, same, no []ParamSpec
	}{
		{"/params", t.Params, other.Text.Params, other.Text.Context},
		{"/context", t.Context, other.Text.Context, other.Text.Params},
	} {
		for i, p := range pair.mine {
			field := fmt.Sprintf("%s/%d", pair.at, i)
			for _, q := range pair.same {
				if q.Name == p.Name && q.Type != p.Type {
					f.add(field, "values_differ", fmt.Sprintf("%s is of the type %s in the locale %s. Give a value one type in all locales.", p.Name, q.Type, other.Locale))
				}
			}
			if slices.ContainsFunc(pair.no, func(q ParamSpec) bool { return q.Name == p.Name }) {
				f.add(field, "values_differ", fmt.Sprintf("%s stands in the other list in the locale %s. Declare it in the same one.", p.Name, other.Locale))
			}
		}
	}
	if !slices.Equal(sortedNames(t.Context), sortedNames(other.Text.Context)) {
		f.add("/context", "values_differ", "The locale "+other.Locale+" binds the code to other values. Bind it to the same ones in all locales: each text shows them.")
	}
}

func sortedNames(specs []ParamSpec) []string {
	names := make([]string, len(specs))
	for i, p := range specs {
		names[i] = p.Name
	}
	slices.Sort(names)
	return names
}

// checkHostsLeft refuses to take a host off the list while a text of the
// business leads there.
func (b *Businesses) checkHostsLeft(tx Tx, business *Business, before []string) error {
	gone := slices.DeleteFunc(before, func(host string) bool { return slices.Contains(business.Settings.ReturnHosts, host) })
	if len(gone) == 0 {
		return nil
	}
	for _, key := range slices.Sorted(maps.Keys(business.Settings.Templates)) {
		kept, err := tx.TemplatesOf(business.ID, key)
		if err != nil {
			return err
		}
		for locale, t := range wordingOf(b.renderer, key, kept, business.Settings.Templates[key]).own {
			for _, host := range gone {
				if strings.Contains(t.Text.Chat+" "+t.Text.WhatsApp, "https://"+host) {
					return invalid("invalid_value", "/return_hosts", fmt.Sprintf("The text %s in %s leads to %s. Change the text first.", key, locale, host))
				}
			}
		}
	}
	return nil
}
