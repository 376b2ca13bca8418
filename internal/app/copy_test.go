package app_test

import (
	"path/filepath"
	"strings"
	"testing"

	"otpravka/internal/app"
	"otpravka/internal/pgtest"
	"otpravka/storage"
)

// move copies the stopped world's database and returns the target's URL to it.
func (w *world) move(to string) {
	w.Helper()
	w.stop()
	done, err := app.Copy(w.ctx(), w.cfg, storage.Transfer{From: w.cfg.DatabaseURL, To: to})
	w.must(err)
	if err := app.Run(w.ctx(), w.cfg); err == nil || !strings.Contains(err.Error(), "was moved to "+done.To) {
		w.Errorf("a server on the old database ends with %v", err)
	}
	for _, f := range app.Examine(w.ctx(), w.cfg, "") {
		if f.Subject == "database" && (f.Grade != app.Fail || !strings.Contains(f.Text, "was moved to "+done.To)) {
			w.Errorf("the doctor says of the old database: %s %s", f.Grade, f.Text)
		}
	}
	w.cfg.DatabaseURL = to
	w.start()
}

// A shop goes from SQLite to PostgreSQL and back, with a code on its way each
// time.
func TestAMovedServerGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	by := w.business("Shop")
	by.addBot(1)
	anna := by.link(goodPhone)
	var codes []string
	for _, to := range []string{pgtest.URL(t), "sqlite://" + filepath.Join(w.dir, "data", "back.db")} {
		v := by.begin(fields{"phone": goodPhone, "channels": []string{"telegram"}})
		code := by.inChat(anna, codes...).Code()
		codes = append(codes, code)
		by.settled(v.ID, "telegram:sent")
		wrong := by.check(v.ID, fields{"code": other(code)})
		before := by.get(v.ID)
		w.move(to)
		after := by.get(v.ID)
		if len(before.Timeline) == 0 || len(after.Timeline) != len(before.Timeline) || after.AttemptsLeft != wrong.AttemptsLeft {
			t.Errorf("before the move it is %+v, after it %+v", before, after)
		}
		for i, e := range after.Timeline {
			if e.Type != before.Timeline[i].Type {
				t.Errorf("entry %d of the timeline is %s, was %s", i, e.Type, before.Timeline[i].Type)
			}
		}
		if c := by.check(v.ID, fields{"code": code}); !c.Valid {
			t.Errorf("the code that was on its way: %s", c.Reason)
		}
		if got := by.get(v.ID); got.Status != "approved" || len(got.Timeline) <= len(after.Timeline) {
			t.Errorf("it is %s with %d entries", got.Status, len(got.Timeline))
		}
	}
}

func TestACopyNeedsTheKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.business("Shop")
	w.stop()
	target := filepath.Join(w.dir, "data", "target.db")
	transfer := storage.Transfer{From: w.cfg.DatabaseURL, To: target}
	cfg := w.cfg
	cfg.MasterKey = "HxECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	if _, err := app.Copy(w.ctx(), cfg, transfer); err == nil || !strings.Contains(err.Error(), "sealed with key") {
		t.Errorf("with another key: %v", err)
	}
	cfg = w.cfg
	cfg.MasterKeyFile = filepath.Join(w.dir, "key", "another.key")
	if _, err := app.Copy(w.ctx(), cfg, transfer); err == nil || !strings.Contains(err.Error(), "another.key") {
		t.Errorf("without a key: %v", err)
	}
	for _, pattern := range []string{target + "*", cfg.MasterKeyFile} {
		if left, err := filepath.Glob(pattern); err != nil || len(left) > 0 {
			t.Errorf("%v was made (%v)", left, err)
		}
	}
	w.start()
}
