package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync/atomic"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"otpravka/internal/failpoint"
)

// maxAnswer is more than any answer has: getUpdates returns 4 MiB at most.
const maxAnswer = 8 << 20

var errAnswerTooLarge = errors.New("answer too large")

// wire carries one request. It stands where the library wants an HTTP client
// and adds what the library leaves out: a context, a limit to the body, and an
// answer that is always the Bot API's own. It follows no redirect, and its
// errors know no URL, because the URL holds the token.
type wire struct {
	ctx       context.Context
	transport http.RoundTripper
	written   atomic.Bool // the server may have seen the request
}

// Do sends the request once.
func (w *wire) Do(req *http.Request) (*http.Response, error) {
	trace := &httptrace.ClientTrace{WroteHeaders: func() { w.written.Store(true) }}
	resp, err := w.transport.RoundTrip(req.WithContext(httptrace.WithClientTrace(w.ctx, trace)))
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	failpoint.Hit(failpoint.TGBeforeRead)
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, err
	case len(body) > maxAnswer:
		return nil, errAnswerTooLarge
	}
	resp.Body = io.NopCloser(bytes.NewReader(botAPIAnswer(resp, body)))
	return resp, nil
}

// botAPIAnswer returns the body where it is a Bot API answer that agrees with
// the HTTP status, and else an error answer made from the status: proxies
// answer in HTML or not at all, and the library would lose the status.
func botAPIAnswer(resp *http.Response, body []byte) []byte {
	var head struct {
		OK   *bool `json:"ok"`
		Code int   `json:"error_code"`
	}
	understood := json.Unmarshal(body, &head) == nil && head.OK != nil
	success := resp.StatusCode >= 200 && resp.StatusCode < 300
	if understood && (*head.OK && success || !*head.OK && head.Code != 0) {
		return body
	}
	made := tgbotapi.APIResponse{ErrorCode: resp.StatusCode}
	if after, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && after > 0 {
		made.Parameters = &tgbotapi.ResponseParameters{RetryAfter: after}
	}
	encoded, err := json.Marshal(made)
	if err != nil {
		panic(err) // numbers only: it cannot fail
	}
	return encoded
}
