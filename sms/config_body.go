package sms

import (
	"encoding/json"

	"go.yaml.in/yaml/v4"
)

// body declares what a request carries.
type body struct {
	Type string // json, form, query, or empty for nothing
	// fields of a form or a query
	form map[string]template
	// tree of a JSON body: map[string]any, []any, *template and json.RawMessage
	tree any
	// text is the body as it is written, once the vars are in place; whoever
	// renders it escapes the values for the type.
	text template
}

// bodyFields are the fields of the section.
type bodyFields struct {
	Type   string    `yaml:"type"`
	Fields yaml.Node `yaml:"fields"`
}

// UnmarshalYAML reads the fields by the type they are for.
func (b *body) UnmarshalYAML(n *yaml.Node) error {
	var raw bodyFields
	if err := Load(n, &raw); err != nil {
		return err
	}
	b.Type = raw.Type
	if raw.Fields.Kind != yaml.MappingNode {
		return errAt(n.Line, "body.fields: names and values are wanted here")
	}
	var err error
	switch b.Type {
	case "json":
		b.tree, err = readTree(&raw.Fields)
	case "form", "query":
		err = Load(&raw.Fields, &b.form)
	default:
		err = errAt(n.Line, "body.type %q: json, form or query", b.Type)
	}
	return err
}

// readTree keeps the shape of a JSON body and turns its texts into templates.
func readTree(n *yaml.Node) (any, error) {
	switch n.Kind {
	case yaml.MappingNode:
		object := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if key.Kind != yaml.ScalarNode || key.ShortTag() == "!!merge" {
				return nil, errAt(key.Line, "a field name is wanted here")
			}
			child, err := readTree(n.Content[i+1])
			if err != nil {
				return nil, err
			}
			object[key.Value] = child
		}
		return object, nil
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, item := range n.Content {
			child, err := readTree(item)
			if err != nil {
				return nil, err
			}
			list[i] = child
		}
		return list, nil
	case yaml.ScalarNode:
		return readLeaf(n)
	}
	return nil, errAt(n.Line, "aliases do not work within body.fields")
}

func readLeaf(n *yaml.Node) (any, error) {
	if n.ShortTag() == "!!str" {
		t := new(template)
		return t, t.UnmarshalYAML(n)
	}
	var constant any
	if err := Load(n, &constant); err != nil {
		return nil, err
	}
	raw, err := encodeJSON(constant)
	if err != nil {
		return nil, errAt(n.Line, "no JSON has a value like %s", n.Value)
	}
	return json.RawMessage(raw), nil
}
