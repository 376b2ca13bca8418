// Package strictjson reads request bodies without guessing. A body is one JSON
// object in which every name is known and stands once, and every value keeps
// the bounds that the contract gives it: the contract itself is the validator,
// so that the two cannot drift apart.
package strictjson

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"otpravka/internal/spelling"
	"otpravka/webhook/problem"
)

// Codec decodes the request types of one OpenAPI 3.1 contract. It is safe for
// concurrent use.
type Codec struct {
	schemas   map[string]*jsonschema.Schema // by name in components/schemas
	sentences map[string]string             // x-advice, by the pointer of the schema that it stands in
	fields    map[string]spelling.Names     // the properties, by the pointer of their schema
}

// New compiles the schema of every request of the contract, which are those
// whose name ends in "Request". OpenAPI 3.1 schemas are JSON Schema 2020-12
// (https://spec.openapis.org/oas/v3.1.0#schema-object).
func New(contract map[string]any) (*Codec, error) {
	const base = "contract.json"
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	if err := compiler.AddResource(base, contract); err != nil {
		return nil, fmt.Errorf("contract: %w", err)
	}
	components, _ := contract["components"].(map[string]any)
	schemas, _ := components["schemas"].(map[string]any)
	c := &Codec{schemas: map[string]*jsonschema.Schema{}, sentences: map[string]string{}, fields: map[string]spelling.Names{}}
	c.gather(schemas, "/components/schemas")
	for name := range schemas {
		if !strings.HasSuffix(name, "Request") {
			continue
		}
		schema, err := compiler.Compile(base + "#/components/schemas/" + name)
		if err != nil {
			return nil, fmt.Errorf("contract schema %s: %w", name, err)
		}
		c.schemas[name] = schema
	}
	if len(c.schemas) == 0 {
		return nil, errors.New("contract: no request schemas")
	}
	return c, nil
}

// gather takes the contract's own sentences and names out of a part of it.
func (c *Codec) gather(node any, at jsontext.Pointer) {
	switch n := node.(type) {
	case map[string]any:
		if sentence, ok := n["x-advice"].(string); ok {
			c.sentences[string(at)] = sentence
		}
		if fields, ok := n["properties"].(map[string]any); ok {
			c.fields[string(at)] = spelling.Of(slices.Sorted(maps.Keys(fields)))
		}
		for name, child := range n {
			c.gather(child, at.AppendToken(name))
		}
	case []any:
		for i, child := range n {
			c.gather(child, at.AppendToken(strconv.Itoa(i)))
		}
	}
}

// Named is a request type that has another name than its schema.
type Named interface{ SchemaName() string }

// Decode fills v, a pointer to a request type of the contract, from data. The
// error is a *problem.Problem: 400 where data is not such an object at all, 422
// where a field has a value that is not allowed.
func (c *Codec) Decode(data []byte, v any) error {
	name := reflect.TypeOf(v).Elem().Name()
	if n, ok := v.(Named); ok {
		name = n.SchemaName()
	}
	schema, ok := c.schemas[name]
	if !ok {
		return fmt.Errorf("no schema named %q in the contract", name)
	}
	object, refusal := parse(data)
	if refusal != nil {
		return refusal
	}
	if err := schema.Validate(object); err != nil {
		return c.explain(err)
	}
	if err := json.Unmarshal(data, v, json.RejectUnknownMembers(true)); err != nil {
		return mismatch(err)
	}
	return nil
}

// mismatch words the little that a schema lets through and a Go type does not:
// a date that is none, a whole number with a fraction of zero.
func mismatch(err error) error {
	e, ok := errors.AsType[*json.SemanticError](err)
	if !ok {
		return err
	}
	return problem.New("invalid_value").Because(err).At(shown(e.JSONPointer), "Write this value as the contract shows it.")
}
