package sms

import (
	"regexp"
	"slices"

	"go.yaml.in/yaml/v4"
)

// condition is a test of one place in an answer. A place that is missing
// passes only exists: false.
type condition struct {
	Path   path     `yaml:"path"`
	In     []scalar `yaml:"in"`
	Equals *scalar  `yaml:"equals"`
	Exists *bool    `yaml:"exists"`
	Match  *pattern `yaml:"match"`
}

// conditionFields are the fields of a condition, alone or among others.
type conditionFields condition

// UnmarshalYAML reads a condition with exactly one test.
func (c *condition) UnmarshalYAML(n *yaml.Node) error {
	if err := Load(n, (*conditionFields)(c)); err != nil {
		return err
	}
	return c.check(n.Line)
}

func (c *condition) check(line int) error {
	tests := 0
	for _, given := range []bool{len(c.In) > 0, c.Equals != nil, c.Exists != nil, c.Match != nil} {
		if given {
			tests++
		}
	}
	if c.Path.isZero() || tests != 1 {
		return errAt(line, "a condition has a path and one of in, equals, exists, match")
	}
	return nil
}

func (c condition) isZero() bool {
	return c.Path.isZero() && len(c.In) == 0 && c.Equals == nil && c.Exists == nil && c.Match == nil
}

func (c condition) holds(doc any, v values) bool {
	if c.Exists != nil {
		_, found := c.Path.find(doc, v)
		return found == *c.Exists
	}
	text, ok := c.Path.text(doc, v)
	switch {
	case !ok:
		return false
	case c.Equals != nil:
		return text == string(*c.Equals)
	case c.Match != nil:
		return c.Match.MatchString(text)
	}
	return slices.Contains(c.In, scalar(text))
}

// scalar is the text of any YAML scalar as it is written: 0, "0" and true.
type scalar string

// UnmarshalYAML takes the scalar's own spelling.
func (s *scalar) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.ScalarNode {
		return errAt(n.Line, "a text, a number or a boolean is wanted here")
	}
	*s = scalar(n.Value)
	return nil
}

// pattern is a regular expression of package regexp, whose matching time grows
// only with the length of the text.
type pattern struct{ *regexp.Regexp }

// UnmarshalYAML compiles the expression.
func (p *pattern) UnmarshalYAML(n *yaml.Node) error {
	compiled, err := regexp.Compile(n.Value)
	if err != nil {
		return errAt(n.Line, "broken expression %q", n.Value)
	}
	p.Regexp = compiled
	return nil
}
