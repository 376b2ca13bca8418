package app_test

import (
	"net/http"
	"testing"
)

// A database that answers every question and commits nothing is not ready. It
// is again by itself, though nobody sends it requests meanwhile.
func TestReadinessNeedsCommits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	full := w.behind()
	run := func(statement string) {
		t.Helper()
		_, err := full.ExecContext(w.ctx(), statement)
		w.must(err)
	}
	if w.ready() != http.StatusOK {
		t.Error("a new server is not ready")
	}
	// Whatever is written moves the time in this table as well.
	run("CREATE TRIGGER full BEFORE UPDATE ON meta BEGIN SELECT RAISE(ABORT, 'full'); END")
	if a := shop.ask("POST", "/v1/verifications", fields{"phone": goodPhone}); a.status != http.StatusServiceUnavailable {
		t.Errorf("a start that cannot be stored: %d %s", a.status, a.body)
	}
	for range 3 {
		if w.ready() != http.StatusServiceUnavailable {
			t.Error("ready, though nothing can be stored")
		}
	}
	run("DROP TRIGGER full")
	if w.ready() != http.StatusOK {
		t.Error("not ready, though everything can be stored again")
	}
	shop.begin(fields{"phone": goodPhone, "channels": []string{"sms"}})
	w.waitSMS(goodPhone)
}

// One transaction that the database refuses for what is in it says nothing of
// the others.
func TestReadinessSurvivesARefusedTransaction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	_, err := w.behind().ExecContext(w.ctx(), "CREATE TRIGGER refuse BEFORE INSERT ON verifications BEGIN SELECT RAISE(ABORT, 'no'); END")
	w.must(err)
	if a := shop.ask("POST", "/v1/verifications", fields{"phone": goodPhone}); a.status != http.StatusServiceUnavailable {
		t.Fatalf("answered %d %s", a.status, a.body)
	}
	if w.ready() != http.StatusOK {
		t.Error("not ready")
	}
}
