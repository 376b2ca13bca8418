package callbacks

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"otpravka/otpcore"
)

// oneBot takes whatever comes to its address.
type oneBot struct{}

func (oneBot) Receive(context.Context, string, http.Header, []byte) error { return nil }

func (oneBot) Greet(key, _ string) error {
	if key != "good" {
		return otpcore.ErrNotFound
	}
	return &otpcore.Error{Kind: otpcore.KindUnauthorized, Code: "unauthorized"}
}

// unread fails the test where anything of a body is read.
type unread struct{ testing.TB }

func (u unread) Read([]byte) (int, error) {
	u.Error("the body was read")
	return 0, io.EOF
}

// TestLargePostsAreBounded: many of them at once take no memory, and no turn of the
// usual ones.
func TestLargePostsAreBounded(t *testing.T) {
	c, e := New(Config{WhatsApp: oneBot{}, Log: slog.New(slog.DiscardHandler)}), echo.New()
	c.Mount(e)
	post := func(key string, body io.Reader, size int64) *httptest.ResponseRecorder {
		r, w := httptest.NewRequest(http.MethodPost, WhatsAppPath+key, body), httptest.NewRecorder()
		r.ContentLength = size
		e.ServeHTTP(w, r)
		return w
	}
	if w := post("bad", unread{t}, 2<<20); w.Code != http.StatusNotFound {
		t.Errorf("nobody's address: %d", w.Code)
	}
	for range largeAtOnce {
		c.large <- struct{}{}
	}
	for _, size := range []int64{2 << 20, -1} {
		if w := post("good", unread{t}, size); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
			t.Errorf("one too many of %d bytes: %d, %v", size, w.Code, w.Header())
		}
	}
	if w := post("good", strings.NewReader("{}"), 2); w.Code != http.StatusOK {
		t.Errorf("a small one: %d", w.Code)
	}
	<-c.large
	if w := post("good", strings.NewReader("{}"), -1); w.Code != http.StatusOK || len(c.large) != largeAtOnce-1 {
		t.Errorf("once there is room: %d, %d are read", w.Code, len(c.large))
	}
}
