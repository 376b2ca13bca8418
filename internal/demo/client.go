package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// shop is a business's app: it knows the API's address and a key.
type shop struct {
	url string
	key string
}

// verification is what the shop reads of an answer.
type verification struct {
	ID           string            `json:"id"`
	Status       string            `json:"status"`
	Phone        string            `json:"phone"`
	Route        []string          `json:"route"`
	Hint         string            `json:"hint"`
	Links        map[string]string `json:"links"`
	CreatedAt    time.Time         `json:"created_at"`
	ExpiresAt    time.Time         `json:"expires_at"`
	FallbackAt   time.Time         `json:"fallback_at"`
	ResendAt     time.Time         `json:"resend_at"`
	AttemptsLeft int               `json:"attempts_left"`
	EndReason    string            `json:"end_reason"`
	Channel      string            `json:"channel"`
	Deliveries   []delivery        `json:"deliveries"`
	Timeline     []entry           `json:"timeline"`
}

// delivery is one message, on one channel.
type delivery struct {
	ID      string `json:"id"`
	Channel string `json:"channel"`
	Status  string `json:"status"`
	Cause   string `json:"cause"`
	Try     int    `json:"try"`
	Error   *struct {
		Kind    string `json:"kind"`
		Message string `json:"message"`
	} `json:"error"`
	Cost *money `json:"cost"`
}

type money struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

// entry is one line of a verification's timeline.
type entry struct {
	At         time.Time         `json:"at"`
	Type       string            `json:"type"`
	DeliveryID string            `json:"delivery_id"`
	Data       map[string]string `json:"data"`
}

type checked struct {
	Valid        bool   `json:"valid"`
	Status       string `json:"status"`
	Reason       string `json:"reason"`
	AttemptsLeft int    `json:"attempts_left"`
}

// phoneState is what the server knows of a phone.
type phoneState struct {
	Links []struct {
		Channel string `json:"channel"`
		Status  string `json:"status"`
		Proof   string `json:"proof"`
	} `json:"links"`
	Blocks []struct {
		Kind string `json:"kind"`
	} `json:"blocks"`
}

// refusal is a request that the server turned down.
type refusal struct {
	Method string `json:"-"`
	Path   string `json:"-"`
	Status int    `json:"-"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func (r *refusal) Error() string {
	return fmt.Sprintf("%s %s answered %d %s: %s", r.Method, r.Path, r.Status, r.Code, r.Detail)
}

func (s shop) start(ctx context.Context, fields map[string]any) (verification, error) {
	var v verification
	return v, s.call(ctx, http.MethodPost, "/v1/verifications", fields, &v)
}

func (s shop) get(ctx context.Context, id string) (verification, error) {
	var v verification
	return v, s.call(ctx, http.MethodGet, "/v1/verifications/"+id, nil, &v)
}

// check offers a code. What the start had as context is repeated, so that the
// code confirms nothing else.
func (s shop) check(ctx context.Context, id, code string, context map[string]any) (checked, error) {
	fields := map[string]any{"code": code}
	if len(context) > 0 {
		fields["context"] = context
	}
	var c checked
	return c, s.call(ctx, http.MethodPost, "/v1/verifications/"+id+"/check", fields, &c)
}

func (s shop) lookup(ctx context.Context, phone string) (phoneState, error) {
	var p phoneState
	return p, s.call(ctx, http.MethodPost, "/v1/phones/lookup", map[string]any{"phone": phone}, &p)
}

// call sends one request. A refusal becomes an error with the problem's code
// and sentence.
func (s shop) call(ctx context.Context, method, path string, in, out any) error {
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, &body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+s.key)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode >= 300 {
		problem := &refusal{Method: method, Path: path, Status: res.StatusCode}
		_ = json.NewDecoder(res.Body).Decode(problem)
		return problem
	}
	if out == nil {
		return nil
	}
	return json.NewDecoder(res.Body).Decode(out)
}
