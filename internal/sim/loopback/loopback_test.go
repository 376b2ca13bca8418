package loopback_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"otpravka/internal/sim/loopback"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCloseEndsEverything(t *testing.T) {
	var s loopback.Server
	entered := make(chan struct{})
	base, err := s.Listen(nil, http.HandlerFunc(func(_ http.ResponseWriter, _ *http.Request) {
		if !s.Enter() {
			return
		}
		defer s.Leave()
		close(entered)
		<-s.Closing()
	}))
	if err != nil || !strings.HasPrefix(base, "http://127.0.0.1:") || s.URL() != base {
		t.Fatalf("%q, %v", base, err)
	}
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	failed := make(chan error, 1)
	go func() {
		resp, err := client.Get(base)
		if err == nil {
			_ = resp.Body.Close()
		}
		failed <- err
	}()
	<-entered
	background := false
	s.Go(func() { <-s.Closing(); background = true })
	s.Close()
	s.Close()
	if !background {
		t.Error("close did not wait")
	}
	<-failed // An answer or a cut connection; both end the call.
	if s.Enter() || s.Go(func() {}) {
		t.Error("a closed server takes work")
	}
	if _, err := s.Listen(nil, nil); !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("listen after close: %v", err)
	}
}

func TestMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := loopback.NewMemory("sim.test")
		var s loopback.Server
		base, err := s.Listen(line, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, r.Host)
		}))
		if err != nil || base != "http://sim.test" {
			t.Fatalf("%q, %v", base, err)
		}
		client := line.Client()
		resp, err := client.Get(base)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if string(body) != "sim.test" || err != nil {
			t.Errorf("%q, %v", body, err)
		}
		s.Close()
		client.CloseIdleConnections()
		if _, err := line.DialContext(t.Context(), "", ""); !errors.Is(err, net.ErrClosed) {
			t.Errorf("dial after close: %v", err)
		}
	})
}

func TestMemoryDialGivesUp(t *testing.T) {
	line := loopback.NewMemory("sim.test")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := line.DialContext(ctx, "", ""); !errors.Is(err, context.Canceled) {
		t.Errorf("dial: %v", err)
	}
}
