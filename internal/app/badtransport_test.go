package app_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestBadKeysGetOneAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop, neighbour := w.business("Shop"), w.business("Neighbour")
	good := shop.keys[0]
	var made struct{ ID, Key string }
	shop.ask("POST", "/v1/keys", fields{"name": "gone", "scopes": []string{"admin"}}).into(shop, http.StatusCreated, &made)
	if a := shop.ask("DELETE", "/v1/keys/"+made.ID, nil); a.status != http.StatusNoContent {
		t.Fatalf("revoke: %d %s", a.status, a.body)
	}
	var short struct{ Key string }
	soon := time.Now().Add(3 * time.Second)
	shop.ask("POST", "/v1/keys", fields{"name": "short", "scopes": []string{"admin"}, "expires_at": soon.Format(time.RFC3339Nano)}).into(shop, http.StatusCreated, &short)
	w.until("the key has expired", func() bool {
		return shop.askWith(short.Key, "GET", "/v1/settings", nil).status == http.StatusUnauthorized
	})
	want := shop.askWith("", "GET", "/v1/settings", nil)
	if want.status != http.StatusUnauthorized || want.code != "unauthorized" {
		t.Fatalf("no key: %d %s", want.status, want.body)
	}
	for name, key := range map[string]string{
		"bad checksum":      good[:len(good)-1] + string([]byte{good[len(good)-1] ^ 1}),
		"other environment": "otp_test" + good[len("otp_live"):],
		"revoked":           made.Key,
		"expired":           short.Key,
		"of nobody":         neighbour.keys[0][:len("otp_live_")+8] + good[len("otp_live_")+8:],
		"two spaces":        " " + good,
		"long":              strings.Repeat("x", 8<<10),
	} {
		got := shop.askWith(key, "GET", "/v1/settings", nil)
		sameAnswer(t, "row 45, "+name, got, want)
	}
	if strings.Contains(w.logs.String(), good[len("otp_live_")+8:]) {
		t.Error("a key is in the log")
	}
	// A megabyte of header is cut off by the server before it is a request.
	req := shop.request("GET", "/v1/settings", nil)
	if a, err := shop.do(req, strings.Repeat("x", 1<<20)); err == nil && a.status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("row 45, a megabyte: %d", a.status)
	}
}

func TestTestKeysTouchNoRealBot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	shop.addBot(1)
	for _, call := range []struct {
		method, path string
		body         any
	}{
		{"POST", "/v1/bots", fields{"kind": "telegram", "token": botToken(2)}},
		{"POST", "/v1/links", fields{"channel": "telegram"}},
		{"DELETE", "/v1/bots/bot_01kpx3q8e5f1ttgq0g7m9y2c4d", nil},
	} {
		if a := shop.askWith(shop.trial, call.method, call.path, call.body); a.status != 403 || a.code != "wrong_mode" {
			t.Errorf("row 46, %s %s: %d %s", call.method, call.path, a.status, a.body)
		}
	}
}

func TestBadRequestsOnTheWire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	head := "Authorization: Bearer " + shop.keys[0] + "\r\nContent-Type: application/json\r\nConnection: close\r\n"
	body := `{"phone":"` + goodPhone + `"}`
	before := w.stored()
	for _, r := range []struct {
		row    int
		name   string
		wire   string
		status []string // empty: the connection may be closed without a word
	}{
		{22, "too long", "POST /v1/verifications HTTP/1.1\r\nHost: x\r\n" + head + "Content-Length: 10\r\n\r\n" + body, []string{"400"}},
		{22, "bad chunk", "POST /v1/verifications HTTP/1.1\r\nHost: x\r\n" + head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n" + body, []string{"400"}},
		{22, "unknown coding", "POST /v1/verifications HTTP/1.1\r\nHost: x\r\n" + head + "Transfer-Encoding: gzip\r\n\r\n" + body, []string{"400", "501"}},
		{47, "bare CR in a header", "POST /v1/verifications HTTP/1.1\r\nHost: x\r\n" + head + "X-A: a\rb\r\n\r\n", []string{"400"}},
		{47, "no colon", "POST /v1/verifications HTTP/1.1\r\nHost: x\r\n" + head + "nonsense\r\n\r\n", []string{"400"}},
		{47, "space before the colon", "POST /v1/verifications HTTP/1.1\r\nHost: x\r\n" + head + "X-A : b\r\n\r\n", []string{"400"}},
		{48, "no Host", "GET /v1/settings HTTP/1.1\r\n" + head + "\r\n", []string{"400"}},
		{48, "two Hosts", "GET /v1/settings HTTP/1.1\r\nHost: x\r\nHost: y\r\n" + head + "\r\n", []string{"400"}},
		{48, "absolute form", "GET http://evil.example/v1/settings HTTP/1.1\r\nHost: x\r\n" + head + "\r\n", []string{"400", "421"}},
		{49, "double slash", "POST //v1//verifications HTTP/1.1\r\nHost: x\r\n" + head + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body), []string{"404"}},
		{49, "escaped dots", "POST /v1/x/%2e%2e/verifications HTTP/1.1\r\nHost: x\r\n" + head + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body), []string{"404"}},
		{49, "dots", "POST /v1/x/../verifications HTTP/1.1\r\nHost: x\r\n" + head + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body), []string{"404"}},
		{49, "path parameter", "POST /v1/verifications;x=1 HTTP/1.1\r\nHost: x\r\n" + head + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body), []string{"404"}},
		{49, "NUL", "GET /v1/settings%00 HTTP/1.1\r\nHost: x\r\n" + head + "\r\n", []string{"404", "400"}},
		{49, "slash at the end", "POST /v1/verifications/ HTTP/1.1\r\nHost: x\r\n" + head + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body), []string{"404", "405"}},
		{50, "long query", "GET /v1/settings?a=" + strings.Repeat("a", 12<<10) + " HTTP/1.1\r\nHost: x\r\n" + head + "\r\n", []string{"414"}},
		{50, "64 KiB", "GET /v1/settings?a=" + strings.Repeat("a", 64<<10) + " HTTP/1.1\r\nHost: x\r\n" + head + "\r\n", []string{"414", "431", ""}},
	} {
		conn := w.dial()
		go func() { _, _ = io.WriteString(conn, r.wire) }()
		said, _ := io.ReadAll(conn)
		status := ""
		if words := strings.Fields(string(said)); len(words) > 1 {
			status = words[1]
		}
		if !slices.Contains(r.status, status) {
			t.Errorf("row %d, %s: %.200q, want %v", r.row, r.name, said, r.status)
		}
		if strings.Contains(string(said), "Location:") {
			t.Errorf("row %d, %s: a redirect: %q", r.row, r.name, said)
		}
	}
	for _, query := range []string{"a[]=", "%zz", "limit=1;limit=2", "api_key=" + shop.keys[0], "limit=-1", "limit=1000000000", "cursor=abc", "cursor=%27%20OR%201=1"} {
		if a := shop.ask("GET", "/v1/keys?"+query, nil); a.status != 400 {
			t.Errorf("rows 39, 50, 53, %q: %d %s", query, a.status, a.body)
		}
	}
	if after := w.stored(); after != before {
		t.Errorf("the rows went from %s to %s", before, after)
	}
}

