package demo

import (
	"context"
	"io"
	"testing"
	"time"
)

// soon is the shortest wait for an SMS that the API takes.
const soon = 10 * time.Second

// servePage runs the whole demo, as the command does, until the test ends.
func servePage(t testing.TB, lang string, fallback time.Duration) string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() {
		done <- Page(ctx, Options{
			Listen: "127.0.0.1:0", Lang: lang, FallbackAfter: fallback, Out: io.Discard, Log: t.Output(),
			Ready: func(url string) { ready <- url },
		})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	select {
	case url := <-ready:
		return url
	case err := <-done:
		done <- nil
		t.Fatal(err)
		return ""
	}
}
