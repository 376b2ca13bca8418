package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"otpravka/otpcore"
)

// answerSize bounds what is read of one answer: a hundred thin events are far
// below.
const answerSize = 4 << 20

// answerTime is what an answer may take beyond the wait that was asked for.
const answerTime = 15 * time.Second

// feed reads the list of events of one key.
type feed struct {
	base  string
	key   otpcore.KeyText
	types []string
	after string // the place behind which the next page begins
	http  http.Client
}

func newFeed(base string, key otpcore.KeyText, types []string, since string) *feed {
	return &feed{base: base, key: key, types: types, after: since, http: http.Client{CheckRedirect: stay}}
}

// stay keeps clients where they were sent: a redirect would carry a key or an
// event to somebody else.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// page is a page of the list. Items stay as the server wrote them, so that a
// field that this program does not know is forwarded like any other.
type page struct {
	Items     []json.RawMessage `json:"items"`
	NextAfter string            `json:"next_after"`
	HasMore   bool              `json:"has_more"`
}

// refusal is an answer that is no page.
type refusal struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// Error is one sentence for whoever runs the command.
func (r *refusal) Error() string {
	switch {
	case r.Status == http.StatusUnauthorized:
		return "the server does not know this key: give --key or OTPRAVKA_KEY one of its own that is in use"
	case r.Detail != "":
		return fmt.Sprintf("the server answered %d: %s", r.Status, r.Detail)
	}
	return fmt.Sprintf("the server answered %d: is this the address of Otpravka?", r.Status)
}

// permanent reports a refusal that no repeat changes.
func permanent(err error) bool {
	r, ok := errors.AsType[*refusal](err)
	return ok && r.Status < 500 && r.Status != http.StatusTooManyRequests && r.Status != http.StatusRequestTimeout
}

// ask reads the next page, and lets the server wait for its first event.
func (f *feed) ask(ctx context.Context, wait time.Duration) (*page, error) {
	ctx, cancel := context.WithTimeout(ctx, wait+answerTime)
	defer cancel()
	query := url.Values{"after": {f.after}, "limit": {"100"}, "wait": {strconv.Itoa(int(wait / time.Second))}}
	if len(f.types) > 0 {
		query.Set("types", strings.Join(f.types, ","))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.base+"/v1/events?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+f.key.Reveal())
	res, err := f.http.Do(req)
	if err != nil {
		return nil, reason(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, answerSize))
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		r := &refusal{}
		_ = json.Unmarshal(body, r) // a stranger's answer has no detail
		r.Status = res.StatusCode
		return nil, r
	}
	p := &page{}
	if err := json.Unmarshal(body, p); err != nil || p.NextAfter == "" {
		return nil, &refusal{Status: http.StatusNotFound}
	}
	return p, nil
}

// reason is what went wrong with a request, without its address.
func reason(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// heard is an event as the server told it.
type heard struct {
	ID        string            `json:"id"`
	Type      string            `json:"type"`
	CreatedAt time.Time         `json:"created_at"`
	Data      map[string]string `json:"data"`

	body []byte // the whole event, on one line
}

func readEvent(raw []byte) (*heard, error) {
	e := &heard{}
	if err := json.Unmarshal(raw, e); err != nil {
		return nil, err
	}
	var line bytes.Buffer
	if err := json.Compact(&line, raw); err != nil {
		return nil, err
	}
	e.body = line.Bytes()
	return e, nil
}
