package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

const someID = "vrf_01jd9q8z7xk5v2m3n4p5q6r7s8"

// api answers like the real one, and keeps what it was asked.
type api struct {
	mu    sync.Mutex
	asked []string
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	a.mu.Lock()
	a.asked = append(a.asked, fmt.Sprintf("%s %s %s %s", r.Method, r.URL.Path, r.Header.Get("Authorization"), body))
	a.mu.Unlock()
	var asked struct{ Phone, Code string }
	switch err := json.Unmarshal(body, &asked); {
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
	case asked.Phone == "+77010000429":
		http.Error(w, `{"code":"rate_limited"}`, http.StatusTooManyRequests)
	case asked.Phone != "":
		w.WriteHeader(http.StatusCreated)
		_, _ = fmt.Fprintf(w, `{"id":%q,"fallback_at":"2026-11-22T10:00:45.125Z","hint":%q,"test_code":"123456"}`,
			someID, strings.Repeat("h", 4000)) // so much that the standard library sends chunks
	default:
		_, _ = fmt.Fprintf(w, `{"id":%q,"valid":%t}`, someID, asked.Code == "123456")
	}
}

func connected(t testing.TB, h http.Handler, wishes string) *client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	to, err := newTarget(server.URL, "otp_live_key")
	if err != nil {
		t.Fatal(err)
	}
	c, err := to.connect(t.Context(), wishes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.close() })
	return c
}

func TestClientStartsAndChecks(t *testing.T) {
	a := &api{}
	c := connected(t, a, ","+blankAfter)
	s, err := c.startFor(7654321)
	if err != nil || s.id != someID || s.testCode != "123456" {
		t.Fatalf("started %+v, %v", s, err)
	}
	if want := time.Date(2026, 11, 22, 10, 0, 45, 125e6, time.UTC); !s.fallbackAt.Equal(want) {
		t.Errorf("the fallback is at %v", s.fallbackAt)
	}
	for digits, want := range map[string]bool{"123456": true, "123457": false} {
		if valid, err := c.offer(s.id, code([]byte(digits))); err != nil || valid != want {
			t.Errorf("%s is valid: %t, %v", digits, valid, err)
		}
	}
	c.fallBackAfter(299*time.Second + 1)
	if _, err := c.startFor(1); err != nil {
		t.Error(err)
	}
	if first := `POST /v1/verifications Bearer otp_live_key {"phone":"+77017654321","fallback_after": 45}`; a.asked[0] != first {
		t.Errorf("the first request was %s", a.asked[0])
	}
	if last := `POST /v1/verifications Bearer otp_live_key {"phone":"+77010000001","fallback_after":300}`; a.asked[3] != last {
		t.Errorf("the last request was %s", a.asked[3])
	}
}

func TestClientTellsRefusalsFromMistakes(t *testing.T) {
	c := connected(t, &api{}, "")
	_, err := c.startFor(429)
	if r, ok := errors.AsType[*refusal](err); !ok || r.status != http.StatusTooManyRequests || !strings.Contains(r.body, "rate_limited") {
		t.Errorf("the refusal is %v", err)
	}
	if _, err := c.startFor(1); err != nil {
		t.Errorf("the connection is of no use after a refusal: %v", err)
	}
	if _, err := c.startFor(10_000_000); err == nil {
		t.Error("a phone was asked for that has too many digits")
	}
	c = connected(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{}`) }), "")
	if _, err := c.startFor(1); err == nil {
		t.Error("an answer without a verification is none")
	}
}

func TestTargetTakesTheBaseOfAnAPI(t *testing.T) {
	for address, want := range map[string]string{
		"http://127.0.0.1:8080": "127.0.0.1:8080", "https://codes.example.com/": "codes.example.com:443", "http://[::1]": "[::1]:80",
	} {
		if to, err := newTarget(address, "k"); err != nil || to.addr != want {
			t.Errorf("%s is dialed as %q, %v", address, to.addr, err)
		}
	}
	for _, address := range []string{"127.0.0.1:8080", "ftp://host", "http://host/v1", "", "http://"} {
		if _, err := newTarget(address, "k"); err == nil {
			t.Errorf("%q was taken", address)
		}
	}
}

// BenchmarkClient compares the bench's client with the standard library's, both
// over one connection to a server that does nothing. The CPU is that of both
// ends together.
func BenchmarkClient(b *testing.B) {
	stop, address, err := echoServer()
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = stop() }()
	to, err := newTarget(address, "otp_live_key")
	if err != nil {
		b.Fatal(err)
	}
	b.Run("bench", func(b *testing.B) {
		c, err := to.connect(context.Background(), "")
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = c.close() }()
		eachCPU(b, func(i int) error {
			_, err := c.startFor(i)
			return err
		})
	})
	b.Run("net-http", func(b *testing.B) {
		transport := &http.Transport{}
		defer transport.CloseIdleConnections()
		eachCPU(b, func(i int) error { return startWithLibrary(transport, to, i) })
	})
}

func startWithLibrary(transport *http.Transport, to target, i int) error {
	body := fmt.Sprintf(`{"phone":"+7701%07d"}`, i)
	req, err := http.NewRequest(http.MethodPost, "http://"+to.host+"/v1/verifications", strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+to.key)
	req.Header.Set("Content-Type", "application/json")
	res, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	var s struct{ ID string }
	return json.NewDecoder(res.Body).Decode(&s)
}

func eachCPU(b *testing.B, do func(i int) error) {
	b.Helper()
	before, missing := usageOf(os.Getpid())
	b.ResetTimer()
	for i := range b.N {
		if err := do(i); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	if after, err := usageOf(os.Getpid()); err == nil && missing == nil {
		b.ReportMetric(float64((after.cpu-before.cpu).Microseconds())/float64(b.N), "cpu-µs/op")
	}
}
