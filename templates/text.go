package templates

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// text is a compiled text: literals and names by turns.
type text []piece

// fault is what is wrong with the form of a text.
type fault struct{ code, detail string }

func (f *fault) Error() string { return f.detail }

// piece is either a literal or a name to be replaced, by its value or by the
// plural form that goes with it.
type piece struct {
	literal, name string
	forms         map[string]string
	language      *cldr // of the forms
}

// compile reads {{name}}s and {{name|form: word|…}}s. Names that are not known
// and stray braces are errors.
func compile(source string, known ...string) (text, error) {
	var t text
	for rest := source; rest != ""; {
		literal, after, found := strings.Cut(rest, "{{")
		if strings.Contains(literal, "}}") {
			return nil, &fault{code: "braces", detail: "braces without a beginning"}
		}
		if literal != "" {
			t = append(t, piece{literal: literal})
		}
		if !found {
			break
		}
		name, tail, closed := strings.Cut(after, "}}")
		if !closed {
			return nil, &fault{code: "braces", detail: "braces without an end"}
		}
		p := piece{name: name}
		if word, forms, counted := strings.Cut(name, "|"); counted {
			var err error
			if p.forms, err = readForms(forms); err != nil {
				return nil, err
			}
			p.name = word
		}
		if !slices.Contains(known, p.name) {
			return nil, &fault{code: "placeholder_unknown", detail: fmt.Sprintf("unknown placeholder %q", p.name)}
		}
		t, rest = append(t, p), tail
	}
	if t == nil {
		return nil, &fault{code: "text_missing", detail: "empty text"}
	}
	return t, nil
}

// count returns how often the name's value stands in the text.
func (t text) count(name string) int {
	n := 0
	for _, p := range t {
		if p.name == name && p.forms == nil {
			n++
		}
	}
	return n
}

// missing returns the first name that the values do not have, or "".
func (t text) missing(values map[string]string) string {
	for _, p := range t {
		if _, ok := values[p.name]; p.name != "" && !ok {
			return p.name
		}
	}
	return ""
}

// fill puts the values in. Nothing in a value is replaced again.
func (t text) fill(values map[string]string) string {
	size := 0
	for _, p := range t {
		size += len(p.literal) + len(values[p.name])
	}
	var b strings.Builder
	b.Grow(size)
	for _, p := range t {
		b.WriteString(p.literal)
		if p.forms != nil {
			b.WriteString(p.inflected(values[p.name]))
			continue
		}
		b.WriteString(values[p.name])
	}
	return b.String()
}

// inert takes from a value what could disturb the text around it: line breaks
// and other controls become spaces, marks that turn the reading direction
// vanish. The domain refuses such values; brands and old rows get here without
// it.
func inert(value string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Bidi_Control, r):
			return -1
		case unicode.IsControl(r) || r == '\u2028' || r == '\u2029':
			return ' '
		}
		return r
	}, value)
}

// inertLines is inert for texts of several lines.
func inertLines(value string) string {
	lines := strings.Split(value, "\n")
	for i := range lines {
		lines[i] = inert(strings.TrimSuffix(lines[i], "\r"))
	}
	return strings.Join(lines, "\n")
}
