package callbacks_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labstack/echo/v4"

	"otpravka/otpcore"
	"otpravka/webhook/callbacks"
)

var (
	errNobody = errors.New("no provider has this callback key")
	errMethod = errors.New("sms provider steppe: report came by an undeclared method")
)

// closed refuses every report: those of the provider steppe for their method,
// all others for their key.
type closed struct{}

func (closed) Receipts(key string, _ *http.Request) ([]otpcore.Receipt, callbacks.Reply, error) {
	if key == "steppe" {
		return nil, callbacks.Reply{Status: http.StatusMethodNotAllowed}, errMethod
	}
	return nil, callbacks.Reply{Status: http.StatusNotFound}, errNobody
}

func TestFloodOfRefusedReportsIsLoggedSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		e := echo.New()
		callbacks.New(callbacks.Config{SMS: closed{}, Receipts: &office{}, Log: slog.New(slog.NewTextHandler(&log, nil))}).Mount(e)
		flood := func(key string, n int) {
			for i := range n {
				r := httptest.NewRequestWithContext(context.Background(), "POST", fmt.Sprintf("/callbacks/sms/%s", strings.Replace(key, "%", fmt.Sprint(i), 1)), nil)
				e.ServeHTTP(httptest.NewRecorder(), r)
			}
		}
		flood("nobody%", 1000)
		flood("steppe", 10)
		time.Sleep(time.Minute)
		flood("nobody%", 500)
		time.Sleep(time.Minute)
		flood("steppe", 1)
		var got []string
		for line := range strings.Lines(log.String()) {
			_, line, _ = strings.Cut(strings.TrimSpace(line), "status=")
			got = append(got, line)
		}
		want := []string{
			fmt.Sprintf("404 error=%q skipped=0", errNobody), fmt.Sprintf("405 error=%q skipped=0", errMethod),
			fmt.Sprintf("404 error=%q skipped=999", errNobody), fmt.Sprintf("405 error=%q skipped=9", errMethod),
		}
		if !slices.Equal(got, want) {
			t.Errorf("the log says\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// Whoever looks for a key learns nothing from how a wrong one is answered.
func TestWrongKeysGetOneEmptyAnswer(t *testing.T) {
	r := open(t)
	shape := func(method, key string) string {
		res, said := r.post(method, key, `{"reports":[]}`)
		headers := maps.Clone(res.Header)
		maps.DeleteFunc(headers, func(name string, _ []string) bool { return name == "X-Request-Id" || name == "Date" })
		return fmt.Sprintf("%d %q %v", res.StatusCode, said, headers)
	}
	want := shape("POST", "nobody")
	if !strings.HasPrefix(want, `404 "" map[`) || !strings.Contains(want, "Content-Length:[0]") {
		t.Errorf("answered %s", want)
	}
	for _, key := range []string{secret[:len(secret)-1], secret + "0", strings.ToUpper(secret), "steppe", "x", strings.Repeat("x", 4096)} {
		for _, method := range []string{"POST", "GET", "PUT"} {
			if got := shape(method, key); got != want {
				t.Errorf("%s to %.30s: %s, want %s", method, key, got, want)
			}
		}
	}
}
