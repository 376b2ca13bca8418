package sms

import (
	"testing"

	"go.yaml.in/yaml/v4"
)

func TestConditions(t *testing.T) {
	doc, err := parseJSON([]byte(`{"status": "waiting", "code": 0, "text": "0", "ok": true, "error": null, "list": []}`))
	if err != nil {
		t.Fatal(err)
	}
	for source, want := range map[string]bool{
		`{path: "$.status", in: [waiting, success]}`: true,
		`{path: "$.status", in: [success]}`:          false,
		`{path: "$.code", equals: 0}`:                true,
		`{path: "$.code", equals: "0"}`:              true,
		`{path: "$.text", equals: 0}`:                true,
		`{path: "$.code", equals: 00}`:               false,
		`{path: "$.code", in: [1, 0]}`:               true,
		`{path: "$.ok", equals: true}`:               true,
		`{path: "$.missing", equals: ""}`:            false,
		`{path: "$.error", exists: true}`:            false,
		`{path: "$.error", exists: false}`:           true,
		`{path: "$.missing", exists: false}`:         true,
		`{path: "$.list", exists: true}`:             true,
		`{path: "$.list", equals: "[]"}`:             false,
		`{path: "$.status", match: "^WAIT"}`:         false,
		`{path: "$.status", match: "(?i)^WAIT"}`:     true,
		`{path: "$.missing", match: ".*"}`:           false,
	} {
		var c condition
		if err := yaml.Load([]byte(source), &c); err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if got := c.holds(doc, nil); got != want {
			t.Errorf("%s is %v, want %v", source, got, want)
		}
	}
}
