package otpcore

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// Templates keeps the texts of businesses. Every change is a new version, so
// that a verification under way goes on in the words in which it began, and any
// version can be taken back.
type Templates struct {
	ledger     Ledger
	reader     Reader
	renderer   Renderer
	businesses *Businesses

	mu    sync.Mutex
	known map[wordingKey]*wording // what a version says never changes
}

type wordingKey struct {
	business ID
	key      string
	version  int
}

// Bounds of what a business may keep.
const (
	ownKeys      = 100
	ownLocales   = 30        // of a key: all of its texts are read at once
	keptVersions = 50        // of a key in a locale
	versionLife  = time.Hour // longer than any message of a code is edited
	knownWording = 1000
)

func newTemplates(cfg Config, businesses *Businesses) *Templates {
	return &Templates{ledger: cfg.Ledger, reader: cfg.Reader, renderer: cfg.Renderer, businesses: businesses, known: make(map[wordingKey]*wording)}
}

// said is what the business says under a key at a version.
func (s *Templates) said(ctx context.Context, business ID, key string, version int) (*wording, error) {
	if version == 0 {
		return wordingOf(s.renderer, key, nil, 0), nil
	}
	at := wordingKey{business, key, version}
	s.mu.Lock()
	w := s.known[at]
	s.mu.Unlock()
	if w != nil {
		return w, nil
	}
	kept, err := s.reader.TemplatesOf(ctx, business, key)
	if err != nil {
		return nil, err
	}
	w = wordingOf(s.renderer, key, kept, version)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) >= knownWording {
		clear(s.known)
	}
	s.known[at] = w
	return w, nil
}

// inForce is what the business says under a key now.
func (s *Templates) inForce(ctx context.Context, business *Business, key string) (*wording, error) {
	return s.said(ctx, business.ID, key, business.Settings.Templates[key])
}

// TemplateKey is everything that a business can say under a key.
type TemplateKey struct {
	TemplateSpec
	Locales []string             // that have a text under the key, sorted
	Own     map[string]*Template // the business's own of them, by locale
}

// List gives every key that a start may name, sorted.
func (s *Templates) List(ctx context.Context, by Caller) ([]TemplateKey, error) {
	keys := slices.Collect(maps.Keys(by.Business.Settings.Templates))
	keys = append(keys, s.renderer.Keys()...)
	slices.Sort(keys)
	var all []TemplateKey
	for _, key := range slices.Compact(keys) {
		w, err := s.inForce(ctx, by.Business, key)
		if err != nil {
			return nil, err
		}
		locales := slices.Collect(maps.Keys(w.own))
		if w.built {
			locales = append(locales, s.renderer.Locales()...)
		}
		slices.Sort(locales)
		locales = slices.Compact(locales)
		all = append(all, TemplateKey{TemplateSpec: w.spec, Locales: locales, Own: w.own})
	}
	return all, nil
}

// Get gives the text that is in force, the built-in one as version 0.
func (s *Templates) Get(ctx context.Context, by Caller, key, locale string) (*Template, error) {
	w, err := s.inForce(ctx, by.Business, key)
	if err != nil {
		return nil, err
	}
	if t := w.own[locale]; t != nil {
		return t, nil
	}
	text, ok := s.renderer.Source(key, locale)
	if !ok {
		return nil, errTemplateUnknown
	}
	return &Template{BusinessID: by.Business.ID, Key: key, Locale: locale, Text: text}, nil
}

var errTemplateUnknown = &Error{Kind: KindNotFound, Code: "template_unknown", Detail: "No text has this key and locale. GET /v1/templates lists those there are."}

// Versions gives what the business ever said under a key in a locale, as far as
// it is kept, newest first.
func (s *Templates) Versions(ctx context.Context, by Caller, key, locale string) ([]*Template, error) {
	kept, err := s.reader.TemplatesOf(ctx, by.Business.ID, key)
	if err != nil {
		return nil, err
	}
	kept = slices.DeleteFunc(kept, func(t *Template) bool { return t.Locale != locale })
	slices.Reverse(kept)
	return kept, nil
}
