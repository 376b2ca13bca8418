package telegramsim

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"otpravka/internal/sim/calls"
	"otpravka/internal/sim/fields"
)

const (
	// maxRetryAfter is the longest pause that a webhook may ask for.
	maxRetryAfter = time.Hour
	// maxBackoffFactor times the first pause is the longest pause of our own.
	maxBackoffFactor = 120
)

func newWebhookClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	return &http.Client{
		Transport: transport,
		Timeout:   time.Minute,
		// A redirect is a wrong answer: Telegram does not follow it.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// runLane posts the updates of one chat one after the other, each until the
// webhook takes it or is replaced.
func (b *Bot) runLane(h *webhook, lane int64) {
	for {
		u, ok := b.nextInLane(h, lane)
		if !ok {
			return
		}
		pause := b.srv.opts.WebhookBackoff
		for {
			taken, retryAfter := b.post(h, u)
			if taken {
				b.laneDone(u)
				break
			}
			wait := pause
			if retryAfter > 0 {
				wait = min(retryAfter, maxRetryAfter)
			} else {
				pause = min(2*pause, maxBackoffFactor*b.srv.opts.WebhookBackoff)
			}
			if !h.sleep(wait) {
				return
			}
		}
	}
}

// sleep reports false when the webhook was replaced or the server closes.
func (h *webhook) sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-h.ctx.Done():
		return false
	}
}

// post hands one update to the webhook and reports whether it was taken, or
// else how long the webhook wants to be left alone.
func (b *Bot) post(h *webhook, u update) (taken bool, retryAfter time.Duration) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-h.ctx.Done():
		return false, 0
	}
	req, err := http.NewRequestWithContext(h.ctx, http.MethodPost, h.url, bytes.NewReader(u.body))
	if err != nil {
		h.fail(b, "invalid webhook URL")
		return false, 0
	}
	req.Header.Set("Content-Type", "application/json")
	if h.secret != "" {
		req.Header.Set("X-Telegram-Bot-Api-Secret-Token", h.secret)
	}
	resp, err := b.srv.hooks.Do(req)
	if err != nil {
		if h.ctx.Err() == nil {
			h.fail(b, connectionError(err))
		}
		return false, 0
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, fields.Limit))
	if err != nil {
		h.fail(b, "Webhook connection closed")
		return false, 0
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		h.fail(b, "Wrong response from the webhook: "+resp.Status)
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		return false, time.Duration(max(seconds, 0)) * time.Second
	}
	b.runAnswer(resp.Header.Get("Content-Type"), body)
	return true, 0
}

func connectionError(err error) string {
	if strings.Contains(err.Error(), context.DeadlineExceeded.Error()) {
		return "Read timeout expired"
	}
	return "Connection failed"
}

// runAnswer carries out the call that a webhook may put into its answer. Its
// result is shown to nobody, as at Telegram.
func (b *Bot) runAnswer(contentType string, body []byte) {
	p := make(params)
	if fields.Decode(p, contentType, body) != nil {
		return
	}
	name := strings.ToLower(p["method"])
	switch {
	case name == "", name == "setwebhook", name == "deletewebhook", name == "close", name == "logout", strings.HasPrefix(name, "get"):
		return
	}
	b.srv.log.Record(calls.Call{Time: b.srv.opts.Now(), Method: p["method"], Target: b.username, Params: p})
	if do, ok := b.srv.methods[name]; ok {
		_, _ = do(b.srv, &request{bot: b, method: name, params: p})
	}
}
