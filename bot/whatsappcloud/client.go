package whatsappcloud

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"otpravka/bot"
	"otpravka/otpcore"
)

// Meta's own address and the version of the Graph API that this package was
// written for.
const (
	DefaultAPI     = "https://graph.facebook.com"
	DefaultVersion = "v24.0"
)

// callLimit bounds every call. Callers with less patience end their context.
const callLimit = 15 * time.Second

// maxAnswer is more than a page of templates takes.
const maxAnswer = 1 << 20

var versionForm = regexp.MustCompile(`^v[0-9]{1,3}\.[0-9]{1,2}$`)

// token is the access token of a system user. It prints as dots.
type token string

var tokenForm = regexp.MustCompile(`^[A-Za-z0-9_-]{20,512}={0,2}$`)

// Format hides the token under every verb.
func (t token) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("•••")) }

// LogValue hides the token in structured logs.
func (t token) LogValue() slog.Value { return slog.StringValue("•••") }

// access is what a call shows Meta: the token, and that whoever has it knows the
// app's secret, too. Apps that "require the app secret" take no call without it
// (https://developers.facebook.com/docs/graph-api/guides/secure-requests).
type access struct {
	token token
	proof string // hexadecimal
}

func accessOf(a otpcore.CloudAccount) access {
	mac := hmac.New(sha256.New, []byte(a.AppSecret))
	mac.Write([]byte(a.Token))
	return access{token(a.Token), hex.EncodeToString(mac.Sum(nil))}
}

// Client calls the Graph API for any number of accounts. It is safe for
// concurrent use.
type Client struct {
	base      string // with the version
	transport *http.Transport
}

// NewClient returns a client of the API at base, a URL without query, in a version
// like v24.0; empty values are the defaults. The proxy settings of the environment
// apply.
func NewClient(base, version string) (*Client, error) {
	if base == "" {
		base = DefaultAPI
	}
	if version == "" {
		version = DefaultVersion
	}
	base, err := bot.Base(base)
	if err != nil {
		return nil, fmt.Errorf("whatsapp cloud api: %w", err)
	}
	if !versionForm.MatchString(version) {
		return nil, fmt.Errorf("whatsapp cloud api: version %q is not like %s", version, DefaultVersion)
	}
	return &Client{base: base + "/" + version, transport: bot.NewTransport()}, nil
}

// Close lets go of idle connections. Calls under way are not cut.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// get asks for fields of an object.
func (c *Client) get(ctx context.Context, a access, path string, query url.Values, into any) *callError {
	return c.call(ctx, a, http.MethodGet, path, query, nil, into)
}

// post sends a JSON body. It follows no redirect: that would take the token
// elsewhere.
func (c *Client) post(ctx context.Context, a access, path string, body, into any) *callError {
	return c.call(ctx, a, http.MethodPost, path, nil, body, into)
}

func (c *Client) call(ctx context.Context, a access, method, path string, query url.Values, body, into any) *callError {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	var content io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return &callError{kind: unwritten, err: bot.Plain(err)}
		}
		content = bytes.NewReader(raw)
	}
	proven := url.Values{"appsecret_proof": {a.proof}}
	maps.Copy(proven, query)
	req, err := http.NewRequestWithContext(ctx, method, c.base+"/"+path+"?"+proven.Encode(), content)
	if err != nil {
		return &callError{kind: unwritten, err: bot.Plain(err)}
	}
	req.Header.Set("Authorization", "Bearer "+string(a.token))
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, raw, seen, err := bot.Exchange(ctx, c.transport, req, maxAnswer)
	switch {
	case err != nil && seen:
		return &callError{kind: unanswered, err: err}
	case err != nil:
		return &callError{kind: unwritten, err: err}
	}
	return judge(resp, raw, into)
}

// judge tells yes from no. An error that the answer names goes before its status;
// a success whose body says nothing may have done what was asked.
func judge(resp *http.Response, raw []byte, into any) *callError {
	var answer struct {
		Error *struct {
			Code *int `json:"code"`
		} `json:"error"`
	}
	understood := json.Unmarshal(raw, &answer) == nil
	e := &callError{kind: refused, status: resp.StatusCode, code: noCode}
	if understood && answer.Error != nil && answer.Error.Code != nil {
		e.code = *answer.Error.Code
	}
	success := resp.StatusCode >= 200 && resp.StatusCode < 300
	switch {
	case success && understood && answer.Error == nil && json.Unmarshal(raw, into) == nil:
		return nil
	case success && e.code == noCode:
		return &callError{kind: unanswered, status: resp.StatusCode, code: noCode}
	}
	if after, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && after > 0 {
		e.retryAfter = min(time.Duration(after)*time.Second, time.Hour)
	}
	return e
}
