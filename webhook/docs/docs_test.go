package docs_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"otpravka/webhook"
	"otpravka/webhook/api"
	"otpravka/webhook/docs"
	"otpravka/webhook/problem"
)

// serve runs a server with the page of the contract and returns its address.
func serve(t testing.TB, contract []byte) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	base := "http://" + ln.Addr().String()
	server := webhook.New(webhook.Config{Log: slog.New(slog.DiscardHandler)}, docs.New(contract, base))
	go func() { ended <- server.Serve(ctx, ln) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return base
}

func get(t testing.TB, url string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func TestRootLeadsToThePage(t *testing.T) {
	base := serve(t, api.Contract)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, tt := range []struct {
		method, path string
		status       int
		to           string
	}{
		{"GET", "/", 303, "/docs"},
		{"HEAD", "/", 303, "/docs"},
		{"GET", "/docs/", 303, "/docs"},
		{"GET", "/docs/?to=//evil.example", 303, "/docs"},
		{"POST", "/", 405, ""},
		{"GET", "//evil.example/", 404, ""},
		{"HEAD", "/docs", 200, ""},
		{"HEAD", "/docs/style.css", 200, ""},
	} {
		req, err := http.NewRequestWithContext(t.Context(), tt.method, base+tt.path, strings.NewReader("secret"))
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != tt.status || res.Header.Get("Location") != tt.to || strings.Contains(string(body), "secret") {
			t.Errorf("%s %s: %d to %q", tt.method, tt.path, res.StatusCode, res.Header.Get("Location"))
		}
	}
}

func TestPageIsClosed(t *testing.T) {
	base := serve(t, api.Contract)
	res, page := get(t, base+"/docs")
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("%d %s", res.StatusCode, res.Header.Get("Content-Type"))
	}
	policy := res.Header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'; style-src 'self'") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
	for _, odd := range []string{"<script", "style=", "onclick", "javascript:", "//cdn", "@import"} {
		if strings.Contains(page, odd) {
			t.Errorf("the page holds %s", odd)
		}
	}
	res, style := get(t, base+"/docs/style.css")
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/css; charset=utf-8" || strings.Contains(style, "url(") {
		t.Errorf("style: %d %s", res.StatusCode, res.Header.Get("Content-Type"))
	}
	if res, _ := get(t, base+"/docs/style.css", "If-None-Match", res.Header.Get("ETag")); res.StatusCode != http.StatusNotModified {
		t.Errorf("what the browser has is answered with %d", res.StatusCode)
	}
}

func TestPageShowsTheWholeContract(t *testing.T) {
	base := serve(t, api.Contract)
	_, page := get(t, base+"/docs")
	var contract struct {
		Paths map[string]map[string]struct {
			OperationID string `yaml:"operationId"`
			Summary     string `yaml:"summary"`
		} `yaml:"paths"`
	}
	if err := yaml.Unmarshal(withoutSharedParameters(t), &contract); err != nil {
		t.Fatal(err)
	}
	operations := 0
	for path, item := range contract.Paths {
		for _, op := range item {
			operations++
			for _, want := range []string{`<article id="` + op.OperationID + `">`, `href="#` + op.OperationID + `"`, op.Summary, "<code>" + path + "</code>"} {
				if !strings.Contains(page, want) {
					t.Errorf("%s: the page lacks %s", op.OperationID, want)
				}
			}
		}
	}
	if calls := strings.Count(page, "<code>curl "); calls != operations || operations < 20 {
		t.Errorf("%d calls of curl for %d operations", calls, operations)
	}
	for _, code := range problem.Codes() {
		if !strings.Contains(page, `id="problem-`+code+`"`) {
			t.Errorf("the page does not explain %s", code)
		}
	}
	if !strings.Contains(page, `href="/openapi.yaml"`) || !strings.Contains(page, base) {
		t.Error("no link to the contract, or no address of the server")
	}
}

// withoutSharedParameters drops what stands beside the methods of a path.
func withoutSharedParameters(t testing.TB) []byte {
	t.Helper()
	var doc map[string]any
	if err := yaml.Unmarshal(api.Contract, &doc); err != nil {
		t.Fatal(err)
	}
	for _, item := range doc["paths"].(map[string]any) {
		delete(item.(map[string]any), "parameters")
	}
	out, err := yaml.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestLinksOfThePageLeadSomewhere(t *testing.T) {
	_, page := get(t, serve(t, api.Contract)+"/docs")
	ids := map[string]int{}
	for _, m := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if ids[m[1]]++; ids[m[1]] > 1 {
			t.Errorf("two places are called %s", m[1])
		}
	}
	links := regexp.MustCompile(` href="#([^"]+)"`).FindAllStringSubmatch(page, -1)
	for _, m := range links {
		if ids[m[1]] == 0 {
			t.Errorf("a link leads to #%s, which is nowhere", m[1])
		}
	}
	if len(links) < 100 {
		t.Errorf("%d links only", len(links))
	}
}

func TestTextOfTheContractIsNoMarkup(t *testing.T) {
	hostile := []byte(`
openapi: 3.1.0
info: {title: "<b>T</b>", version: "1", summary: "<i>s</i>", description: "**bold** <script>alert(1)</script> [x](javascript:alert(1))"}
tags: [{name: a, description: d}]
paths:
  /x:
    get: {operationId: x, tags: [a], summary: "<img src=x>", description: d, security: [], responses: {"200": {description: ok}}}
`)
	_, page := get(t, serve(t, hostile)+"/docs")
	for _, odd := range []string{"<script", "<img", "<b>T</b>", "<i>s</i>", "javascript:"} {
		if strings.Contains(page, odd) {
			t.Errorf("the page holds %s", odd)
		}
	}
	if !strings.Contains(page, "<strong>bold</strong>") {
		t.Error("descriptions are not rendered")
	}
}

func TestBrokenContractIsOurFault(t *testing.T) {
	for name, contract := range map[string]string{"empty": "", "no yaml": "a: [", "example": "paths: {/x: {get: {responses: {}, requestBody: {content: {application/json: {examples: {a: {value: {b: !!binary _}}}}}}}}}"} {
		if res, _ := get(t, serve(t, []byte(contract))+"/docs"); res.StatusCode != http.StatusInternalServerError {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
}
