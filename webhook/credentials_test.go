package webhook_test

import (
	"net/http"
	"strconv"
	"testing"

	"otpravka/webhook"
)

// The names of the keys that the room's /private knows.
const goodKey, otherGoodKey = "good", "other"

func (r *running) private(t testing.TB, credential string) *http.Response {
	t.Helper()
	header := ""
	if credential != "" {
		header = "Authorization: Bearer " + credential + "\r\n"
	}
	resp, _ := r.raw(t, "GET /private HTTP/1.1\r\nHost: x\r\n"+header+"\r\n")
	return resp
}

func TestT38RefusedCredentialsAreBoundedPerAddress(t *testing.T) {
	const refusals = 3
	r := serve(t, webhook.Limits{Refusals: refusals}, nil)
	if resp := r.private(t, goodKey); resp.StatusCode != 200 {
		t.Fatalf("a good key: %d", resp.StatusCode)
	}
	for i := range refusals {
		if resp := r.private(t, "bad"+strconv.Itoa(i)); resp.StatusCode != 401 {
			t.Errorf("bad key %d: %d", i, resp.StatusCode)
		}
	}
	asked := r.room.asked.Load()
	for i := range 20 {
		resp := r.private(t, "worse"+strconv.Itoa(i))
		if wait, err := strconv.Atoi(resp.Header.Get("Retry-After")); resp.StatusCode != 429 || err != nil || wait < 1 {
			t.Errorf("bad key %d: %d, Retry-After %q", refusals+i, resp.StatusCode, resp.Header.Get("Retry-After"))
		}
	}
	if n := r.room.asked.Load(); n != asked {
		t.Errorf("%d keys were looked up after the limit", n-asked)
	}
	if resp := r.private(t, goodKey); resp.StatusCode != 200 {
		t.Errorf("a key that was good before shares the address: %d", resp.StatusCode)
	}
	if resp := r.private(t, otherGoodKey); resp.StatusCode != 429 {
		t.Errorf("a key of which nothing is known: %d", resp.StatusCode)
	}
	if resp := r.private(t, ""); resp.StatusCode != 401 {
		t.Errorf("no key: %d", resp.StatusCode)
	}
}

// An address that serves everybody must not make a key look good.
func TestT38OnlyAnIdentifiedRequestMakesAKeyGood(t *testing.T) {
	r := serve(t, webhook.Limits{Refusals: 1}, nil)
	if resp, _ := r.raw(t, "GET /healthz HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer bad\r\n\r\n"); resp.StatusCode != 200 {
		t.Fatalf("healthz: %d", resp.StatusCode)
	}
	if resp := r.private(t, "bad"); resp.StatusCode != 401 {
		t.Fatalf("the first refusal: %d", resp.StatusCode)
	}
	if resp := r.private(t, "bad"); resp.StatusCode != 429 {
		t.Errorf("the second refusal: %d", resp.StatusCode)
	}
}

func TestT38RevokedKeyIsAStranger(t *testing.T) {
	r := serve(t, webhook.Limits{Refusals: 1}, nil)
	if resp := r.private(t, goodKey); resp.StatusCode != 200 {
		t.Fatalf("good: %d", resp.StatusCode)
	}
	r.room.revoked.Store(true)
	if resp := r.private(t, goodKey); resp.StatusCode != 401 {
		t.Errorf("revoked: %d", resp.StatusCode)
	}
	if resp := r.private(t, goodKey); resp.StatusCode != 429 {
		t.Errorf("revoked, again: %d", resp.StatusCode)
	}
}
