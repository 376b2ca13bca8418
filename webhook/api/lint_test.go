package api

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/speakeasy-api/openapi/linter"
	"github.com/speakeasy-api/openapi/openapi"
	openapilinter "github.com/speakeasy-api/openapi/openapi/linter"
)

// waived are the linter's rules that the contract does not follow, and why.
// A message that the pattern does not match still counts.
var waived = []struct{ rule, match, why string }{
	{"owasp-security-hosts-https-oas3", "", "the server is whoever serves the document, so its address is relative"},
	{"style-oas3-host-trailing-slash", "", "the relative address of the root is a slash"},
	{"style-info-contact", "", "the operator of an installation is not known here"},
	{"style-tags-alphabetical", "", "tags stand in the order in which they are needed"},
	{"style-component-description", "`examples` component", "examples have summaries"},
	{"oas3-example-missing", "^schema", "requests and answers have whole examples"},
	{"owasp-rate-limit", "response (401|[0-9]+ for operation get /(healthz|readyz|openapi.yaml))", "without a key nobody's calls are counted"},
	{"owasp-define-error-.*", "get /(healthz|readyz|openapi.yaml)", "nothing is asked, so nothing is refused"},
	{"style-operation-error-response", "", "nor do those have a refusal to define; TestOperationsListTheirRefusals looks at the others"},
	{"owasp-integer-format", "", "each integer of a request has bounds in its place"},
	{"owasp-integer-limit", "", "TestRequestsAreBounded asks bounds of requests; of answers they would be a promise"},
	{"owasp-array-limit", "", "likewise"},
	{"owasp-string-limit", "", "likewise"},
	{"owasp-string-restricted", "", "names of people and businesses have no form; codes of the domain look at them"},
	{"owasp-no-additional-properties", "", "metadata, params and context are maps of bounded size"},
	{"owasp-additional-properties-constrained", "", "likewise"},
}

// The linter is the one of the library that the code generator stands on.
func TestContractPassesTheLinter(t *testing.T) {
	doc, invalid, err := openapi.Unmarshal(t.Context(), bytes.NewReader(Contract))
	if err != nil {
		t.Fatal(err)
	}
	lint, err := openapilinter.NewLinter(linter.NewConfig())
	if err != nil {
		t.Fatal(err)
	}
	out, err := lint.Lint(t.Context(), linter.NewDocumentInfo(doc, "openapi.yaml"), invalid, nil)
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, finding := range out.Results {
		if w := waiver(finding.Error()); w != "" {
			used[w] = true
		} else {
			t.Error(finding)
		}
	}
	for _, w := range waived {
		if !used[w.rule] {
			t.Errorf("the contract follows %s: take it off the list", w.rule)
		}
	}
}

// A finding reads "[line:column] severity rule message".
var findingForm = regexp.MustCompile(`^\[\S+\] \S+ (\S+) (.*)$`)

func waiver(finding string) string {
	parts := findingForm.FindStringSubmatch(finding)
	if parts == nil {
		return ""
	}
	for _, w := range waived {
		rule := regexp.MustCompile("^" + w.rule + "$")
		if rule.MatchString(parts[1]) && regexp.MustCompile(w.match).MatchString(parts[2]) {
			return w.rule
		}
	}
	return ""
}

// operationsOf returns every operation of the contract by its id.
func operationsOf(t testing.TB) map[string]map[string]any {
	t.Helper()
	ops := map[string]map[string]any{}
	visit(parseContract(t)["paths"], func(node map[string]any) {
		if id, ok := node["operationId"].(string); ok {
			ops[id] = node
		}
	})
	return ops
}

func TestOperationsAreDescribed(t *testing.T) {
	for id, op := range operationsOf(t) {
		for _, field := range []string{"summary", "description"} {
			if text, _ := op[field].(string); text == "" {
				t.Errorf("%s has no %s", id, field)
			}
		}
		if tags, _ := op["tags"].([]any); len(tags) != 1 {
			t.Errorf("%s has %d tags, want one", id, len(tags))
		}
		if _, ok := op["security"]; !ok {
			t.Errorf("%s does not say which scope it asks for", id)
		}
	}
}

