package sms

import (
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// template is a text with variables: "Bearer {{secret.token}}".
type template struct {
	parts []part
	line  int
}

// part is a literal or a variable.
type part struct{ literal, name string }

// values are what variables stand for while one message is sent.
type values map[string]string

var variable = regexp.MustCompile(`\{\{ *([a-z0-9_.]+) *\}\}`)

func parseTemplate(source string) (template, error) {
	var t template
	rest := 0
	for _, at := range variable.FindAllStringSubmatchIndex(source, -1) {
		t.literal(source[rest:at[0]])
		t.parts = append(t.parts, part{name: source[at[2]:at[3]]})
		rest = at[1]
	}
	t.literal(source[rest:])
	for _, p := range t.parts {
		if strings.Contains(p.literal, "{{") || strings.Contains(p.literal, "}}") {
			return template{}, fmt.Errorf("broken variable in %q: write {{name}}", source)
		}
	}
	return t, nil
}

// literal appends text, to the literal before it where there is one.
func (t *template) literal(s string) {
	last := len(t.parts) - 1
	switch {
	case s == "":
	case last >= 0 && t.parts[last].name == "":
		t.parts[last].literal += s
	default:
		t.parts = append(t.parts, part{literal: s})
	}
}

// add appends another template, its literals escaped.
func (t *template) add(more template, escape func(string) string) {
	for _, p := range more.parts {
		if p.name == "" {
			t.literal(escape(p.literal))
			continue
		}
		t.parts = append(t.parts, p)
	}
}

// UnmarshalYAML reads a scalar; numbers count as the text they are written as.
func (t *template) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.ScalarNode {
		return errAt(n.Line, "a text is wanted here")
	}
	parsed, err := parseTemplate(n.Value)
	if err != nil {
		return errAt(n.Line, "%w", err)
	}
	*t = parsed
	t.line = n.Line
	return nil
}

func (t template) isZero() bool { return t.line == 0 }

// bind puts the file's vars in place and checks that the remaining variables
// are known here.
func (t *template) bind(sc scope) error {
	bound := template{line: t.line}
	for _, p := range t.parts {
		key, isVar := strings.CutPrefix(p.name, "vars.")
		switch value, ok := sc.vars[key]; {
		case p.name == "":
			bound.literal(p.literal)
		case isVar && ok:
			bound.literal(value)
		case sc.knows(p.name):
			bound.parts = append(bound.parts, p)
		default:
			return errAt(t.line, "%w", sc.refuse(p.name))
		}
	}
	*t = bound
	return nil
}

// render returns the text with every value passed through escape, which may
// be nil.
func (t template) render(v values, escape func(string) string) string {
	if len(t.parts) == 1 { // as in most: nothing has to be joined
		return t.parts[0].render(v, escape)
	}
	size := 0
	for _, p := range t.parts {
		size += len(p.literal) + len(v[p.name])
	}
	var b strings.Builder
	b.Grow(size)
	for _, p := range t.parts {
		b.WriteString(p.render(v, escape))
	}
	return b.String()
}

func (p part) render(v values, escape func(string) string) string {
	switch {
	case p.name == "":
		return p.literal
	case escape == nil:
		return v[p.name]
	}
	return escape(v[p.name])
}
