package docs

import (
	"bytes"
	"iter"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"go.yaml.in/yaml/v4"
)

// node is a place in the contract. It keeps the order of the file, which is the
// order in which its author wants to be read. The zero node is an absent one.
type node struct {
	*yaml.Node
	doc *yaml.Node
}

func (n node) present() bool { return n.Node != nil }

// at walks down by keys and follows references on the way.
func (n node) at(keys ...string) node {
	for _, key := range keys {
		n = n.child(key).follow()
	}
	return n
}

// entries are the fields of an object in their order, none for other nodes.
func (n node) entries() iter.Seq2[string, node] {
	return func(yield func(string, node) bool) {
		if n.Node == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i].Value, node{n.Content[i+1], n.doc}) {
				return
			}
		}
	}
}

// list is the items of a list in their order, none for other nodes.
func (n node) list() []node {
	if n.Node == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	items := make([]node, 0, len(n.Content))
	for _, item := range n.Content {
		items = append(items, node{item, n.doc})
	}
	return items
}

// reference is the last step of the node's $ref, or empty.
func (n node) reference() string {
	ref := n.child("$ref").text()
	return ref[strings.LastIndexByte(ref, '/')+1:]
}

// child is a field as it stands: a reference stays one.
func (n node) child(key string) node {
	for name, found := range n.entries() {
		if name == key {
			return found
		}
	}
	return node{doc: n.doc}
}

// follow returns what the node's $ref points at, or the node itself.
func (n node) follow() node {
	ref := n.child("$ref").text()
	if ref == "" {
		return n
	}
	return node{n.doc, n.doc}.at(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
}

func (n node) text() string {
	if n.Node == nil || n.Kind != yaml.ScalarNode {
		return ""
	}
	return n.Value
}

// json is an example as people write it: in the order of the file.
func (n node) json() (string, error) {
	var out bytes.Buffer
	enc := jsontext.NewEncoder(&out, jsontext.WithIndent("  "), jsontext.EscapeForHTML(false))
	if err := n.encode(enc); err != nil {
		return "", err
	}
	return strings.TrimSpace(out.String()), nil
}

func (n node) encode(enc *jsontext.Encoder) error {
	switch n.Kind {
	case yaml.MappingNode:
		if err := enc.WriteToken(jsontext.BeginObject); err != nil {
			return err
		}
		for name, child := range n.entries() {
			if err := enc.WriteToken(jsontext.String(name)); err != nil {
				return err
			}
			if err := child.encode(enc); err != nil {
				return err
			}
		}
		return enc.WriteToken(jsontext.EndObject)
	case yaml.SequenceNode:
		if err := enc.WriteToken(jsontext.BeginArray); err != nil {
			return err
		}
		for _, item := range n.list() {
			if err := item.encode(enc); err != nil {
				return err
			}
		}
		return enc.WriteToken(jsontext.EndArray)
	}
	var value any
	if err := n.Decode(&value); err != nil {
		return err
	}
	return json.MarshalEncode(enc, value)
}