// Each guarded operation may be refused for its key, for the rate, and by our
// own faults; those with a body also for the body.
func TestOperationsListTheirRefusals(t *testing.T) {
	for id, op := range operationsOf(t) {
		if scopes, _ := op["security"].([]any); len(scopes) == 0 {
			continue
		}
		want := []string{"400", "401", "403", "429", "500", "503"}
		if _, ok := op["requestBody"]; ok {
			want = append(want, "413", "415", "422")
		}
		for _, status := range want {
			if _, ok := op["responses"].(map[string]any)[status]; !ok {
				t.Errorf("%s lists no %s", id, status)
			}
		}
	}
}

func TestEveryRefusalListsItsCodes(t *testing.T) {
	visit(parseContract(t), func(node map[string]any) {
		problem, ok := node["application/problem+json"].(map[string]any)
		if !ok {
			return
		}
		if text := fmt.Sprint(problem["schema"]); !strings.Contains(text, "enum") {
			t.Errorf("a refusal names no codes: %s", text)
		}
		if _, ok := problem["examples"]; !ok {
			t.Errorf("a refusal has no example: %v", problem["schema"])
		}
	})
}

// schemasUnder calls fn for every schema in the components, with its place.
func schemasUnder(t testing.TB, fn func(at string, schema map[string]any)) {
	t.Helper()
	var walk func(at string, schema map[string]any)
	walk = func(at string, schema map[string]any) {
		fn(at, schema)
		properties, _ := schema["properties"].(map[string]any)
		for name, p := range properties {
			walk(at+"/"+name, p.(map[string]any))
		}
		for _, below := range []string{"items", "additionalProperties"} {
			if s, ok := schema[below].(map[string]any); ok {
				walk(at+"/"+below, s)
			}
		}
	}
	for name, s := range parseContract(t)["components"].(map[string]any)["schemas"].(map[string]any) {
		walk(name, s.(map[string]any))
	}
}

func TestEveryFieldIsDescribed(t *testing.T) {
	schemasUnder(t, func(at string, schema map[string]any) {
		if strings.HasSuffix(at, "/items") || strings.HasSuffix(at, "/additionalProperties") {
			return // the list says what is in it
		}
		if schema["$ref"] == nil && schema["description"] == nil {
			t.Errorf("%s has no description", at)
		}
	})
}

// Whatever a request brings has an end.
func TestRequestsAreBounded(t *testing.T) {
	bounds := map[any][]string{"string": {"maxLength", "enum", "pattern", "format"}, "integer": {"maximum"}, "array": {"maxItems"}}
	schemasUnder(t, func(at string, schema map[string]any) {
		name, _, _ := strings.Cut(at, "/")
		if !strings.HasSuffix(name, "Request") {
			return
		}
		asked := bounds[schema["type"]]
		if len(asked) > 0 && !slices.ContainsFunc(asked, func(word string) bool { return schema[word] != nil }) {
			t.Errorf("%s has none of %v", at, asked)
		}
	})
}

// A pattern tells a program what is allowed; people get a sentence.
func TestPatternsOfRequestsHaveAdvice(t *testing.T) {
	answers := []string{"Problem", "RateLimit", "RateLimitPolicy"}
	schemasUnder(t, func(at string, schema map[string]any) {
		name, _, _ := strings.Cut(at, "/")
		names, _ := schema["propertyNames"].(map[string]any)
		for _, s := range []map[string]any{schema, names} {
			if advice, _ := s["x-advice"].(string); s["pattern"] != nil && advice == "" && !slices.Contains(answers, name) {
				t.Errorf("%s has a pattern and no x-advice", at)
			}
		}
	})
}
