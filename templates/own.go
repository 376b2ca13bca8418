package templates

import (
	"fmt"
	"slices"
	"strings"

	"otpravka/otpcore"
)

// own compiles a business's own text for a channel. What it needs beside its
// words, such as buttons and the end of a code's life, is the locale's.
func (l *locale) own(key string, t *otpcore.TemplateText, on otpcore.Channel) (*codeSpec, codeTexts, error) {
	spec := ownSpec(key, t)
	known, _ := spec.names()
	texts := codeTexts{what: inert(t.Name)}
	var err error
	if texts.chat, err = l.lines(chatOn(t, on), known); err != nil {
		return nil, texts, err
	}
	for _, variant := range t.SMS {
		compiled, err := l.compile(variant, known)
		if err != nil {
			return nil, texts, err
		}
		texts.sms = append(texts.sms, compiled)
	}
	return spec, texts, nil
}

func ownSpec(key string, t *otpcore.TemplateText) *codeSpec {
	return &codeSpec{
		TemplateSpec: otpcore.TemplateSpec{Key: key, Params: t.Params, Context: t.Context, Proof: t.Proof},
		segments:     max(1, t.Segments),
	}
}

// chatOn is the text for a chat channel.
func chatOn(t *otpcore.TemplateText, on otpcore.Channel) string {
	if on == otpcore.WhatsApp && t.WhatsApp != "" {
		return t.WhatsApp
	}
	return t.Chat
}

func (l *locale) compile(source string, known []string) (text, error) {
	t, err := compile(source, known...)
	if err != nil {
		return nil, err
	}
	return t, t.inflect(l.cldr)
}

// lines compiles a text of several lines. Empty ones keep paragraphs apart.
func (l *locale) lines(source string, known []string) ([]text, error) {
	var all []text
	for i, line := range strings.Split(strings.TrimRight(source, "\n"), "\n") {
		if line == "" {
			all = append(all, text{})
			continue
		}
		compiled, err := l.compile(line, known)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		all = append(all, compiled)
	}
	return all, nil
}

// warns reports whether the text asks its reader to keep the code.
func (l *locale) warns(t text) bool {
	return strings.Contains(strings.ToLower(t.literals()), strings.ToLower(l.warning))
}

// literals is the text without its values.
func (t text) literals() string {
	var b strings.Builder
	for _, p := range t {
		b.WriteString(p.literal)
		if p.name != "" {
			b.WriteByte('\x00') // keeps what stands beside a value apart
		}
	}
	return b.String()
}

// worst fills every value with the longest that a start accepts, made of one
// character.
func (l *locale) worst(spec *codeSpec, brand, of string) map[string]string {
	values := map[string]string{"code": "1234567890", "brand": inert(brand), "until": "22 Nov 11:29 UTC"}
	for _, p := range slices.Concat(spec.Params, spec.Context) {
		values[p.Name] = l.longest(p.Type, of)
	}
	return values
}

// A message that is too long for a chat is not sent at all, so there every
// character may be one that takes two units, and an amount all that it may be. An
// SMS only costs more then: its bound holds for letters, and for amounts below a
// billion.
const (
	wide   = "😀"
	letter = "Щ"
)

func (l *locale) longest(kind, of string) string {
	switch kind {
	case "money":
		var longest string
		amount, currencies := "999999999999.99", []string{"KZT", "UZS", "USD", "XOF"}
		if of == letter {
			amount, currencies = "999999999.99", currencies[:2]
		}
		for _, currency := range currencies {
			if m := l.cldr.money(otpcore.Money{Amount: amount, Currency: currency}, l.plain); len([]rune(m)) > len([]rune(longest)) {
				longest = m
			}
		}
		return longest
	case "date":
		var longest string
		for month := 1; month <= 12; month++ {
			if d := l.cldr.date(fmt.Sprintf("2026-%02d-22", month), l.plain); len([]rune(d)) > len([]rune(longest)) {
				longest = d
			}
		}
		return longest
	case "count":
		return fmt.Sprint(mostThings)
	case "name":
		return strings.Repeat(of, 64)
	}
	return strings.Repeat(of, 32)
}
