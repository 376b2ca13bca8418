package sms

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// bind writes the body out, its fields sorted, so that a message has nothing left to
// do but to put its values in.
func (b *body) bind(sc scope) error {
	if b.Type == "json" {
		err := b.write(b.tree, sc)
		b.text.literal("\n")
		return err
	}
	for i, name := range slices.Sorted(maps.Keys(b.form)) {
		value := b.form[name]
		if err := value.bind(sc); err != nil {
			return err
		}
		if i > 0 {
			b.text.literal("&")
		}
		b.text.literal(url.QueryEscape(name) + "=")
		b.text.add(value, url.QueryEscape)
	}
	return nil
}

func (b *body) write(node any, sc scope) error {
	switch node := node.(type) {
	case *template:
		err := node.bind(sc)
		b.text.literal(`"`)
		b.text.add(*node, escapeJSON)
		b.text.literal(`"`)
		return err
	case map[string]any:
		b.text.literal("{")
		for i, name := range slices.Sorted(maps.Keys(node)) {
			if i > 0 {
				b.text.literal(",")
			}
			b.text.literal(`"` + escapeJSON(name) + `":`)
			if err := b.write(node[name], sc); err != nil {
				return err
			}
		}
		b.text.literal("}")
	case []any:
		b.text.literal("[")
		for i, item := range node {
			if i > 0 {
				b.text.literal(",")
			}
			if err := b.write(item, sc); err != nil {
				return err
			}
		}
		b.text.literal("]")
	case json.RawMessage:
		b.text.literal(string(node))
	}
	return nil
}

// encodeJSON writes a value the short way: characters of HTML stay what they are.
func encodeJSON(v any) (string, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return strings.TrimSuffix(b.String(), "\n"), err
}

// escapeJSON writes a text as it stands between the quotes of a JSON string, so that
// no quote in it can break out of its place.
func escapeJSON(text string) string {
	if !strings.ContainsFunc(text, special) {
		return text
	}
	quoted, _ := encodeJSON(text) // every text can be written
	return quoted[1 : len(quoted)-1]
}

// special reports what package json does not write as it stands. RuneError is also
// what a broken character reads as.
func special(r rune) bool {
	return r < ' ' || r == '"' || r == '\\' || r == '\u2028' || r == '\u2029' || r == utf8.RuneError
}
