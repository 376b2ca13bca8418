package sms

import (
	"fmt"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v4"
)

// path finds a value in a document: $.data.items[0]['any key'].id. A quoted
// key may hold variables, because one provider files its answer under the
// phone number: $.sms['{{to}}'].sms_id.
type path struct {
	source string // as it is written
	steps  []step
	line   int
}

// step is a key of an object or, with a key of no parts, an index of an array.
type step struct {
	key     template
	index   int
	isIndex bool
}

var pathStep = regexp.MustCompile(`^(?:\.([\pL\pN_-]+)|\[([0-9]{1,6})\]|\['([^']*)'\]|\["([^"]*)"\])`)

func parsePath(source string) (path, error) {
	if source == "" || source[0] != '$' {
		return path{}, fmt.Errorf("broken path %q: it begins with $", source)
	}
	p := path{source: source}
	for rest := source[1:]; rest != ""; {
		m := pathStep.FindStringSubmatch(rest)
		if m == nil {
			return path{}, fmt.Errorf("broken path %q at %q: write $.name, [0] or ['any key']", source, rest)
		}
		s, err := parseStep(m)
		if err != nil {
			return path{}, err
		}
		p.steps = append(p.steps, s)
		rest = rest[len(m[0]):]
	}
	return p, nil
}

func parseStep(m []string) (step, error) {
	if m[2] != "" {
		index, err := strconv.Atoi(m[2])
		return step{index: index, isIndex: true}, err
	}
	key, err := parseTemplate(m[1] + m[3] + m[4])
	return step{key: key}, err
}

// UnmarshalYAML reads the path from a scalar.
func (p *path) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.ScalarNode {
		return errAt(n.Line, "a path is wanted here, like $.data.id")
	}
	parsed, err := parsePath(n.Value)
	if err != nil {
		return errAt(n.Line, "%w", err)
	}
	*p = parsed
	p.line = n.Line
	return nil
}

func (p path) isZero() bool { return p.line == 0 }

func (p *path) bind(sc scope) error {
	for i := range p.steps {
		key := &p.steps[i].key
		key.line = p.line
		if err := key.bind(sc); err != nil {
			return err
		}
	}
	return nil
}

// find returns the value, and false where there is none. A null counts as
// none: providers write "error": null into good news.
func (p path) find(doc any, v values) (any, bool) {
	for _, s := range p.steps {
		switch at := doc.(type) {
		case map[string]any:
			if s.isIndex {
				return nil, false
			}
			doc = at[s.key.render(v, nil)]
		case []any:
			if !s.isIndex || s.index >= len(at) {
				return nil, false
			}
			doc = at[s.index]
		default:
			return nil, false
		}
	}
	return doc, doc != nil
}

// text returns the scalar at the path as text, and false for everything else.
func (p path) text(doc any, v values) (string, bool) {
	if p.isZero() {
		return "", false
	}
	found, ok := p.find(doc, v)
	if !ok {
		return "", false
	}
	return scalarText(found)
}
