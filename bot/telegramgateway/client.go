package telegramgateway

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"otpravka/bot"
)

// DefaultAPI is Telegram's own Gateway.
const DefaultAPI = "https://gatewayapi.telegram.org"

// callLimit bounds every call. Callers with less patience end their context.
const callLimit = 15 * time.Second

// maxAnswer is far more than the status of a request takes.
const maxAnswer = 64 << 10

// Client calls a Gateway for any number of accounts. It is safe for concurrent
// use.
type Client struct {
	base      string
	transport *http.Transport
}

// NewClient returns a client of the Gateway at base, a URL without query; empty
// is DefaultAPI. The proxy settings of the environment apply.
func NewClient(base string) (*Client, error) {
	if base == "" {
		base = DefaultAPI
	}
	base, err := bot.Base(base)
	if err != nil {
		return nil, fmt.Errorf("telegram gateway: %w", err)
	}
	return &Client{base: base, transport: bot.NewTransport()}, nil
}

// Close lets go of idle connections. Calls under way are not cut.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// call makes one request and returns its result, or what became of it. It
// follows no redirect: that would take the token elsewhere.
func (c *Client) call(ctx context.Context, t token, method string, params any) (json.RawMessage, *callError) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	body, err := json.Marshal(params)
	if err != nil {
		return nil, &callError{method: method, class: unwritten, err: bot.Plain(err)}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/"+method, bytes.NewReader(body))
	if err != nil {
		return nil, &callError{method: method, class: unwritten, err: bot.Plain(err)}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+string(t))
	resp, raw, seen, err := bot.Exchange(ctx, c.transport, req, maxAnswer)
	switch {
	case err != nil && seen:
		return nil, &callError{method: method, class: unanswered, err: err}
	case err != nil:
		return nil, &callError{method: method, class: unwritten, err: err}
	}
	return judge(method, resp, raw)
}

// judge tells yes from no. What the answer says itself goes before its status;
// a success whose body says nothing may have done what was asked.
func judge(method string, resp *http.Response, raw []byte) (json.RawMessage, *callError) {
	var answer struct {
		OK     *bool           `json:"ok"`
		Result json.RawMessage `json:"result"`
		Error  string          `json:"error"`
	}
	understood := json.Unmarshal(raw, &answer) == nil && answer.OK != nil
	success := resp.StatusCode >= 200 && resp.StatusCode < 300
	e := &callError{method: method, status: resp.StatusCode}
	switch {
	case understood && *answer.OK && success:
		return answer.Result, nil
	case understood && !*answer.OK:
		e.understood = true
		e.class, e.name, e.retryAfter = classify(resp.StatusCode, answer.Error)
	case success:
		e.class = unanswered
	default:
		e.class, _, _ = classify(resp.StatusCode, "")
	}
	if after, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && after > 0 && e.class == rateLimited {
		e.retryAfter = min(time.Duration(after)*time.Second, time.Hour)
	}
	return nil, e
}
