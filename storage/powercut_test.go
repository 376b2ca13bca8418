package storage

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"otpravka/internal/fsync"
	"otpravka/otpcore"
)

// disk is what a power cut leaves of a directory: of each file the content that
// was there when it was last synced, and nothing of what was written since.
type disk struct {
	mu    sync.Mutex
	dir   string
	files map[string][]byte
	syncs int
	err   error
}

var disks struct {
	mu   sync.Mutex
	once sync.Once
	err  error
	all  []*disk
}

// watchDisk remembers what is synced in the directory.
func watchDisk(t testing.TB, dir string) *disk {
	t.Helper()
	disks.once.Do(func() { disks.err = fsync.Before(synced) })
	if disks.err != nil {
		t.Fatal(disks.err)
	}
	d := &disk{dir: dir, files: map[string][]byte{}}
	disks.mu.Lock()
	defer disks.mu.Unlock()
	disks.all = append(disks.all, d)
	return d
}

func synced(path string) {
	disks.mu.Lock()
	defer disks.mu.Unlock()
	for _, d := range disks.all {
		if strings.HasPrefix(path, d.dir) {
			d.synced(path)
		}
	}
}

func (d *disk) synced(path string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	content, err := os.ReadFile(path)
	d.err = errors.Join(d.err, err)
	d.files[path] = content
	d.syncs++
}

// cut copies what the power cut leaves to another directory.
func (d *disk) cut(to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for path, content := range d.files {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			continue // removed since, which SQLite syncs the directory for
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(path)), content, 0o600); err != nil {
			return err
		}
	}
	return d.err
}

// TestF24PowerCut cuts the power after each answered write: all that was
// answered is there again, though nothing is that was not synced.
func TestF24PowerCut(t *testing.T) {
	dir := t.TempDir()
	d := watchDisk(t, dir)
	db := mustOpen(t, filepath.Join(dir, "otpravka.db"))
	defer mustClose(t, db)
	const writes = 40
	for n := int64(1); n <= writes; n++ {
		before := d.syncs
		if err := db.Write(t.Context(), func(tx otpcore.Tx) error { return tx.SetOffset("bot_1", n) }); err != nil {
			t.Fatal(err)
		}
		if d.syncs == before {
			t.Fatalf("write %d was answered and nothing was synced", n)
		}
		if n%10 == 5 { // what is in the log goes into the file, as after many writes
			inWriter(t, db, func(*transaction) error { return nil })
			if err := checkpoint(t.Context(), db.writer.conn); err != nil {
				t.Fatal(err)
			}
		}
		left := t.TempDir()
		if err := d.cut(left); err != nil {
			t.Fatal(err)
		}
		after := mustOpen(t, filepath.Join(left, "otpravka.db"))
		got, err := after.Offset(t.Context(), "bot_1")
		if err != nil || got != n {
			t.Errorf("write %d was answered, and %d is there after a power cut: %v", n, got, err)
		}
		mustClose(t, after)
	}
}
