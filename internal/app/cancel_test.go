package app_test

import (
	"net/http"
	"testing"
)

// A body that is not needed is read all the same: what it says would be lost
// without a word.
func TestCancelReadsItsBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	v := shop.begin(fields{"phone": goodPhone})
	at := "/v1/verifications/" + v.ID + "/cancel"
	for body, code := range map[string]string{
		`{"reason":"changed my mind"}`: "unknown_field",
		`{"a":1,"a":1}`:                "duplicate_key",
		`[]`:                           "not_an_object",
		`null`:                         "not_an_object",
		`{} {}`:                        "trailing_data",
		`{`:                            "malformed_json",
	} {
		if a := shop.ask("POST", at, body); a.status != http.StatusBadRequest || a.code != code {
			t.Errorf("%s: %d %s, want 400 %s", body, a.status, a.body, code)
		}
	}
	if a := shop.ask("POST", at, "{}", "Content-Type", "text/plain"); a.code != "unsupported_media_type" {
		t.Errorf("as text: %d %s", a.status, a.body)
	}
	if got := shop.get(v.ID); got.Status != "pending" {
		t.Fatalf("a refused cancel made it %s", got.Status)
	}
	if a := shop.ask("POST", at, "{}", "Idempotency-Key", "one"); a.status != http.StatusOK {
		t.Errorf("an empty object: %d %s", a.status, a.body)
	}
	if a := shop.ask("POST", at, nil, "Idempotency-Key", "one"); a.status != http.StatusOK {
		t.Errorf("the repeat without a body: %d %s", a.status, a.body)
	}
}
