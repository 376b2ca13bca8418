package api

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"otpravka/otpcore"
	"otpravka/webhook/problem"
)

func TestGeneratedCodeIsFresh(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command")
	}
	config, err := os.ReadFile("oapi-codegen.yaml")
	if err != nil {
		t.Fatal(err)
	}
	// The output that the file names wins over the flag, so the test changes the
	// file: it must never overwrite what it compares with.
	dir := t.TempDir()
	out, elsewhere := filepath.Join(dir, "api.gen.go"), filepath.Join(dir, "oapi-codegen.yaml")
	config = bytes.Replace(config, []byte("output: api.gen.go"), []byte("output: "+out), 1)
	if err := os.WriteFile(elsewhere, config, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "tool", "oapi-codegen", "-config", elsewhere, "openapi.yaml")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("generate: %v\n%s", err, text)
	}
	want, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("api.gen.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("api.gen.go is stale: run go generate ./webhook/api")
	}
}

func parseContract(t testing.TB) map[string]any {
	t.Helper()
	var doc map[string]any
	if err := yaml.Unmarshal(Contract, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// visit calls fn for every object of the document.
func visit(node any, fn func(map[string]any)) {
	switch n := node.(type) {
	case map[string]any:
		fn(n)
		for _, child := range n {
			visit(child, fn)
		}
	case []any:
		for _, child := range n {
			visit(child, fn)
		}
	}
}

// The router and the server refuse some requests before an operation is known,
// so no operation can list their codes.
var codesOfNoOperation = []string{"method_not_allowed", "misdirected", "query_too_long", "request_timeout", "route_not_found"}

func TestContractAndProblemTableNameTheSameCodes(t *testing.T) {
	named := map[string]bool{}
	for _, code := range codesOfNoOperation {
		named[code] = true
	}
	visit(parseContract(t), func(node map[string]any) {
		code, ok := node["code"].(map[string]any)
		if !ok {
			return
		}
		enum, _ := code["enum"].([]any)
		for _, c := range enum {
			named[c.(string)] = true
		}
	})
	want, got := slices.Sorted(maps.Keys(named)), problem.Codes()
	for _, code := range want {
		if !slices.Contains(got, code) {
			t.Errorf("the contract names %s, the table lacks it", code)
		}
	}
	for _, code := range got {
		if !slices.Contains(want, code) {
			t.Errorf("the table has %s, the contract never names it", code)
		}
	}
}

func TestCodesStandUnderTheirStatus(t *testing.T) {
	doc := parseContract(t)
	shared := doc["components"].(map[string]any)["responses"].(map[string]any)
	visit(doc["paths"], func(node map[string]any) {
		responses, ok := node["responses"].(map[string]any)
		if !ok {
			return
		}
		for status, response := range responses {
			r := response.(map[string]any)
			if ref, ok := r["$ref"].(string); ok {
				r = shared[strings.TrimPrefix(ref, "#/components/responses/")].(map[string]any)
			}
			visit(r, func(node map[string]any) {
				code, _ := node["code"].(map[string]any)
				enum, _ := code["enum"].([]any)
				for _, c := range enum {
					if p := problem.New(c.(string)); strconv.Itoa(p.Status) != status {
						t.Errorf("%s stands under %s, the table says %d", c, status, p.Status)
					}
				}
			})
		}
	})
}

func TestExamplesKeepTheirSchemas(t *testing.T) {
	doc := parseContract(t)
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	if err := compiler.AddResource("contract.json", doc); err != nil {
		t.Fatal(err)
	}
	sharedExamples := doc["components"].(map[string]any)["examples"].(map[string]any)
	checked := 0
	visit(doc, func(node map[string]any) {
		schemaNode, _ := node["schema"].(map[string]any)
		ref, _ := schemaNode["$ref"].(string)
		if all, ok := schemaNode["allOf"].([]any); ok {
			ref, _ = all[0].(map[string]any)["$ref"].(string)
		}
		examples, _ := node["examples"].(map[string]any)
		if ref == "" {
			return
		}
		schema, err := compiler.Compile("contract.json" + ref)
		if err != nil {
			t.Errorf("%s: %v", ref, err)
			return
		}
		for name, e := range examples {
			example := e.(map[string]any)
			if at, ok := example["$ref"].(string); ok {
				example = sharedExamples[strings.TrimPrefix(at, "#/components/examples/")].(map[string]any)
			}
			if err := schema.Validate(example["value"]); err != nil {
				t.Errorf("example %s of %s: %v", name, ref, err)
			}
			checked++
		}
	})
	if checked < 20 {
		t.Errorf("%d examples checked, the contract has more", checked)
	}
}

func TestRequestsAreClosed(t *testing.T) {
	schemas := parseContract(t)["components"].(map[string]any)["schemas"].(map[string]any)
	for name, s := range schemas {
		schema := s.(map[string]any)
		if strings.HasSuffix(name, "Request") && schema["additionalProperties"] != false {
			t.Errorf("%s accepts unknown fields", name)
		}
	}
}

func TestExamplesOfProblemsAreThoseOfTheTable(t *testing.T) {
	visit(parseContract(t), func(node map[string]any) {
		code, ok := node["code"].(string)
		if _, whole := node["title"]; !ok || !whole {
			return
		}
		want := problem.New(code)
		if node["type"] != want.Type || node["title"] != want.Title || node["status"] != want.Status {
			t.Errorf("example %v, the table has %q with %d", node, want.Title, want.Status)
		}
	})
}

// recorder notes which operations the generated code registers.
type recorder struct {
	*echo.Echo
	guarded, open []string
}

func (r *recorder) note(path string, mw []echo.MiddlewareFunc) *echo.Route {
	if len(mw) == 1 {
		r.guarded = append(r.guarded, path)
	} else {
		r.open = append(r.open, path)
	}
	return nil
}

func (r *recorder) GET(p string, _ echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route {
	return r.note("GET "+p, m)
}

func (r *recorder) POST(p string, _ echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route {
	return r.note("POST "+p, m)
}

func (r *recorder) PUT(p string, _ echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route {
	return r.note("PUT "+p, m)
}

func (r *recorder) PATCH(p string, _ echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route {
	return r.note("PATCH "+p, m)
}

func (r *recorder) DELETE(p string, _ echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route {
	return r.note("DELETE "+p, m)
}

func TestEveryGeneratedRouteIsGuarded(t *testing.T) {
	a, err := New(nil, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{Echo: echo.New()}
	RegisterHandlersWithOptions(r, NewStrictHandler(nil, nil), RegisterHandlersOptions{OperationMiddlewares: a.guards()})
	if len(r.open) > 0 {
		t.Errorf("routes without a guard: %v", r.open)
	}
	if len(r.guarded) != len(a.operations) {
		t.Errorf("%d routes, %d operations", len(r.guarded), len(a.operations))
	}
	for id, op := range a.operations {
		if !slices.Contains(otpcore.Scopes, op.scope) {
			t.Errorf("%s asks for the scope %q", id, op.scope)
		}
	}
}

// The domain's ids match the patterns of the contract, and only in their own
// spelling.
func TestIDPatterns(t *testing.T) {
	schemas := parseContract(t)["components"].(map[string]any)["schemas"].(map[string]any)
	for name, prefix := range map[string]string{
		"VerificationID": otpcore.PrefixVerification, "DeliveryID": otpcore.PrefixDelivery,
		"BotID": otpcore.PrefixBot, "LinkID": otpcore.PrefixLink, "KeyID": otpcore.PrefixKey,
		"EventID": otpcore.PrefixEvent,
	} {
		form := regexp.MustCompile(schemas[name].(map[string]any)["pattern"].(string))
		id := string(otpcore.FormatID(prefix, [16]byte{1, 2, 3, 0xff, 0xfe, 5: 0x7a}))
		if !form.MatchString(id) {
			t.Errorf("%s refuses %s", name, id)
		}
		for _, odd := range []string{strings.ToUpper(id), id + "=", id[:len(id)-1], prefix + "_8" + id[5:], "biz" + id[3:], id + "\n"} {
			if _, known := otpcore.ParseID(prefix, odd); form.MatchString(odd) || known {
				t.Errorf("%s accepts %q", name, odd)
			}
		}
	}
}
