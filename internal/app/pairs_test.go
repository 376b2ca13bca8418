package app_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"otpravka/internal/app"
)

// spoiled are requests that every operation with a body refuses, whatever it
// does.
var spoiled = map[string]string{
	"malformed_json": "{", "not_an_object": "[]", "trailing_data": "{} {}", "unknown_field": `{"zz":1}`, "duplicate_key": `{"zz":1,"zz":1}`,
	"invalid_utf8": "{\"zz\":\"\xff\"}", "too_deep": strings.Repeat(`{"a":`, 9) + "1" + strings.Repeat("}", 9),
	"control_character": `{"zz":"\u0000"}`, "body_too_large": `{"zz":"` + strings.Repeat("z", 16<<10) + `"}`,
}

// general are the refusals that do not depend on what an operation does.
var general = append(slices.Collect(maps.Keys(spoiled)), "empty_body", "unsupported_media_type", "unsupported_encoding", "bad_request",
	"bad_parameter", "bad_query", "key_in_url", "unauthorized", "missing_scope", "wrong_mode")

// TestGeneralRefusalsOfEveryOperation spoils a request for each operation in
// every general way. The contract lists a general code for an operation if and
// only if the operation was refused with it.
func TestGeneralRefusalsOfEveryOperation(t *testing.T) {
	t.Parallel()
	c, err := theContract()
	if err != nil {
		t.Fatal(err)
	}
	shop := newWorld(t, func(cfg *app.Config) { cfg.CallsPerSecond = 10_000; cfg.Limits.Refusals = 1000 }).business("Shop")
	// No operation asks for this scope.
	var useless struct{ Key string }
	shop.ask("POST", "/v1/keys", fields{"name": "useless", "scopes": []string{"reach"}}).into(shop, http.StatusCreated, &useless)
	for _, r := range c.routes {
		if len(r.op["security"].([]any)) == 0 {
			continue
		}
		path := c.example(r)
		var met []string
		see := func(want string, a answer) {
			if a.code != want {
				t.Errorf("%s: %d %s, want %s", r.id, a.status, a.body, want)
			}
			met = append(met, want)
		}
		see("unauthorized", shop.askWith("nobody", r.method, path, nil))
		see("missing_scope", shop.askWith(useless.Key, r.method, path, nil))
		see("bad_query", shop.ask(r.method, path+"?zz=1", nil))
		see("key_in_url", shop.ask(r.method, path+"?api_key=1", nil))
		if r.op["x-live-only"] == true {
			see("wrong_mode", shop.askWith(shop.trial, r.method, path, nil))
		}
		for _, p := range c.parameters(r) {
			switch p["in"] {
			case "header":
				see("bad_parameter", shop.ask(r.method, path, nil, p["name"].(string), "two words"))
			case "query":
				see("bad_parameter", shop.ask(r.method, path+"?"+p["name"].(string)+"=%21", nil))
			}
		}
		body, ok := r.op["requestBody"].(map[string]any)
		if !ok {
			c.compare(t, r, met)
			continue
		}
		for code, text := range spoiled {
			if code == "body_too_large" && r.id == "updateOrders" { // which takes a batch
				text = `{"zz":"` + strings.Repeat("z", 1<<20) + `"}`
			}
			see(code, shop.ask(r.method, path, text))
		}
		see("unsupported_media_type", shop.ask(r.method, path, "{}", "Content-Type", "text/plain"))
		see("unsupported_encoding", shop.ask(r.method, path, "{}", "Content-Encoding", "gzip"))
		see("bad_request", shop.raw(r.method, path, r.method+" "+path+" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+shop.keys[0]+
			"\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"))
		if body["required"] == true {
			see("empty_body", shop.ask(r.method, path, nil))
		}
		c.compare(t, r, met)
	}
}

// compare holds the general codes that were met against those of the contract.
func (c *contract) compare(t *testing.T, r route, met []string) {
	t.Helper()
	for _, code := range c.codes(r.op) {
		if slices.Contains(general, code) && !slices.Contains(met, code) {
			t.Errorf("%s lists %s, which nothing brings about", r.id, code)
		}
	}
}
