// Package strictjson reads request bodies without guessing. A body is one JSON
// object in which every name is known and stands once, and every value keeps
// the bounds that the contract gives it: the contract itself is the validator,
// so that the two cannot drift apart.
package strictjson

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"otpravka/webhook/problem"
)

// Codec decodes the request types of one OpenAPI 3.1 contract. It is safe for
// concurrent use.
type Codec struct {
	schemas map[string]*jsonschema.Schema // by name in components/schemas
}

// New reads the contract and compiles the schema of every request, which are
// those whose name ends in "Request". OpenAPI 3.1 schemas are JSON Schema
// 2020-12 (https://spec.openapis.org/oas/v3.1.0#schema-object).
func New(contract []byte) (*Codec, error) {
	var doc map[string]any
	if err := yaml.Unmarshal(contract, &doc); err != nil {
		return nil, fmt.Errorf("contract: %w", err)
	}
	const base = "contract.json"
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	if err := compiler.AddResource(base, doc); err != nil {
		return nil, fmt.Errorf("contract: %w", err)
	}
	components, _ := doc["components"].(map[string]any)
	schemas, _ := components["schemas"].(map[string]any)
	c := &Codec{schemas: map[string]*jsonschema.Schema{}}
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

// Decode fills v, a pointer to a request type of the contract, from data. The
// error is a *problem.Problem: 400 where data is not such an object at all, 422
// where a field has a value that is not allowed.
func (c *Codec) Decode(data []byte, v any) error {
	name := reflect.TypeOf(v).Elem().Name()
	schema, ok := c.schemas[name]
	if !ok {
		return fmt.Errorf("no schema named %q in the contract", name)
	}
	object, refusal := parse(data)
	if refusal != nil {
		return refusal
	}
	if err := schema.Validate(object); err != nil {
		return explain(err)
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
