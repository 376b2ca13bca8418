package bench

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func crewAt(t testing.TB, h http.Handler, n int) crew {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	to, err := newTarget(server.URL, "otp_live_key")
	if err != nil {
		t.Fatal(err)
	}
	c, err := (&site{target: to}).hire(t.Context(), n, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.dismiss() })
	return c
}

func TestCrewNotesRefusalsAndGoesOn(t *testing.T) {
	c := crewAt(t, &api{}, 2)
	refusedOnce := map[*customer]bool{}
	_, err := c[:1].work(t.Context(), func(cu *customer, _ context.Context) error {
		if !refusedOnce[cu] {
			refusedOnce[cu] = true
			_, err := cu.askFor(429)
			return err
		}
		if _, err := cu.askFor(1); err != nil {
			return err
		}
		return errDone
	}, time.Minute)
	if err != nil || c[0].refused[http.StatusTooManyRequests] != 1 || len(c[0].took[timedStart]) != 1 {
		t.Errorf("noted %v and %v, %v", c[0].refused, c[0].took, err)
	}
	if err := c.nothing(); err == nil || c[1:].nothing() == nil {
		t.Errorf("the refusal is told as %v", err)
	}
}

func TestCrewEndsWithTheFirstMistake(t *testing.T) {
	hang := make(chan struct{})
	c := crewAt(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }), 2)
	t.Cleanup(func() { close(hang) })
	mistake := errors.New("a mistake")
	_, err := c.work(t.Context(), func(cu *customer, _ context.Context) error {
		if cu == c[0] {
			return mistake
		}
		_, err := cu.askFor(1)
		return err
	}, time.Minute)
	if !errors.Is(err, mistake) {
		t.Errorf("the load ended with %v", err)
	}
}

func TestCustomerReadsTheCodeOfItsOwnMessage(t *testing.T) {
	s := &site{provider: &provider{}}
	cu := &customer{site: s, inbox: make(chan code, 1)}
	s.hand(letter{phone: 7}) // nobody waits
	cu.expect(8)
	s.hand(letter{phone: 8, code: code([]byte("123456"))})
	s.hand(letter{phone: 8, code: code([]byte("654321"))}) // a repeat
	if got, err := cu.read(t.Context(), started{}); err != nil || got != code([]byte("123456")) {
		t.Errorf("read %s, %v", got[:], err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := cu.read(ctx, started{id: someID}); !errors.Is(err, context.Canceled) {
		t.Errorf("a message that never comes: %v", err)
	}
}
