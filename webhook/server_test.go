package webhook_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/goleak"

	"otpravka/otpcore/coretest"
	"otpravka/webhook"
	"otpravka/webhook/accesslog"
	"otpravka/webhook/problem"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen anyway.
const patience = 5 * time.Second

// room is a room with one route for each thing that a handler may do.
type room struct {
	entered chan struct{} // receives when /hold is reached
	release chan struct{} // lets /hold go on
	asked   atomic.Int64  // how often /private looked at a key
	revoked atomic.Bool   // makes /private refuse every key
}

func (r *room) Mount(e *echo.Echo) {
	read := func(c echo.Context) error {
		body, err := io.ReadAll(c.Request().Body)
		if err != nil {
			return problem.FromRead(err)
		}
		return c.Blob(http.StatusOK, "application/octet-stream", body)
	}
	e.POST("/echo", read)
	e.POST("/callbacks/test/:secret", read)
	e.GET("/things/:id", func(c echo.Context) error { return c.String(http.StatusOK, c.Param("id")) })
	e.GET("/panic", func(echo.Context) error { panic("code 493021") })
	e.GET("/beyond", func(c echo.Context) error { return c.String(http.StatusOK, c.Path()[len(c.Path()):][:1]) })
	e.GET("/error", func(echo.Context) error { return errors.New("dial 10.0.0.1: refused") })
	e.GET("/private", func(c echo.Context) error {
		r.asked.Add(1)
		_, key, _ := strings.Cut(c.Request().Header.Get("Authorization"), " ")
		if r.revoked.Load() || key != goodKey && key != otherGoodKey {
			return problem.New("unauthorized")
		}
		accesslog.Identify(c.Request().Context(), "biz_1", "key_1")
		return c.String(http.StatusOK, "hello")
	})
	e.GET("/endless", func(c echo.Context) error {
		for c.Request().Context().Err() == nil {
			if _, err := c.Response().Write(make([]byte, 64<<10)); err != nil {
				break
			}
		}
		return nil
	})
	e.GET("/hold", func(c echo.Context) error {
		r.entered <- struct{}{}
		<-r.release
		return c.String(http.StatusOK, "held")
	})
}

// journal is a log that tests may read while the server writes.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}

// running is a server on a socket of its own.
type running struct {
	addr   string
	log    *journal
	room   *room
	stop   context.CancelFunc
	served chan error
}

func serve(t testing.TB, limits webhook.Limits, ready func(context.Context) error) *running {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	r := &running{
		addr: ln.Addr().String(), log: &journal{}, stop: stop, served: make(chan error, 1),
		room: &room{entered: make(chan struct{}), release: make(chan struct{})},
	}
	if ready == nil {
		ready = func(context.Context) error { return nil }
	}
	s := webhook.New(webhook.Config{Log: coretest.NewLog(r.log), Ready: ready, Limits: limits}, r.room)
	go func() { r.served <- s.Serve(ctx, ln) }()
	t.Cleanup(stop)
	return r
}

// shut stops the server and returns what Serve returned.
func (r *running) shut(t testing.TB) error {
	t.Helper()
	r.stop()
	select {
	case err := <-r.served:
		return err
	case <-time.After(patience):
		t.Fatal("the server does not stop")
		return nil
	}
}

// dial opens a connection that no test can hang on.
func (r *running) dial(t testing.TB) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// raw writes bytes as they are and reads one answer.
func (r *running) raw(t testing.TB, request string) (*http.Response, string) {
	t.Helper()
	conn := r.dial(t)
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(request, " ")
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%.80q: %v", request, err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%.80q: %v", request, err)
	}
	_ = resp.Body.Close()
	return resp, string(body)
}

func get(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n" }

func TestHealthAndReadiness(t *testing.T) {
	var (
		mu      sync.Mutex
		trouble error
	)
	r := serve(t, webhook.Limits{}, func(context.Context) error {
		mu.Lock()
		defer mu.Unlock()
		return trouble
	})
	for _, path := range []string{"/healthz", "/readyz"} {
		if resp, body := r.raw(t, get(path)); resp.StatusCode != 200 || !strings.Contains(body, `"ok"`) {
			t.Errorf("%s: %d %s", path, resp.StatusCode, body)
		}
	}
	mu.Lock()
	trouble = errors.New("disk full on 10.0.0.1")
	mu.Unlock()
	resp, body := r.raw(t, get("/readyz"))
	if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || strings.Contains(body, "disk full") {
		t.Errorf("in trouble: %d %s", resp.StatusCode, body)
	}
	if resp, _ := r.raw(t, get("/healthz")); resp.StatusCode != 200 {
		t.Errorf("a process in trouble is alive, healthz says %d", resp.StatusCode)
	}
	if err := r.shut(t); err != nil {
		t.Error(err)
	}
}

func TestStopLetsRequestsFinish(t *testing.T) {
	r := serve(t, webhook.Limits{}, nil)
	conn := r.dial(t)
	if _, err := io.WriteString(conn, get("/hold")); err != nil {
		t.Fatal(err)
	}
	<-r.room.entered
	r.stop()
	waitRefused(t, r.addr)
	close(r.room.release)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("the request in hand was cut off: %v", err)
	}
	_ = resp.Body.Close()
	if err := r.shut(t); err != nil {
		t.Errorf("Serve = %v, want nil after a clean stop", err)
	}
}

// waitRefused returns once nobody listens any more.
func waitRefused(t testing.TB, addr string) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			return
		}
		_ = conn.Close()
	}
	t.Fatal("the server still accepts")
}

func TestStopIsBounded(t *testing.T) {
	r := serve(t, webhook.Limits{Drain: 20 * time.Millisecond}, nil)
	conn := r.dial(t)
	if _, err := io.WriteString(conn, get("/hold")); err != nil {
		t.Fatal(err)
	}
	<-r.room.entered
	if err := r.shut(t); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Serve = %v, want an error that requests were cut off", err)
	}
	close(r.room.release)
}

func TestBrokenListenerIsAnError(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = ln.Close()
	s := webhook.New(webhook.Config{Log: slog.New(slog.DiscardHandler)})
	if err := s.Serve(t.Context(), ln); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Serve = %v, want the listener's error", err)
	}
}
