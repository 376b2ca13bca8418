package app_test

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"otpravka/storage"
)

// erase deletes verifications past the server, as clean-up does when their time
// is over. The server must not be running.
func (w *world) erase(ids ...string) {
	w.Helper()
	path, err := storage.Location(w.cfg.DatabaseURL)
	w.must(err)
	db, err := sql.Open("sqlite", path)
	w.must(err)
	defer func() { w.must(db.Close()) }()
	for _, id := range ids {
		for _, statement := range []string{
			"DELETE FROM events WHERE verification_id = $1", "DELETE FROM deliveries WHERE verification_id = $1", "DELETE FROM verifications WHERE id = $1",
		} {
			_, err := db.ExecContext(context.Background(), statement, id)
			w.must(err)
		}
	}
}

// face is all that an answer shows, but for what differs between any two.
func face(a answer) string {
	headers := maps.Clone(a.header)
	for _, name := range []string{"Date", "X-Request-Id", "Ratelimit"} {
		headers.Del(name)
	}
	return fmt.Sprintf("%d %s %v", a.status, a.body, headers)
}

func TestT20UnknownForeignAndPurgedIDsLookAlike(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop, neighbour := w.business("Shop"), w.business("Neighbour")
	foreign := neighbour.begin(fields{"phone": goodPhone, "channels": []string{"sms"}}).ID
	purged := shop.begin(fields{"phone": goodPhone, "channels": []string{"sms"}}).ID
	var trial verification
	shop.askWith(shop.trial, "POST", "/v1/verifications", fields{"phone": goodPhone}).into(shop, http.StatusCreated, &trial)
	shop.settled(purged, "sms:delivered")
	w.stop()
	w.erase(purged)
	w.start()
	for _, call := range []struct {
		method, path string
		body         any
	}{
		{"GET", "", nil}, {"POST", "/check", fields{"code": "123456"}}, {"POST", "/resend", fields{}}, {"POST", "/cancel", nil},
	} {
		ask := func(id string) string {
			return face(shop.ask(call.method, "/v1/verifications/"+id+call.path, call.body))
		}
		want := ask("vrf_01kpx3q8e5f1ttgq0g7m9y2c4d")
		if !strings.HasPrefix(want, "404 ") {
			t.Fatalf("%s of an unknown id: %s", call.path, want)
		}
		for name, id := range map[string]string{
			"foreign": foreign, "purged": purged, "of the other mode": trial.ID, "of another kind": "biz_01kpx3q8e5f1ttgq0g7m9y2c4d",
			"malformed": "x", "almost right": foreign[:len(foreign)-1] + "u",
		} {
			if got := ask(id); got != want {
				t.Errorf("%s%s, %s: %s, want %s", call.method, call.path, name, got, want)
			}
		}
	}
}

func TestT20LooksForUnknownIDsAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	known := shop.begin(fields{"phone": goodPhone, "channels": []string{"sms"}}).ID
	key, misses := shop.keys[0], 0
	var refused answer
	for n := 0; n < 200 && refused.status == 0; n++ {
		a := shop.askWith(key, "GET", fmt.Sprintf("/v1/verifications/vrf_01kpx3q8e5f1ttgq0g7m9y2%03d", n), nil)
		switch {
		case a.status == http.StatusNotFound:
			misses++
		case a.status == http.StatusTooManyRequests && a.header.Get("Retry-After") != "":
			refused = a
		default:
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	// One a second comes back while the loop runs.
	if misses < 60 || misses > 70 {
		t.Errorf("%d unknown ids were looked for, want 60 in a minute", misses)
	}
	if a := shop.askWith(key, "GET", "/v1/verifications/"+known, nil); a.status != refused.status {
		t.Errorf("a known id is told from an unknown one: %d %s", a.status, a.body)
	}
	if a := shop.askWith(key, "GET", "/v1/settings", nil); a.status != http.StatusOK {
		t.Errorf("other calls are refused as well: %d", a.status)
	}
}
