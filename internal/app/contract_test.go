package app_test

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"otpravka/webhook/api"
	"otpravka/webhook/problem"
)

// contract is openapi.yaml as a judge of answers.
type contract struct {
	doc      map[string]any
	routes   []route
	compiler *jsonschema.Compiler

	mu      sync.Mutex // of the compiler and what it made
	schemas map[string]*jsonschema.Schema
}

type route struct {
	method, id string
	template   string // of the path
	path       *regexp.Regexp
	op         map[string]any
	at         string // JSON pointer of the operation
}

// theContract is read once for all worlds.
var theContract = sync.OnceValues(func() (*contract, error) {
	c := &contract{schemas: map[string]*jsonschema.Schema{}, compiler: jsonschema.NewCompiler()}
	if err := yaml.Unmarshal(api.Contract, &c.doc); err != nil {
		return nil, err
	}
	c.compiler.DefaultDraft(jsonschema.Draft2020)
	c.compiler.AssertFormat()
	if err := c.compiler.AddResource("contract.json", c.doc); err != nil {
		return nil, err
	}
	parameter := regexp.MustCompile(`\\\{[a-z]+\\\}`)
	for path, item := range c.doc["paths"].(map[string]any) {
		form := regexp.MustCompile("^" + parameter.ReplaceAllString(regexp.QuoteMeta(path), `[^/]+`) + "$")
		for method, op := range item.(map[string]any) {
			fields, ok := op.(map[string]any)
			if !ok {
				continue // the parameters of all methods
			}
			c.routes = append(c.routes, route{
				method: strings.ToUpper(method), id: fields["operationId"].(string), template: path, path: form, op: fields,
				at: "#/paths/" + strings.ReplaceAll(path, "/", "~1") + "/" + method,
			})
		}
	}
	// A path without a parameter is more special than one with it.
	slices.SortFunc(c.routes, func(a, b route) int {
		return strings.Count(a.path.String(), "[^/]") - strings.Count(b.path.String(), "[^/]")
	})
	return c, nil
})

func (c *contract) find(method, path string) *route {
	path, _, _ = strings.Cut(path, "?")
	for i, r := range c.routes {
		if r.method == method && r.path.MatchString(path) {
			return &c.routes[i]
		}
	}
	return nil
}

// resolve follows a reference into the components.
func (c *contract) resolve(node any, at string) (map[string]any, string) {
	found, _ := node.(map[string]any)
	ref, ok := found["$ref"].(string)
	if !ok {
		return found, at
	}
	var next any = c.doc
	for step := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		next = next.(map[string]any)[step]
	}
	return next.(map[string]any), ref
}

// codes are what the contract lists for an operation's refusals.
func (c *contract) codes(op map[string]any) []string {
	var out []string
	for _, node := range op["responses"].(map[string]any) {
		response, _ := c.resolve(node, "")
		content, _ := response["content"].(map[string]any)
		refusal, ok := content[problem.ContentType].(map[string]any)
		if !ok {
			continue
		}
		parts := refusal["schema"].(map[string]any)["allOf"].([]any)
		for _, code := range parts[1].(map[string]any)["properties"].(map[string]any)["code"].(map[string]any)["enum"].([]any) {
			out = append(out, code.(string))
		}
	}
	return out
}

// example is the operation's path with ids that name nothing.
func (c *contract) example(r route) string {
	path := r.template
	for _, p := range c.parameters(r) {
		if p["in"] == "path" {
			path = strings.ReplaceAll(path, "{"+p["name"].(string)+"}", p["example"].(string))
		}
	}
	return path
}

// parameters are those of the operation and of its path.
func (c *contract) parameters(r route) []map[string]any {
	var out []map[string]any
	item := c.doc["paths"].(map[string]any)[r.template].(map[string]any)
	for _, list := range []any{item["parameters"], r.op["parameters"]} {
		all, _ := list.([]any)
		for _, node := range all {
			p, _ := c.resolve(node, "")
			out = append(out, p)
		}
	}
	return out
}

func (c *contract) validate(at string, value any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	schema := c.schemas[at]
	if schema == nil {
		var err error
		if schema, err = c.compiler.Compile("contract.json" + at); err != nil {
			return err
		}
		c.schemas[at] = schema
	}
	return schema.Validate(value)
}
