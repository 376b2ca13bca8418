package sms

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// minimal is the shortest declaration; each line can be replaced.
const minimal = `sms_providers:
  - id: one
    number_format: digits
    vars: {from: Shop}
    secrets: {key: env:SMS_KEY}
    request: {method: POST, url: "https://sms.example/send", body: {type: form, fields: {to: "{{to}}", text: "{{text}}"}}}
    success: {http: [200]}
    message_id: "$.id"
`

func TestMinimalDeclarationIsEnough(t *testing.T) {
	p := parsed(t, minimal)[0]
	if p.Rate.Timeout != defaultTimeout || !p.reaches("biz_any", "KZ") {
		t.Errorf("defaults are %+v", p.declaration)
	}
}

func TestMistakesAreNamedWithTheirLine(t *testing.T) {
	for _, mistake := range []struct{ old, replacement, want string }{
		{"id: one", "id: One Provider", "line 2: provider id"},
		{"id: one", "id: one\n    colour: red", `line 3: unknown field "colour"; known here are id, countries, businesses, rate, number_format, vars, secrets, auth, request, success, message_id, cost, price, errors, dlr`},
		{"sms_providers:", "sms_providrs:", `line 1: unknown field "sms_providrs"; known here are sms_providers`},
		{"    number_format", "\tnumber_format", "line 3: indent with spaces and not with tabs"},
		{"    number_format", "   number_format", "line 3: the indentation does not fit"},
		{"id: one", "id: one\n    id: two", `line 3: field "id" stands in line 2 already`},
		{"id: one", "id: one\n    countries: KZ", "line 3: a list is wanted here"},
		{"id: one", "id: one\n    rate: {timeout: soon}", "line 3: a time is wanted here, like 5s"},
		{"{key: env:SMS_KEY}", "s3cr3t-t0ken", "line 5: fields are wanted here"},
		{"id: one", "id:one", "line 3: a colon stands where none can"},
		{"http: [200]", "http: [200", "line 7: a comma or the closing ] is missing"},
		{"id: one", "id: \"one", "quot"},
		{"http: [200]", "http: 200", "line 7: a list is wanted here, like [200]"},
		{"id: one", "id: one\n    rate: {timeout: 5s, rps: 20}", `line 3: unknown field "rps"; known here are timeout`},
		{"id: one", "id: one\n    auth: {kind: none}", `line 3: unknown field "kind"; known here are type, username, password, token, name, value`},
		{"id: one", "id: one\n    errors: [{http: [400], equal: 1, class: auth}]", `line 3: unknown field "equal"; known here are http, class, path, in, equals, exists, match`},
		{"id: one", "id: one\n    dlr: {accept: [POST], map: {done: [1]}}", `line 3: unknown field "done"; known here are sent, delivered, read, failed`},
		{"method: POST", "verb: POST", `line 6: unknown field "verb"; known here are method, url, headers, body`},
		{"type: form", "kind: form", `line 6: unknown field "kind"; known here are type, fields`},
		{"success: {", "success: {any: [], ", `line 7: unknown field "any"; known here are http, all, none`},
		{"id: one", "id: one\n    rate: {timeout: 11s}", "rate.timeout is between"},
		{"id: one", "id: one\n    countries: [UK]", `country "UK" is no ISO 3166 code`},
		{"id: one", "id: one\n    businesses: [shop]", `business "shop" is no id`},
		{"id: one", "id: one\n    auth: {type: bearer}", "line 3: auth of type bearer has the fields [token]"},
		{"id: one", "id: one\n    auth: {type: login}", "line 3: auth type \"login\""},
		{"id: one", "id: one\n    auth: {type: bearer, token: \"{{to}}\"}", "line 3: variable {{to}} is unknown here"},
		{"id: one", "id: one\n    auth: {type: header, name: \"A b\", value: x}", "header name"},
		{"id: one", "id: one\n    errors: [{http: [400], class: broken}]", `line 3: class "broken" is unknown`},
		{"id: one", "id: one\n    errors: [{http: [400], class: ambiguous}]", `class "ambiguous" is unknown`},
		{"id: one", "id: one\n    errors: [{class: auth}]", "an error rule has http, a condition, or both"},
		{"id: one", "id: one\n    errors: [{path: \"$.a\", class: auth}]", "a condition has a path and one of"},
		{"id: one", "id: one\n    errors: [{path: \"$.a\", equals: 1, in: [2], class: auth}]", "a condition has a path and one of"},
		{"id: one", "id: one\n    errors: [{path: \"$.a\", match: \"(\", class: auth}]", "line 3: broken expression"},
		{"id: one", "id: one\n    cost: {path: \"$.price\"}", "cost has a path and a currency"},
		{"id: one", "id: one\n    price: {amount: cheap, currency: KZT}", "price has an amount"},
		{"id: one", "id: one\n    price: {amount: \"18.50\", currency: KZT, per: part}", `line 3: price.per "part": message or segment`},
		{"id: one", "id: one\n    dlr: {accept: [POST], parse: json, id: \"$.id\", status: \"$.s\"}", "dlr.map lists no status word"},
		{"id: one", "id: one\n    dlr: {accept: [PUT], parse: json, id: \"$.id\", status: \"$.s\"}", `dlr.accept "PUT"`},
		{"id: one", "id: one\n    dlr: {accept: [GET], parse: json, id: \"$.id\", status: \"$.s\"}", "dlr.accept GET goes with parse: query"},
		{"id: one", "id: one\n    dlr: {accept: [POST], parse: xml, id: \"$.id\", status: \"$.s\"}", `dlr.parse "xml"`},
		{"id: one", "id: one\n    dlr: {accept: [POST], parse: form, status: \"$.s\"}", "dlr needs the paths status and id"},
		{"id: one", "id: one\n    dlr: {accept: [POST], parse: form, id: \"$['{{to}}']\", status: \"$.s\", map: {sent: [a]}}", "variable {{to}} is unknown here; known are none"},
		{"id: one", "id: one\n    dlr: {accept: [POST], parse: form, id: \"$.i\", status: \"$.s\", map: {sent: [a], failed: [a]}}", `dlr.map lists "a" twice`},
		{"id: one", "id: one\n    dlr: {accept: [POST], parse: form, id: \"$.i\", status: \"$.s\", map: {sent: [a]}, verify: {type: hmac}}", `dlr.verify.type "hmac"`},
		{"id: one", "id: one\n    dlr: {accept: [POST], parse: form, id: \"$.i\", status: \"$.s\", map: {sent: [a]}, verify: {type: ip_allow, ips: [here]}}", `dlr.verify.ips "here"`},
		{"number_format: digits", "", "number_format is missing"},
		{"number_format: digits", "number_format: plus", `number_format "plus"`},
		{"from: Shop", `from: "Shop\nBcc: all"`, `var "from"`},
		{"env:SMS_KEY", "s3cr3t-t0ken", "line 5: a secret is a reference"},
		{"env:SMS_KEY", "vault:key", "line 5: a secret is a reference"},
		{"method: POST", "method: DELETE", `request.method "DELETE"`},
		{"method: POST", "method: GET", "request.method GET sends its fields with body.type query"},
		{"type: form", "type: xml", `line 6: body.type "xml"`},
		{"type: form, fields: {", "type: json, fields: {ttl: .inf, ", "line 6: no JSON has a value like .inf"},
		{"{{text}}", "code", "line 6: provider one: the request does not carry the message: write {{text}} in the URL or the body"},
		{"{{to}}", "7701", "line 6: provider one: the request does not say to whom: write {{to}}, {{to_digits}} or {{to_national}} in the URL, a header or the body"},
		{`, body: {type: form, fields: {to: "{{to}}", text: "{{text}}"}}`, "", "the request does not carry the message"},
		{"{{text}}", "{{code}}", "line 6: variable {{code}} is unknown here; known are to, to_digits, to_national, msg_id, locale, text, vars.from, secret.key"},
		{"{{text}}", "{{vars.sender}}", "variable {{vars.sender}} is unknown here"},
		{"{{text}}", "{{secret.token}}", "variable {{secret.token}} is unknown here"},
		{"{{text}}", "{{dlr_url}}", "line 6: variable {{dlr_url}} needs a section dlr: add one, or remove the variable"},
		{"POST, ", `POST, headers: {X-Reports: "{{dlr_url}}"}, `, "line 6: variable {{dlr_url}} needs a section dlr"},
		{"id: one", "id: one\n    auth: {type: bearer, token: \"{{dlr_url}}\"}", "line 3: variable {{dlr_url}} is unknown here"},
		{"{{text}}", "{{text", "line 6: broken variable"},
		{"{{text}}", "{{text | upper}}", "line 6: broken variable"},
		{"POST, ", `POST, headers: {X-Text: "{{text}}"}, `, "line 6: variable {{text}} is unknown here"},
		{"https://sms.example/send", "sms.example/send", "line 6: request.url"},
		{"https://sms.example/send", "https://{{secret.key}}/send", "line 6: request.url"},
		{"https://sms.example/send", "https://sms.example{{to}}/send", "line 6: request.url"},
		{"https://sms.example/send", "https://user:pass@sms.example/send", "credentials belong into auth"},
		{"success: {http: [200]}", "", "success.http is missing"},
		{"success: {http: [200]}", "success: {http: [2xx]}", `line 7: http status "2xx"`},
		{"success: {http: [200]}", "success: {http: [299-200]}", `line 7: http status "299-200"`},
		{"$.id", "id", `line 8: broken path "id"`},
		{"$.id", "$.sms['{{text}}']", "line 8: variable {{text}} is unknown here"},
		{"$.id", "$.sms['{{secret.key}}']", "line 8: variable {{secret.key}} is unknown here"},
	} {
		source := strings.Replace(minimal, mistake.old, mistake.replacement, 1)
		_, err := Parse([]byte(source))
		switch {
		case err == nil:
			t.Errorf("%s: accepted", mistake.replacement)
		case !strings.Contains(err.Error(), mistake.want), !strings.Contains(err.Error(), "line "):
			t.Errorf("%s: %v, want %s", mistake.replacement, err, mistake.want)
		case strings.Contains(err.Error(), "!!"), strings.Contains(err.Error(), "sms."):
			t.Errorf("%s: this is no word for people: %v", mistake.replacement, err)
		case strings.Contains(err.Error(), "s3cr3t"):
			t.Errorf("%s: the error repeats the secret: %v", mistake.replacement, err)
		}
	}
}

