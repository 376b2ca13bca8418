package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"otpravka/otpcore"
	"otpravka/webhook"
	"otpravka/webhook/api"
	"otpravka/webhook/problem"
)

const (
	known   = "vrf_01kpx3q8e5f1ttgq0g7m9y2c4d"
	unknown = "vrf_01kpx3q8e5f1ttgq0g7m9y2c4e"
	foreign = "vrf_01kpx3q8e5f1ttgq0g7m9y2c4f"
)

// ring is a handful of keys, asked like the domain's.
type ring struct {
	mu      sync.Mutex
	keys    map[[32]byte]*otpcore.APIKey
	asked   int
	trouble error
}

func (r *ring) add(mode otpcore.Mode, scopes ...otpcore.Scope) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	b := &otpcore.Business{ID: otpcore.NewID(otpcore.PrefixBusiness, now)}
	key, text := otpcore.NewKey(b, mode, "test", scopes, now)
	r.keys[text.Hash()] = key
	return text.Reveal()
}

func (r *ring) Authenticate(_ context.Context, text otpcore.KeyText) (*otpcore.APIKey, *otpcore.Business, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	if r.trouble != nil {
		return nil, nil, r.trouble
	}
	key, ok := r.keys[text.Hash()]
	if !ok {
		return nil, nil, &otpcore.Error{Kind: otpcore.KindUnauthorized, Code: "key_revoked", Detail: "revoked yesterday"}
	}
	return key, &otpcore.Business{ID: key.BusinessID}, nil
}

// handlers serve one known verification; the other operations are not called.
type handlers struct{ api.StrictServerInterface }

func (handlers) GetVerification(_ context.Context, r api.GetVerificationRequestObject) (api.GetVerificationResponseObject, error) {
	if r.ID != known {
		return nil, otpcore.ErrNotFound
	}
	return api.GetVerification200JSONResponse{ID: r.ID}, nil
}

func (handlers) StartVerification(_ context.Context, r api.StartVerificationRequestObject) (api.StartVerificationResponseObject, error) {
	return api.StartVerification201JSONResponse{ID: known, Phone: &r.Body.Phone}, nil
}

func (handlers) ResendVerification(_ context.Context, r api.ResendVerificationRequestObject) (api.ResendVerificationResponseObject, error) {
	v := api.ResendVerification200JSONResponse{ID: r.ID}
	if r.Body != nil {
		v.Channel = r.Body.Channel
	}
	return v, nil
}

func (handlers) CheckVerification(context.Context, api.CheckVerificationRequestObject) (api.CheckVerificationResponseObject, error) {
	return nil, &otpcore.Error{Kind: otpcore.KindRateLimited, Code: "phone_locked", Detail: "Wait.", RetryAfter: time.Minute}
}

func (handlers) ListBots(_ context.Context, r api.ListBotsRequestObject) (api.ListBotsResponseObject, error) {
	return api.ListBots200JSONResponse{Items: make([]api.Bot, *r.Params.Limit)}, nil
}

func (handlers) CreateBot(context.Context, api.CreateBotRequestObject) (api.CreateBotResponseObject, error) {
	return api.CreateBot201JSONResponse{}, nil
}

// house is the API on a socket of its own.
type house struct {
	url  string
	ring *ring
	log  *bytes.Buffer // read after the server has stopped
	stop func()
}

func open(t testing.TB) *house {
	t.Helper()
	h := &house{ring: &ring{keys: map[[32]byte]*otpcore.APIKey{}}, log: &bytes.Buffer{}}
	surface, err := api.New(handlers{}, h.ring, 0)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.url = "http://" + ln.Addr().String()
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	server := webhook.New(webhook.Config{Log: slog.New(slog.NewJSONHandler(h.log, nil))}, surface)
	go func() { served <- server.Serve(ctx, ln) }()
	h.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	t.Cleanup(h.stop)
	return h
}

// answer is what came back.
type answer struct {
	*http.Response
	body    string
	problem problem.Problem
}

func (h *house) ask(t testing.TB, method, path, key, body string, headers ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, h.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header[headers[i]] = append(req.Header[headers[i]], headers[i+1])
	}
	if _, given := req.Header["Content-Type"]; !given && body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{Response: resp, body: string(text)}
	if resp.StatusCode >= 400 {
		if err := json.Unmarshal(text, &a.problem); err != nil {
			t.Fatalf("%d %s: %v", resp.StatusCode, text, err)
		}
	}
	return a
}
