package app_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"otpravka/internal/app"
)

// hold takes the write lock of the database, as a backup tool does that is
// stuck. The returned function gives it back.
func (w *world) hold() (release func()) {
	w.Helper()
	conn, err := w.behind().Conn(w.ctx())
	w.must(err)
	_, err = conn.ExecContext(w.ctx(), "BEGIN IMMEDIATE")
	w.must(err)
	return func() {
		w.Helper()
		_, err := conn.ExecContext(context.Background(), "ROLLBACK")
		w.must(err)
		w.must(conn.Close())
	}
}

// While somebody holds the database, clients are told so before their
// connection ends. Whoever repeats a request then learns what became of it, and
// it has one effect.
func TestHeldDatabaseIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(cfg *app.Config) { cfg.Limits.Write = time.Second })
	shop := w.business("Shop")
	release := w.hold()
	start := func(phone string) answer {
		return shop.ask("POST", "/v1/verifications", fields{"phone": phone, "channels": []string{"sms"}}, "Idempotency-Key", "start-"+phone)
	}
	phones := []string{"+77010000001", "+77010000002", "+77010000003"}
	for _, phone := range phones { // the first one is in the writer's hands, the others wait behind it
		a := start(phone)
		if a.status != http.StatusServiceUnavailable || a.code != "unavailable" || a.header.Get("Retry-After") == "" {
			t.Fatalf("answered %d %s", a.status, a.body)
		}
		if !strings.Contains(string(a.body), "same Idempotency-Key") {
			t.Errorf("the outcome is not known, and the answer says: %s", a.body)
		}
	}
	w.until("the server is not ready", func() bool { return w.ready() == http.StatusServiceUnavailable })
	release()
	w.until("the server is ready again", func() bool { return w.ready() == http.StatusOK })
	for _, phone := range phones {
		var first, again verification
		start(phone).into(shop, http.StatusCreated, &first)
		start(phone).into(shop, http.StatusCreated, &again)
		if first.ID != again.ID {
			t.Errorf("two verifications under one key: %s, %s", first.ID, again.ID)
		}
		shop.settled(first.ID, "sms:delivered")
		if n := len(w.sms.Inbox(phone)); n != 1 {
			t.Errorf("%d messages to one phone", n)
		}
	}
}

// Nor can whoever holds the database keep the server from stopping in time.
func TestHeldDatabaseDoesNotHoldTheStop(t *testing.T) {
	t.Parallel()
	const within = time.Second
	w := newWorld(t, func(cfg *app.Config) { cfg.StopWithin, cfg.Limits.Write = within, within/2 })
	shop := w.business("Shop")
	release := w.hold()
	if a := shop.ask("POST", "/v1/verifications", fields{"phone": goodPhone}); a.status != http.StatusServiceUnavailable {
		t.Errorf("answered %d %s", a.status, a.body) // and its work is still in the writer's hands
	}
	began := time.Now()
	err := w.end()
	if took := time.Since(began); took > within+patience/2 {
		t.Errorf("stopped after %v, want within %v and a moment", took, within)
	}
	if err == nil || !strings.Contains(err.Error(), "database: not finished") {
		t.Errorf("ended with %v, want that the database was left behind", err)
	}
	release()
	w.stop = func() {} // it has stopped, and said how
}
