package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"otpravka/webhook/accesslog"
	"otpravka/webhook/problem"
)

// beforeRouting are the refusals that come before an operation is known, so
// that the contract lists them nowhere.
var beforeRouting = []string{"method_not_allowed", "misdirected", "query_too_long", "request_timeout", "route_not_found"}

// uncounted may come before the key is known; the answer then tells nothing
// about the key's calls.
var uncounted = []string{"bad_query", "key_in_url", "body_too_large", "unsupported_encoding", "rate_limited", "unavailable", "internal"}

// unread are the statuses with which net/http itself refuses what it cannot
// read as a request, in plain text and before any code of ours.
var unread = []int{http.StatusBadRequest, http.StatusRequestHeaderFieldsTooLarge, http.StatusNotImplemented}

// judge returns what the contract has against an answer, nil for nothing.
func (c *contract) judge(method, path string, status int, header http.Header, body []byte) error {
	if header.Get(accesslog.RequestID) == "" && slices.Contains(unread, status) {
		return nil
	}
	code := ""
	if status >= 400 {
		var p problem.Problem
		if err := json.Unmarshal(body, &p); err != nil && method != http.MethodHead {
			return fmt.Errorf("a refusal that is no problem document: %w", err)
		}
		code = p.Code
	}
	r := c.find(method, path)
	if r == nil || slices.Contains(beforeRouting, code) || strings.HasPrefix(method, http.MethodHead) {
		return c.judgeOutside(status, code)
	}
	answer, at := c.resolve(r.op["responses"].(map[string]any)[strconv.Itoa(status)], r.at+"/responses/"+strconv.Itoa(status))
	if answer == nil {
		return fmt.Errorf("%s does not list %d %s", r.id, status, code)
	}
	if err := c.judgeHeaders(answer, header, code); err != nil {
		return fmt.Errorf("%s %d %s: %w", r.id, status, code, err)
	}
	if err := c.judgeBody(answer, at, header, body); err != nil {
		return fmt.Errorf("%s %d %s: %w", r.id, status, code, err)
	}
	return nil
}

// judgeOutside looks at answers that belong to no operation.
func (c *contract) judgeOutside(status int, code string) error {
	if status < 400 || code == "" || problem.New(code).Status == status && problem.Known(code) {
		return nil
	}
	return fmt.Errorf("%d %s is in no table", status, code)
}

// judgeHeaders wants the headers that the contract promises, each once, in the
// form of its schema.
func (c *contract) judgeHeaders(answer map[string]any, header http.Header, code string) error {
	promised, _ := answer["headers"].(map[string]any)
	for name, node := range promised {
		h, at := c.resolve(node, "")
		values := header.Values(name)
		if len(values) == 0 && h["required"] != true && slices.Contains(uncounted, code) {
			continue
		}
		if len(values) != 1 {
			return fmt.Errorf("%d headers %s, want one", len(values), name)
		}
		if at == "" {
			continue // described in its place, without a form
		}
		var value any = values[0]
		if n, err := strconv.Atoi(values[0]); err == nil {
			value = n
		}
		if err := c.validate(at+"/schema", value); err != nil {
			return fmt.Errorf("header %s: %w", name, err)
		}
	}
	return nil
}

func (c *contract) judgeBody(answer map[string]any, at string, header http.Header, body []byte) error {
	content, _ := answer["content"].(map[string]any)
	if len(content) == 0 {
		if len(body) > 0 {
			return fmt.Errorf("a body of %d bytes, want none", len(body))
		}
		return nil
	}
	media, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil || content[media] == nil {
		return fmt.Errorf("content type %q", header.Get("Content-Type"))
	}
	if !strings.HasSuffix(media, "json") {
		return nil
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	return c.validate(at+"/content/"+strings.ReplaceAll(media, "/", "~1")+"/schema", value)
}

// understood reads an answer, holds it against the contract, and keeps what it
// said but for the codes of test keys.
func (w *world) understood(method, path string, res *http.Response) (answer, error) {
	w.Helper()
	a := answer{status: res.StatusCode, header: res.Header}
	var err error
	if a.body, err = io.ReadAll(res.Body); err != nil {
		return a, err
	}
	if a.status >= 400 {
		var p problem.Problem
		if err := json.Unmarshal(a.body, &p); err == nil {
			a.code = p.Code
		}
	}
	c, err := theContract()
	if err != nil {
		return a, err
	}
	if err := c.judge(method, path, a.status, a.header, a.body); err != nil {
		w.Errorf("%s %s breaks the contract: %v\n%s", method, path, err, a.body)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said.Write(testCodeForm.ReplaceAll(a.body, nil))
	return a, nil
}

// A judge that finds nothing proves nothing: each broken answer must be seen.
func TestJudgeSeesBrokenAnswers(t *testing.T) {
	t.Parallel()
	c, err := theContract()
	if err != nil {
		t.Fatal(err)
	}
	good := `{"type":"/problems/not_found","title":"Not found","status":404,"code":"not_found","detail":"Nothing."}`
	for name, tt := range map[string]struct {
		status int
		media  string
		limit  string
		body   string
		fine   bool
	}{
		"as promised":     {404, problem.ContentType, `"key";r=1;t=1`, good, true},
		"other status":    {409, problem.ContentType, `"key";r=1;t=1`, good, false},
		"other media":     {404, "application/json", `"key";r=1;t=1`, good, false},
		"no rate":         {404, problem.ContentType, "", good, false},
		"other rate":      {404, problem.ContentType, "plenty", good, false},
		"other code":      {404, problem.ContentType, `"key";r=1;t=1`, strings.Replace(good, `"code":"not_found"`, `"code":"no_bot"`, 1), false},
		"missing detail":  {404, problem.ContentType, `"key";r=1;t=1`, strings.Replace(good, `"detail"`, `"details"`, 1), false},
		"no json":         {404, problem.ContentType, `"key";r=1;t=1`, "not found", false},
		"success of less": {200, "application/json", `"key";r=1;t=1`, `{"id":"bot_01kpx3q8e5f1ttgq0g7m9y2c4d"}`, false},
	} {
		w := httptest.NewRecorder()
		w.Header().Set("Content-Type", tt.media)
		w.Header().Set(accesslog.RequestID, "req_1")
		w.Header().Set("RateLimit-Policy", `"key";q=100;w=2`)
		if tt.limit != "" {
			w.Header().Set("RateLimit", tt.limit)
		}
		err := c.judge("GET", "/v1/bots/bot_01kpx3q8e5f1ttgq0g7m9y2c4d", tt.status, w.Header(), []byte(tt.body))
		if (err == nil) != tt.fine {
			t.Errorf("%s: %v", name, err)
		}
	}
}
