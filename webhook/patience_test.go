package webhook_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"otpravka/otpcore"
	"otpravka/webhook"
	bound "otpravka/webhook/patience"
)

// stalled is a room whose storage never answers.
type stalled struct{}

func (stalled) Mount(e *echo.Echo) {
	e.POST("/store", func(c echo.Context) error {
		ctx := c.Request().Context()
		<-ctx.Done()
		return otpcore.Unavailable(context.Cause(ctx))
	})
	// A request that is meant to wait outlives what others are given.
	e.GET("/wait", func(c echo.Context) error {
		ctx := c.Request().Context()
		<-ctx.Done()
		if err := bound.Lift(ctx).Err(); err != nil {
			return err
		}
		return c.NoContent(http.StatusNoContent)
	})
}

func TestStalledRequestIsAnsweredBeforeItsConnectionEnds(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	r := &running{addr: ln.Addr().String(), stop: stop, served: make(chan error, 1)}
	limits := webhook.Limits{Write: 2 * time.Second}
	s := webhook.New(webhook.Config{Log: slog.New(slog.DiscardHandler), Limits: limits}, stalled{})
	go func() { r.served <- s.Serve(ctx, ln) }()

	resp, body := r.raw(t, "POST /store HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
	if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("answered %d, Retry-After %q", resp.StatusCode, resp.Header.Get("Retry-After"))
	}
	if !strings.Contains(body, "same Idempotency-Key") || strings.Contains(body, "Nothing happened") {
		t.Errorf("the outcome is not known, and the answer says: %s", body)
	}
	if resp, body := r.raw(t, get("/wait")); resp.StatusCode != http.StatusNoContent {
		t.Errorf("a request that is meant to wait: %d %s", resp.StatusCode, body)
	}
	if err := r.shut(t); err != nil {
		t.Error(err)
	}
}
