package templates

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"

	"otpravka/otpcore"
)

//go:embed texts
var embedded embed.FS

var _ otpcore.Renderer = (*Renderer)(nil)

// lastLocale is spoken to everybody whose language, and whose business's, has
// no texts.
const lastLocale = "en"

// Renderer renders the texts that are built into the program. It never changes
// and is safe for concurrent use.
type Renderer struct {
	specs   map[string]*codeSpec
	locales map[string]*locale
	tags    []string                // of the locales, sorted
	foreign map[string]func() *cldr // of languages without built-in texts
}

// New compiles the texts. Its error lists every text that does not fit its key.
func New() (*Renderer, error) {
	files, err := fs.Sub(embedded, "texts")
	if err != nil {
		return nil, fmt.Errorf("texts: %w", err)
	}
	return load(files)
}

// load reads one folder per locale.
func load(files fs.FS) (*Renderer, error) {
	dirs, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, fmt.Errorf("texts: %w", err)
	}
	r := &Renderer{specs: make(map[string]*codeSpec), locales: make(map[string]*locale), foreign: make(map[string]func() *cldr)}
	for i := range codeSpecs {
		r.specs[codeSpecs[i].Key] = &codeSpecs[i]
	}
	for _, dir := range dirs {
		l, err := loadLocale(files, dir.Name())
		if err != nil {
			return nil, fmt.Errorf("texts: %w", err)
		}
		r.locales[dir.Name()] = l
	}
	r.tags = slices.Sorted(maps.Keys(r.locales)) // each message asks for them
	for tag := range translators {
		r.foreign[tag] = sync.OnceValue(func() *cldr {
			data, _ := newCLDR(tag, nil) // which fails for unknown languages and signs only
			return data
		})
	}
	if r.locales[lastLocale] == nil {
		return nil, fmt.Errorf("texts: no locale %s", lastLocale)
	}
	return r, nil
}

// Template describes a template, or returns false when there is none.
func (r *Renderer) Template(key string) (otpcore.TemplateSpec, bool) {
	spec, ok := r.specs[key]
	if !ok {
		return otpcore.TemplateSpec{}, false
	}
	return spec.TemplateSpec, true
}

// Keys lists the built-in templates, sorted.
func (r *Renderer) Keys() []string { return slices.Sorted(maps.Keys(r.specs)) }

// Locales lists the locales, sorted. Nobody may change the list.
func (r *Renderer) Locales() []string { return r.tags }

// Source is the built-in text under a key in a locale, as a business would
// write it.
func (r *Renderer) Source(key, locale string) (otpcore.TemplateText, bool) {
	l := r.locales[locale]
	if l == nil {
		return otpcore.TemplateText{}, false
	}
	text, ok := l.sources[key]
	return text, ok
}

// Locale returns the locale that has texts for wanted (a BCP 47 tag; its region
// and script do not matter), else for fallback, else English.
func (r *Renderer) Locale(wanted, fallback string) string {
	for _, tag := range []string{wanted, fallback} {
		language, _, _ := strings.Cut(strings.ReplaceAll(tag, "_", "-"), "-")
		if language = strings.ToLower(language); r.locales[language] != nil {
			return language
		}
	}
	return lastLocale
}

// Speaks reports whether numbers, amounts and dates can be written in the
// language, so that a business may write texts in it.
func (r *Renderer) Speaks(language string) bool { return translators[language] != nil }

// speaking is the locale of a business's own text. One in a language without
// built-in texts counts and dates in that language, and has the words around it,
// such as buttons, from the locale that is nearest to the frame.
func (r *Renderer) speaking(language, frame string, t *otpcore.TemplateText) *locale {
	if l := r.locales[language]; l != nil {
		return l
	}
	l := *r.locale(frame)
	if data := r.foreign[language]; data != nil {
		l.cldr, l.warning = data(), t.Warning
		l.plain = !slices.ContainsFunc(t.SMS, func(sms string) bool { return !isGSM(sms) })
	}
	return &l
}

func (r *Renderer) locale(tag string) *locale { return r.locales[r.Locale(tag, "")] }

// Hint says where to look for the code of a route. It depends on the channels
// of the route only, so it is the same for every phone.
func (r *Renderer) Hint(locale string, route []otpcore.Channel) string {
	return r.locale(locale).hints[hintKey(route)]
}

// hintKey names a route: its channels in their usual order, but sms in front
// where it is asked first.
func hintKey(route []otpcore.Channel) string {
	var names []string
	for _, ch := range otpcore.Channels {
		if slices.Contains(route, ch) {
			names = append(names, string(ch))
		}
	}
	if names == nil {
		return "none"
	}
	if route[0] == otpcore.SMS {
		names = append([]string{string(otpcore.SMS)}, names[:len(names)-1]...)
	}
	return strings.Join(names, "+")
}
