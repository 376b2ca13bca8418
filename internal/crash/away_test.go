package crash

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"otpravka/internal/pgtest"
)

// refused expects that the request was not stored, and that the answer says so
// and when to come back.
func (w *world) refused(path, once, body string) {
	w.Helper()
	req, err := http.NewRequest(http.MethodPost, w.url+path, strings.NewReader(body))
	w.must(err)
	req.Header.Set("Authorization", "Bearer "+w.key)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", once)
	res, err := w.http.Do(req)
	w.must(err)
	defer func() { _ = res.Body.Close() }()
	var said map[string]any
	w.must(json.NewDecoder(res.Body).Decode(&said))
	after, err := strconv.Atoi(res.Header.Get("Retry-After"))
	if res.StatusCode != http.StatusServiceUnavailable || err != nil || after < 1 || said["valid"] != nil {
		w.Errorf("%s without a database: %d, Retry-After %q, %v", path, res.StatusCode, res.Header.Get("Retry-After"), said)
	}
}

func (w *world) readiness() int {
	w.Helper()
	res, err := w.http.Get(w.url + "/readyz")
	w.must(err)
	w.must(res.Body.Close())
	return res.StatusCode
}

// TestPostgresAwayUnderLoad takes the database away while people confirm their
// phones, and brings it back.
func TestPostgresAwayUnderLoad(t *testing.T) {
	t.Parallel()
	away := 3 * time.Second
	if *full {
		away = 30 * time.Second
	}
	proxy := pgtest.NewProxy(t, pgtest.URL(t))
	w := newWorld(t, behind(proxy), "")
	people := w.live(func(w *world) {
		time.Sleep(500 * time.Millisecond) // some have begun
		proxy.Refuse(true)
		proxy.Cut()
		for n, over := 0, time.Now().Add(away); time.Now().Before(over); n++ {
			w.refused("/v1/verifications", fmt.Sprint("away-", n), `{"phone":"+77010009999"}`)
			if status := w.readiness(); status != http.StatusServiceUnavailable {
				w.Errorf("ready without a database: %d", status)
			}
			time.Sleep(200 * time.Millisecond)
		}
		proxy.Refuse(false)
		w.must(w.ready(w.ctx(), w.http))
	})
	w.hold(people)
	w.stop()
	if n := w.died(); n != 0 {
		t.Errorf("the server died %d times", n)
	}
	w.sound(people)
}