func TestHostNeverReachesALink(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	shop.addBot(1)
	req := shop.request("POST", "/v1/verifications", fields{"phone": goodPhone})
	req.Host = "evil.example"
	req.Header.Set("X-Forwarded-Host", "evil.example")
	a, err := shop.do(req, shop.keys[0])
	w.must(err)
	if a.status != http.StatusCreated || strings.Contains(string(a.body), "evil") {
		t.Errorf("row 48: %d %s", a.status, a.body)
	}
	if callback := w.waitSMS(goodPhone).Callback; !strings.HasPrefix(callback, w.url+"/callbacks/sms/") {
		t.Errorf("row 48: the callback is %s", callback)
	}
}

func TestCompressedBodiesAreNotUnpacked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, err := z.Write(bytes.Repeat([]byte(" "), 8<<20))
	w.must(err)
	w.must(z.Close())
	a := shop.ask("POST", "/v1/verifications", bomb.String(), "Content-Encoding", "gzip")
	if a.status != http.StatusUnsupportedMediaType || a.code != "unsupported_encoding" {
		t.Errorf("row 21: %d %s", a.status, a.body)
	}
}

func TestForeignAndForgedCursors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop, neighbour := w.business("Shop"), w.business("Neighbour")
	for range 3 {
		shop.pending(goodPhone)
	}
	var page struct {
		Items      []verification
		NextCursor string `json:"next_cursor"`
	}
	search := fields{"phone": goodPhone, "limit": 2}
	shop.ask("POST", "/v1/verifications/search", search).into(shop, http.StatusOK, &page)
	if len(page.Items) != 2 || page.NextCursor == "" {
		t.Fatalf("page is %+v", page)
	}
	next := fields{"phone": goodPhone, "limit": 2, "cursor": page.NextCursor}
	if a := neighbour.ask("POST", "/v1/verifications/search", next); a.status != 400 || a.code != "bad_cursor" {
		t.Errorf("row 53, foreign: %d %s", a.status, a.body)
	}
	if a := shop.askWith(shop.trial, "POST", "/v1/verifications/search", next); a.status != 400 || a.code != "bad_cursor" {
		t.Errorf("row 53, other mode: %d %s", a.status, a.body)
	}
	forged := []byte(page.NextCursor)
	forged[len(forged)-1] ^= 3
	next["cursor"] = string(forged)
	if a := shop.ask("POST", "/v1/verifications/search", next); a.status != 400 && a.status != 422 {
		t.Errorf("row 53, forged: %d %s", a.status, a.body)
	}
	next["cursor"] = page.NextCursor
	shop.ask("POST", "/v1/verifications/search", next).into(shop, http.StatusOK, &page)
	if len(page.Items) != 1 {
		t.Errorf("the second page has %d items", len(page.Items))
	}
	for _, limit := range []any{-1, 0, 1e9, "2"} {
		if a := shop.ask("POST", "/v1/verifications/search", fields{"phone": goodPhone, "limit": limit}); a.status != 422 {
			t.Errorf("row 53, limit %v: %d %s", limit, a.status, a.body)
		}
	}
}
