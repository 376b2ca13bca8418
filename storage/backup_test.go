package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"otpravka/otpcore"
)

// keepWriting adds businesses until it is told to stop, and counts those that
// are durable.
func keepWriting(t testing.TB, db *DB) (written *atomic.Int64, stop func()) {
	t.Helper()
	written = new(atomic.Int64)
	halt, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case <-halt:
				ended <- nil
				return
			default:
			}
			b := &otpcore.Business{ID: otpcore.ID(fmt.Sprintf("biz_%06d", written.Load())), Name: strings.Repeat("Shop", 100)}
			if err := db.Write(context.Background(), func(tx otpcore.Tx) error { return tx.SaveBusiness(b) }); err != nil {
				ended <- err
				return
			}
			written.Add(1)
		}
	}()
	return written, func() {
		t.Helper()
		close(halt)
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
}

func TestBackupUnderLoadIsWhole(t *testing.T) {
	dir := t.TempDir()
	db := mustOpen(t, filepath.Join(dir, "otpravka.db"))
	written, stop := keepWriting(t, db)
	for written.Load() < 50 {
		if err := db.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 3 {
		before := written.Load()
		file := filepath.Join(dir, fmt.Sprintf("backup-%d.db", n))
		c, err := Backup(t.Context(), db.Name(), file)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(file)
		if err != nil || info.Mode().Perm() != 0o600 || info.Size() != c.Bytes || c.Path != file {
			t.Errorf("the copy is %v (%v), told as %+v", info, err, c)
		}
		copied := mustOpen(t, file)
		all, err := copied.Businesses(t.Context())
		if err != nil || int64(len(all)) < before {
			t.Errorf("the copy holds %d businesses, %d were durable before it (%v)", len(all), before, err)
		}
		mustClose(t, copied)
	}
	stop()
	mustClose(t, db)
	// What was written while the copies were made is where it belongs.
	db = mustOpen(t, db.Name())
	all, err := db.Businesses(t.Context())
	if err != nil || int64(len(all)) != written.Load() {
		t.Errorf("the database holds %d businesses, %d were written (%v)", len(all), written.Load(), err)
	}
	mustClose(t, db)
}

func TestBackupHoldsNothingThatWasDeleted(t *testing.T) {
	dir := t.TempDir()
	db := mustOpen(t, filepath.Join(dir, "otpravka.db"))
	const secret = "a-word-that-stood-here"
	for _, word := range []string{secret, "another-word"} {
		must(t, db.Write(t.Context(), func(tx otpcore.Tx) error {
			return tx.SaveBusiness(&otpcore.Business{ID: "biz_1", Name: word})
		}))
	}
	file := filepath.Join(dir, "backup.db")
	if _, err := Backup(t.Context(), db.Name(), file); err != nil {
		t.Fatal(err)
	}
	mustClose(t, db)
	raw, err := os.ReadFile(file)
	if err != nil || strings.Contains(string(raw), secret) || !strings.Contains(string(raw), "another-word") {
		t.Errorf("the copy holds what was overwritten, or not what stands there (%v)", err)
	}
}

func TestBackupLeavesNothingAfterARefusal(t *testing.T) {
	dir := t.TempDir()
	source := filepath.Join(dir, "otpravka.db")
	mustClose(t, mustOpen(t, source))
	taken, letter := filepath.Join(dir, "taken.db"), filepath.Join(dir, "letter.db")
	must(t, os.WriteFile(taken, []byte("the only good copy"), 0o600))
	must(t, os.WriteFile(letter, []byte(strings.Repeat("This is a letter. ", 300)), 0o600))
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, tt := range map[string]struct {
		ctx        context.Context
		from, file string
		want       string
	}{
		"name is taken":   {t.Context(), source, taken, "is not overwritten"},
		"name is a place": {t.Context(), source, dir, "is not overwritten"},
		"no directory":    {t.Context(), source, filepath.Join(dir, "none", "b.db"), "no directory " + filepath.Join(dir, "none") + " for the copy"},
		"no such place":   {t.Context(), source, filepath.Join(letter, "b.db"), "not a directory"},
		"no database":     {t.Context(), filepath.Join(dir, "none.db"), filepath.Join(dir, "b.db"), "no database at"},
		"another file":    {t.Context(), letter, filepath.Join(dir, "b.db"), "is not a SQLite database"},
		"interrupted":     {gone, source, filepath.Join(dir, "b.db"), "no backup was made"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Backup(tt.ctx, tt.from, tt.file)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("refused with %v, want %q", err, tt.want)
			}
			if err != nil && (strings.Contains(err.Error(), ".part-") || strings.Contains(err.Error(), "put the database")) {
				t.Errorf("this speaks of what nobody asked for: %v", err)
			}
		})
	}
	if raw, err := os.ReadFile(taken); err != nil || string(raw) != "the only good copy" {
		t.Errorf("the older copy was touched: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("%v are left (%v)", left, err)
	}
}

func TestBeginEpochNeedsADatabaseOfItsOwn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "otpravka.db")
	if _, err := BeginEpoch(t.Context(), path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a database: %v", err)
	}
	db := mustOpen(t, path)
	if _, err := BeginEpoch(t.Context(), path); err == nil || !strings.Contains(err.Error(), "stop it") {
		t.Errorf("beside a server: %v", err)
	}
	mustClose(t, db)
	for want := range int64(3) {
		if e, err := BeginEpoch(t.Context(), path); err != nil || e.Number != want+2 || e.Ended != 0 {
			t.Errorf("epoch %d begins with %+v, %v", want+2, e, err)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Names of what a child of the tests is told to copy, and where to.
const backupFromEnv, backupEnv = "OTPRAVKA_TEST_BACKUP_FROM", "OTPRAVKA_TEST_BACKUP_TO"

// TestBackupWithoutRoomLeavesNothing: each try of the night would take more of a disk
// that is full. A process that may write no larger files stands for the disk.
func TestBackupWithoutRoomLeavesNothing(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("needs a shell that can limit what a process writes")
	}
	from, to := filepath.Join(t.TempDir(), "otpravka.db"), t.TempDir()
	db := mustOpen(t, from)
	for n := range 150 {
		b := &otpcore.Business{ID: otpcore.ID(fmt.Sprintf("biz_%06d", n)), Name: strings.Repeat("Shop", 50_000)}
		if err := db.Write(t.Context(), func(tx otpcore.Tx) error { return tx.SaveBusiness(b) }); err != nil {
			t.Fatal(err)
		}
	}
	mustClose(t, db)
	cmd := exec.Command(shell, "-c", `ulimit -f 2000; exec "$0"`, os.Args[0])
	cmd.Env = append(os.Environ(), backupFromEnv+"="+from, backupEnv+"="+filepath.Join(to, "copy.db"))
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "no backup was made") {
		t.Fatalf("the copy ends with %v and says %s", err, out)
	}
	if left, err := os.ReadDir(to); err != nil || len(left) != 0 {
		t.Errorf("it leaves %v (%v)", left, err)
	}
}