func TestTheMessageMayStandInTheURLAndTheNumberAnywhere(t *testing.T) {
	const inBody, request = `to: "{{to}}", text: "{{text}}"`, `body: {type: form, fields: {`
	for name, source := range map[string]string{
		"all in the URL":     strings.NewReplacer(", "+request+inBody+"}}", "", "/send", "/send/{{to_digits}}?text={{text}}").Replace(minimal),
		"number in the path": strings.NewReplacer(inBody, `text: "{{text}}"`, "/send", "/send/{{to}}").Replace(minimal),
		"number in a header": strings.NewReplacer(inBody, `text: "{{text}}"`, request, `headers: {X-To: "{{to_national}}"}, `+request).Replace(minimal),
		"in a list":          strings.NewReplacer("type: form", "type: json", inBody, `m: [["{{to}}", {t: "Shop: {{text}}"}]]`).Replace(minimal),
		"in a query":         strings.NewReplacer("type: form", "type: query").Replace(minimal),
	} {
		if _, err := Parse([]byte(source)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnEmptyFileDeclaresNothing(t *testing.T) {
	for _, source := range []string{"", "\n", "# nothing yet\n", "sms_providers:\n", "sms_providers: []\n"} {
		if all, err := Parse([]byte(source)); err != nil || len(all) != 0 {
			t.Errorf("%q: %v, %v", source, all, err)
		}
	}
}

func TestDeclarationsStayStrictInsideALenientFile(t *testing.T) {
	var file struct {
		Config `yaml:",inline"`
		Listen string `yaml:"listen"`
	}
	source := "listen: :8080\n" + minimal
	if err := yaml.Load([]byte(source), &file); err != nil || len(file.Providers) != 1 || file.Listen != ":8080" {
		t.Fatalf("embedded: %v, %+v", err, file)
	}
	source = strings.Replace(source, "id: one", "id: one\n    colour: red", 1)
	if err := yaml.Load([]byte(source), &file); err == nil || !strings.Contains(err.Error(), "line 4") {
		t.Errorf("unknown field: %v", err)
	}
}

func TestNewReadsSecrets(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("from-a-file\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	configs := parsed(t, strings.Replace(minimal, "env:SMS_KEY", "file:"+file, 1))
	if got := open(t, configs, nil).providers[0].secrets["secret.key"]; got != "from-a-file" {
		t.Errorf("secret is %q", got)
	}
	for value, want := range map[string]string{"": "line 5: secret env:SMS_KEY is empty: set the variable SMS_KEY", "a\nb": "line 5"} {
		t.Setenv("SMS_KEY", value)
		if _, err := New(parsed(t, minimal), Options{Logger: quiet()}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", value, err)
		}
	}
}

func TestNewRefusesTwinsAndWeakKeys(t *testing.T) {
	t.Setenv("SMS_KEY", "key")
	twice := append(parsed(t, minimal), parsed(t, minimal)...)
	if _, err := New(twice, Options{Logger: quiet()}); err == nil || !strings.Contains(err.Error(), "declared twice") {
		t.Errorf("twins: %v", err)
	}
	weak := Options{Logger: quiet(), CallbackURL: urlOf, CallbackKey: func(id string) string { return fmt.Sprintf("%.21s", id+strings.Repeat("x", 30)) }}
	if _, err := New(declared(t, "form.yaml", "http://sms.example"), weak); err == nil || !strings.Contains(err.Error(), "128 bits") {
		t.Errorf("weak key: %v", err)
	}
}
