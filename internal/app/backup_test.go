package app_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"otpravka/internal/app"
	"otpravka/internal/sim/smssim"
	"otpravka/storage"
)

func (w *world) backup(name string) app.Copied {
	w.Helper()
	c, err := app.Backup(w.ctx(), w.cfg, filepath.Join(w.dir, name))
	w.must(err)
	if c.KeyTrouble != nil || c.Key != w.cfg.MasterKeyFile {
		w.Errorf("the key of the copy is %s (%v)", c.Key, c.KeyTrouble)
	}
	return c
}

// restore puts the copy in the place of the database, as operators are told.
func (w *world) restore(c app.Copied) {
	w.Helper()
	w.stop()
	path, err := storage.Location(w.cfg.DatabaseURL)
	w.must(err)
	for _, old := range []string{path, path + "-wal", path + "-shm"} {
		if err := os.Remove(old); !errors.Is(err, fs.ErrNotExist) {
			w.must(err)
		}
	}
	raw, err := os.ReadFile(c.Path)
	w.must(err)
	w.must(os.WriteFile(path, raw, 0o600))
}

// load starts verifications until it is stopped, and counts them.
func (s *shop) load(workers int) (stop func() int) {
	var working sync.WaitGroup
	halt := make(chan struct{})
	begun := make([]int, workers)
	for n := range workers {
		working.Go(func() {
			for {
				select {
				case <-halt:
					return
				default:
				}
				phone := fmt.Sprintf("+7702%d%06d", n, begun[n])
				a, err := s.do(s.request("POST", "/v1/verifications", fields{"phone": phone, "channels": []string{"sms"}}), s.keys[n%len(s.keys)])
				if err != nil || a.status != 201 {
					s.Errorf("a start during the backup: %d %s, %v", a.status, a.body, err)
					return
				}
				begun[n]++
			}
		})
	}
	return func() (all int) {
		close(halt)
		working.Wait()
		for _, n := range begun {
			all += n
		}
		return all
	}
}

func TestBackupUnderLoadOpensInTheServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, wide, func(cfg *app.Config) { cfg.CallsPerSecond = 100_000 })
	by := w.business("Shop")
	w.sms.ReportsFor("+77010000001", smssim.Reports{Never: true})
	v := by.begin(fields{"phone": "+77010000001", "channels": []string{"sms"}})
	by.settled(v.ID, "sms:sent")
	by.check(v.ID, fields{"code": w.waitSMS("+77010000001").Code()})
	ended := by.get(v.ID)
	stop := by.load(4)
	var last app.Copied
	for n := range 3 {
		last = w.backup(fmt.Sprintf("copy-%d.db", n))
	}
	if begun := stop(); begun == 0 {
		t.Fatal("nothing was started during the backups")
	}
	w.restore(last)
	w.start()
	after := by.get(v.ID)
	if after.Status != "approved" || after.Phone != ended.Phone || len(after.Timeline) != len(ended.Timeline) {
		t.Errorf("the ended verification is %+v, was %+v", after, ended)
	}
	v = by.begin(fields{"phone": "+77010000003", "channels": []string{"sms"}})
	if c := by.check(v.ID, fields{"code": w.waitSMS("+77010000003").Code()}); !c.Valid {
		t.Errorf("a code of after the restore: %s", c.Reason)
	}
}

func TestBackupNeedsItsKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.business("Shop")
	w.backup("first.db")
	key, err := os.ReadFile(w.cfg.MasterKeyFile)
	w.must(err)
	right := w.cfg.MasterKeyFile
	w.cfg.MasterKeyFile = filepath.Join(w.dir, "key", "another.key")
	copied, err := app.Backup(w.ctx(), w.cfg, filepath.Join(w.dir, "copy.db"))
	w.must(err)
	if !errors.Is(copied.KeyTrouble, fs.ErrNotExist) {
		t.Errorf("a key that is gone: %v", copied.KeyTrouble)
	}
	raw, err := os.ReadFile(copied.Path)
	w.must(err)
	if strings.Contains(string(raw), strings.TrimSpace(string(key))) {
		t.Error("the key is in the backup")
	}
	w.restore(copied)
	w.must(os.WriteFile(w.cfg.MasterKeyFile, []byte("HxECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"), 0o600))
	if err := app.Run(w.ctx(), w.cfg); err == nil || !strings.Contains(err.Error(), "sealed with key") {
		t.Errorf("the copy with another key: %v", err)
	}
	w.cfg.MasterKeyFile = right
	w.start()
}

func TestARestoredServerReplaysNoCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	by := w.business("Shop")
	by.addBot(1)
	anna := by.link(goodPhone)
	asked := fields{"phone": goodPhone, "channels": []string{"telegram"}}
	v := by.begin(asked, "Idempotency-Key", "start")
	code := by.inChat(anna).Code()
	by.settled(v.ID, "telegram:sent")
	copied := w.backup("copy.db")
	if _, err := storage.BeginEpoch(w.ctx(), w.cfg.DatabaseURL); err == nil || !strings.Contains(err.Error(), "another otpravka process") {
		t.Errorf("a new epoch beside the server: %v", err)
	}
	if c := by.check(v.ID, fields{"code": code}, "Idempotency-Key", "once"); !c.Valid {
		t.Fatalf("check: %s", c.Reason)
	}
	w.restore(copied)
	e, err := storage.BeginEpoch(w.ctx(), w.cfg.DatabaseURL)
	w.must(err)
	if e.Ended != 1 {
		t.Errorf("%d verifications are over, want 1", e.Ended)
	}
	w.start()
	if c := by.check(v.ID, fields{"code": code}, "Idempotency-Key", "once"); c.Valid || c.Reason != "expired" {
		t.Errorf("the code that was used after the backup: %+v", c)
	}
	got := by.get(v.ID)
	if got.Status != "expired" || got.EndReason != "expired" {
		t.Errorf("it is %s, %s", got.Status, got.EndReason)
	}
	because := ""
	for _, entry := range got.Timeline {
		if entry.Type == "verification.expired" {
			because = entry.Data["because"]
		}
	}
	if because != "restored" {
		t.Errorf("its timeline does not say why: %+v", got.Timeline)
	}
	before := len(anna.Chat(by.bot).Messages)
	if repeated := by.begin(asked, "Idempotency-Key", "start"); repeated.ID != v.ID {
		t.Errorf("the start of before the backup was %s, and its repeat is %s", v.ID, repeated.ID)
	}
	again := by.begin(asked)
	if c := by.check(again.ID, fields{"code": by.inChat(anna, code).Code()}); !c.Valid {
		t.Errorf("a code of after the restore: %s", c.Reason)
	}
	if n := len(anna.Chat(by.bot).Messages) - before; n != 1 {
		t.Errorf("%d messages since the restore, want that of the new start", n)
	}
}
