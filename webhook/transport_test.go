package webhook_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"otpravka/webhook"
	"otpravka/webhook/problem"
)

func post(path, headers, body string) string {
	return "POST " + path + " HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n" + body
}

func withLength(path, body string) string {
	return post(path, fmt.Sprintf("Content-Length: %d\r\n", len(body)), body)
}

func TestOddRequestsAreRefused(t *testing.T) {
	r := serve(t, webhook.Limits{}, nil)
	key := "otp_live_abcdefgh_" + strings.Repeat("k", 38)
	for name, tt := range map[string]struct {
		request string
		status  int
		code    string // empty: net/http answers before any handler
	}{
		"no such route":            {get("/nowhere"), 404, "route_not_found"},
		"doubled slashes":          {get("//things//1"), 404, "route_not_found"},
		"slash at the end":         {get("/healthz/"), 404, "route_not_found"},
		"dots":                     {get("/things/../healthz"), 404, "route_not_found"},
		"escaped dots":             {get("/things/%2e%2e/healthz"), 404, "route_not_found"},
		"escaped slash":            {get("/things/a%2fb"), 404, "route_not_found"},
		"backslash":                {get(`/things/a\b`), 404, "route_not_found"},
		"path parameter":           {get("/things/1;x=1"), 404, "route_not_found"},
		"escaped NUL":              {get("/things/a%00"), 404, "route_not_found"},
		"escaped line break":       {get("/things/a%0d%0ab"), 404, "route_not_found"},
		"long path":                {get("/nowhere/" + strings.Repeat("a/", 5<<10)), 404, "route_not_found"},
		"asterisk":                 {"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 404, "route_not_found"},
		"whole URL":                {get("http://evil.example/healthz"), 421, "misdirected"},
		"bad escape in the path":   {get("/things/%zz"), 400, ""},
		"bad escape in the query":  {get("/healthz?a=%zz"), 400, "bad_query"},
		"semicolon in the query":   {get("/healthz?a=1;b=2"), 400, "bad_query"},
		"query of 9 KiB":           {get("/healthz?" + strings.Repeat("a", 9<<10)), 414, "query_too_long"},
		"query of 64 KiB":          {get("/healthz?" + strings.Repeat("a", 64<<10)), 431, ""},
		"key in the query":         {get("/v1/things?api_key=x"), 400, "key_in_url"},
		"token in the query":       {get("/v1/things?a=1&Token=x"), 400, "key_in_url"},
		"key under another name":   {get("/healthz?a=" + key), 400, "key_in_url"},
		"key as a name":            {get("/healthz?" + key), 400, "key_in_url"},
		"escaped key":              {get("/healthz?a=%6F%74p_live_" + key[9:]), 400, "key_in_url"},
		"key in upper case":        {get("/healthz?a=" + strings.ToUpper(key)), 400, "key_in_url"},
		"key in the path":          {get("/things/" + key), 400, "key_in_url"},
		"PUT":                      {"PUT /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 405, "method_not_allowed"},
		"TRACE":                    {"TRACE /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 405, "method_not_allowed"},
		"HEAD":                     {"HEAD /private HTTP/1.1\r\nHost: x\r\n\r\n", 405, ""},
		"made-up method":           {"FROB /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 405, "method_not_allowed"},
		"no Host":                  {"GET /healthz HTTP/1.1\r\n\r\n", 400, ""},
		"two Hosts":                {"GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400, ""},
		"NUL in the request line":  {"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n", 400, ""},
		"CR in a header":           {"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: a\rb\r\n\r\n", 400, ""},
		"NUL in a header":          {"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: a\x00b\r\n\r\n", 400, ""},
		"fold before any header":   {"GET /healthz HTTP/1.1\r\n Host: x\r\n\r\n", 400, ""},
		"space before the colon":   {"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A : b\r\n\r\n", 400, ""},
		"two lengths":              {post("/echo", "Content-Length: 2\r\nContent-Length: 3\r\n", "abc"), 400, ""},
		"negative length":          {post("/echo", "Content-Length: -1\r\n", ""), 400, ""},
		"two transfer codings":     {post("/echo", "Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 501, ""},
		"bad chunk":                {post("/echo", "Transfer-Encoding: chunked\r\n", "zz\r\nabc\r\n0\r\n\r\n"), 400, "bad_request"},
		"length beyond the limit":  {post("/echo", "Content-Length: 1048576\r\n", ""), 413, "body_too_large"},
		"body beyond the limit":    {withLength("/echo", strings.Repeat("1", 16<<10+1)), 413, "body_too_large"},
		"chunks beyond the limit":  {post("/echo", "Transfer-Encoding: chunked\r\n", "4001\r\n"+strings.Repeat("1", 0x4001)+"\r\n0\r\n\r\n"), 413, "body_too_large"},
		"callback beyond its own":  {post("/callbacks/test/s", "Content-Length: 262145\r\n", ""), 413, "body_too_large"},
		"compressed":               {post("/echo", "Content-Encoding: gzip\r\nContent-Length: 0\r\n", ""), 415, "unsupported_encoding"},
		"headers beyond the limit": {"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: " + strings.Repeat("a", 17<<10) + "\r\n\r\n", 431, ""},
		"headers within the limit": {"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: " + strings.Repeat("a", 15<<10) + "\r\n\r\n", 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			resp, body := r.raw(t, tt.request)
			if resp.StatusCode != tt.status {
				t.Fatalf("%d %.200s, want %d", resp.StatusCode, body, tt.status)
			}
			if resp.Header.Get("Location") != "" {
				t.Error("redirected")
			}
			if tt.status == 405 && !strings.Contains(resp.Header.Get("Allow"), "GET") {
				t.Errorf("Allow %q", resp.Header.Get("Allow"))
			}
			if tt.code == "" {
				return
			}
			var p problem.Problem
			if err := json.Unmarshal([]byte(body), &p); err != nil || p.Code != tt.code || p.Status != tt.status {
				t.Errorf("%s, want code %s (%v)", body, tt.code, err)
			}
			if ct := resp.Header.Get("Content-Type"); ct != problem.ContentType {
				t.Errorf("Content-Type %s", ct)
			}
			if strings.Contains(body, key) {
				t.Error("the answer repeats the key")
			}
		})
	}
	if err := r.shut(t); err != nil {
		t.Error(err)
	}
	if strings.Contains(r.log.String(), key[:12]) {
		t.Error("the log holds a key")
	}
}

func TestBodiesBeyondTheLimitHearOfIt(t *testing.T) {
	r := serve(t, webhook.Limits{BatchBody: 1000}, nil)
	for name, tt := range map[string]struct{ request, want string }{
		"length":   {post("/echo", "Content-Length: 16385\r\n", ""), "at most 16 KiB."},
		"chunks":   {post("/echo", "Transfer-Encoding: chunked\r\n", "4001\r\n"+strings.Repeat("1", 0x4001)+"\r\n0\r\n\r\n"), "at most 16 KiB."},
		"callback": {post("/callbacks/test/s", "Content-Length: 262145\r\n", ""), "at most 256 KiB."},
		"batch":    {post("/v1/order-updates/batch", "Content-Length: 1001\r\n", ""), "at most 1000 bytes."},
	} {
		t.Run(name, func(t *testing.T) { // which closes its connection
			if resp, body := r.raw(t, tt.request); resp.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(body, tt.want) {
				t.Errorf("%d %s, want %q", resp.StatusCode, body, tt.want)
			}
		})
	}
	if err := r.shut(t); err != nil {
		t.Error(err)
	}
}

func TestBodiesWithinTheLimitPass(t *testing.T) {
	r := serve(t, webhook.Limits{}, nil)
	for path, size := range map[string]int{"/echo": 16 << 10, "/callbacks/test/s": 256 << 10, "/callbacks/test/s?token=x": 1} {
		body := strings.Repeat("1", size)
		if resp, got := r.raw(t, withLength(path, body)); resp.StatusCode != 200 || got != body {
			t.Errorf("%s: %d and %d bytes, want %d", path, resp.StatusCode, len(got), size)
		}
	}
}

// A message with both framings is what request smuggling is made of. The body
// is read as chunks, and nothing after it is taken for another request.
func TestBothFramingsEndTheConnection(t *testing.T) {
	r := serve(t, webhook.Limits{}, nil)
	conn := r.dial(t)
	smuggled := post("/echo", "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "1\r\na\r\n0\r\n\r\n") + get("/things/smuggled")
	if _, err := io.WriteString(conn, smuggled); err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(conn)
	if err != nil {
		t.Fatalf("the connection stays open: %v", err)
	}
	if bytes.Count(all, []byte("HTTP/1.1 ")) != 1 || bytes.Contains(all, []byte("smuggled")) {
		t.Errorf("answers %s, want one", all)
	}
}

// RFC 9112 section 5.2 lets a server replace a folded line by a space, which
// net/http does. What must not happen is that the second line becomes a header.
func TestFoldedHeaderStaysOneValue(t *testing.T) {
	r := serve(t, webhook.Limits{}, nil)
	resp, body := r.raw(t, "POST /echo HTTP/1.1\r\nHost: x\r\nX-A: a\r\n Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi")
	if resp.StatusCode != 200 || body != "hi" {
		t.Errorf("%d %s: the folded line was taken for a header", resp.StatusCode, body)
	}
}

func TestShortBodyTimesOut(t *testing.T) {
	r := serve(t, webhook.Limits{Read: 50 * time.Millisecond}, nil)
	for name, request := range map[string]string{
		"half a body":      post("/echo", "Content-Length: 10\r\n", "12345"),
		"continue, no end": post("/echo", "Content-Length: 10\r\nExpect: 100-continue\r\n", ""),
	} {
		conn := r.dial(t)
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		all, err := io.ReadAll(conn)
		if err != nil {
			t.Fatalf("%s: the connection stays open: %v", name, err)
		}
		if !bytes.Contains(all, []byte("408 Request Timeout")) {
			t.Errorf("%s: %s, want 408", name, all)
		}
	}
}

func TestSlowHeadersAreCutOff(t *testing.T) {
	r := serve(t, webhook.Limits{ReadHeader: 50 * time.Millisecond}, nil)
	conn := r.dial(t)
	if _, err := io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: "); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(conn); err != nil {
		t.Errorf("the connection stays open: %v", err)
	}
}

// A bomb must be refused by its header alone: nobody may unpack it.
func TestGzipBombIsNotUnpacked(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	if _, err := z.Write(make([]byte, 8<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	r := serve(t, webhook.Limits{}, nil)
	resp, body := r.raw(t, post("/echo", fmt.Sprintf("Content-Encoding: gzip\r\nContent-Length: %d\r\n", bomb.Len()), bomb.String()))
	if resp.StatusCode != 415 {
		t.Errorf("%d %s, want 415", resp.StatusCode, body)
	}
}

func TestEveryAnswerIsHardened(t *testing.T) {
	r := serve(t, webhook.Limits{}, nil)
	ids := map[string]bool{}
	for _, path := range []string{"/healthz", "/nowhere", "/error", "/panic", "//x", "/v1/x?api_key=1"} {
		resp, _ := r.raw(t, get(path))
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
		} {
			if got := resp.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		ids[resp.Header.Get("X-Request-Id")] = true
	}
	if len(ids) != 6 || ids[""] {
		t.Errorf("request ids %v, want six", ids)
	}
}

func TestOurFaultsAreHidden(t *testing.T) {
	r := serve(t, webhook.Limits{}, nil)
	for _, path := range []string{"/panic", "/beyond", "/error"} {
		resp, body := r.raw(t, get(path))
		var p problem.Problem
		if err := json.Unmarshal([]byte(body), &p); err != nil || resp.StatusCode != 500 || p.Code != "internal" {
			t.Fatalf("%s: %d %s", path, resp.StatusCode, body)
		}
		if p.RequestID == "" || p.RequestID != resp.Header.Get("X-Request-Id") {
			t.Errorf("%s: request id %q in the body, %q in the header", path, p.RequestID, resp.Header.Get("X-Request-Id"))
		}
		if strings.Contains(body, "10.0.0.1") || strings.Contains(body, "493021") || strings.Contains(body, "bounds") {
			t.Errorf("%s shows %s", path, body)
		}
	}
	if err := r.shut(t); err != nil {
		t.Error(err)
	}
	log := r.log.String()
	for _, want := range []string{"dial 10.0.0.1: refused", "slice bounds out of range", `"panic":"string"`} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %q", want)
		}
	}
	if strings.Contains(log, "493021") {
		t.Error("the log repeats the value of a panic")
	}
}

func TestLogHoldsRoutesAndNoPaths(t *testing.T) {
	r := serve(t, webhook.Limits{}, nil)
	r.raw(t, withLength("/callbacks/test/s3cr3t", "p4yl04d"))
	r.raw(t, get("/things/s3cr3t?q=s3cr3t"))
	r.raw(t, get("/nowhere/s3cr3t"))
	r.raw(t, "S3CR3T / HTTP/1.1\r\nHost: x\r\n\r\n")
	if err := r.shut(t); err != nil {
		t.Error(err)
	}
	log := r.log.String()
	if strings.Contains(strings.ToLower(log), "s3cr3t") || strings.Contains(log, "p4yl04d") {
		t.Errorf("the log holds a path, a query or a body:\n%s", log)
	}
	lines := bufio.NewScanner(strings.NewReader(log))
	var routes []string
	for lines.Scan() {
		var line struct {
			Msg, Route, Method string
			Status             int
			RequestID          string `json:"request_id"`
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		if line.Msg != "request" || line.RequestID == "" || line.Status < 200 {
			t.Errorf("line %s", lines.Text())
		}
		routes = append(routes, line.Route)
	}
	if want := "/callbacks/test/:secret /things/:id"; !strings.HasPrefix(strings.Join(routes, " "), want) {
		t.Errorf("routes %q, want %s first", routes, want)
	}
}

func TestReadingWithoutAKeyAnswersHEAD(t *testing.T) {
	r := serve(t, webhook.Limits{}, func(context.Context) error { return nil })
	for _, path := range []string{"/healthz", "/readyz", "/problems/not_found"} {
		resp, _ := r.raw(t, "HEAD "+path+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s", path, resp.StatusCode, resp.Header.Get("Content-Type"))
		}
	}
}

func TestProblemTypesExplainThemselves(t *testing.T) {
	r := serve(t, webhook.Limits{}, nil)
	resp, body := r.raw(t, get("/problems/phone_invalid"))
	if resp.StatusCode != http.StatusOK || !strings.Contains(body, "422") {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	if resp, _ := r.raw(t, get("/problems/no_such")); resp.StatusCode != 404 {
		t.Errorf("an unknown problem gets %d", resp.StatusCode)
	}
}
