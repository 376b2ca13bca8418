package sms

import (
	"testing"
)

const document = `{
	"id": 90071992547409931, "flag": true, "none": null, "exact": 1.50, "empty": "",
	"data": {"items": [{"id": "a"}, {"id": "b"}], "message-id": "m", "dotted.key": "d", "it's": "q"},
	"sms": {"998901234567": {"sms_id": "000-42"}}
}`

func TestPathsFindScalars(t *testing.T) {
	doc, err := parseJSON([]byte("\ufeff" + document))
	if err != nil {
		t.Fatal(err)
	}
	v := values{"to": "998901234567"}
	for source, want := range map[string]string{
		"$.id":                         "90071992547409931",
		"$.exact":                      "1.50",
		"$.flag":                       "true",
		"$.empty":                      "",
		"$.data.items[1].id":           "b",
		"$['data']['items'][0]['id']":  "a",
		"$.data.message-id":            "m",
		"$.data['dotted.key']":         "d",
		`$.data["it's"]`:               "q",
		"$.sms['{{to}}'].sms_id":       "000-42",
		"$.sms['{{ to }}']['sms_id']":  "000-42",
		"$.sms['998{{missing}}'].none": "-",
		"$.none":                       "-",
		"$.data":                       "-",
		"$.data.items[2].id":           "-",
		"$.data.items.id":              "-",
		"$.data[0]":                    "-",
		"$.id.id":                      "-",
		"$":                            "-",
	} {
		p, err := parsePath(source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		p.line = 1
		got, ok := p.text(doc, v)
		if !ok {
			got = "-"
		}
		if got != want {
			t.Errorf("%s is %q, want %q", source, got, want)
		}
	}
}

func TestBrokenPathsAreRefused(t *testing.T) {
	for _, source := range []string{
		"", "id", "$id", "$.", "$..id", "$.a[", "$.a[-1]", "$.a[x]", "$.a['b]", "$.a['b'", "$.a b", "$.a[*]", "$.a['{{to']", "$.a[99999999999]",
	} {
		if _, err := parsePath(source); err == nil {
			t.Errorf("%q is taken for a path", source)
		}
	}
}

func TestOnlyOneJSONValueIsADocument(t *testing.T) {
	for _, body := range []string{"", " ", "{", `{"a":1}{"b":2}`, `{"a":1} trailing`, "<html>", "{'a':1}", `{"a":}`} {
		if doc, err := parseJSON([]byte(body)); err == nil {
			t.Errorf("%q is read as %v", body, doc)
		}
	}
}
