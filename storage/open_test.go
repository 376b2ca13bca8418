package storage

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
	"otpravka/storage/storagetest"
)

var labOptions = storagetest.Options{Boot: "run_1"}

func openAt(t testing.TB, url string) (*DB, error) {
	t.Helper()
	return Open(t.Context(), Config{URL: url, Boot: "run_1"})
}

func mustOpen(t testing.TB, url string) *DB {
	t.Helper()
	db, err := openAt(t, url)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func mustClose(t testing.TB, db *DB) {
	t.Helper()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestOpenSaysWhatToDo(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "plain.txt")
	if err := os.WriteFile(file, bytes.Repeat([]byte("no database "), 400), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ url, want string }{
		{"mysql://root@localhost/otp", "sqlite:///path/file.db"},
		{"postgres://localhost:port/otp", "is no PostgreSQL address"},
		{"", "sqlite:///path/file.db"},
		{"sqlite://", "sqlite:///path/file.db"},
		{"sqlite://" + filepath.Join(dir, "a.db") + "?mode=ro", "no options"},
		{"sqlite://" + dir, "is a directory: name a file in it"},
		{"sqlite://" + filepath.Join(file, "data", "otpravka.db"), "cannot write " + filepath.Join(file, "data")},
		{"sqlite://" + file, file + " is not a SQLite database"},
	} {
		db, err := openAt(t, c.url)
		if err == nil {
			mustClose(t, db)
			t.Errorf("%q was opened", c.url)
		} else if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: error %q does not say %q in one sentence", c.url, err, c.want)
		}
	}
}

func TestOpenTakesAnyPath(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b#c%20d", "база.db")
	mustClose(t, mustOpen(t, "sqlite://"+path))
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestFilesArePrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "otpravka.db")
	db := mustOpen(t, path)
	defer mustClose(t, db)
	for name, want := range map[string]os.FileMode{
		filepath.Dir(path): 0o700, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600, path + ".lock": 0o600,
	} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %o, want %o", name, info.Mode().Perm(), want)
		}
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "otpravka.db")
	db := mustOpen(t, path)
	_, err := openAt(t, path)
	if err == nil || !strings.Contains(err.Error(), "another otpravka process") || !strings.Contains(err.Error(), path) {
		t.Errorf("second open: %v", err)
	}
	mustClose(t, db)
	mustClose(t, mustOpen(t, path))
}

func TestNewerSchemaIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "otpravka.db")
	db := mustOpen(t, path)
	inWriter(t, db, func(tr *transaction) error {
		_, err := tr.exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`)
		return err
	})
	mustClose(t, db)
	if _, err := openAt(t, path); err == nil || !strings.Contains(err.Error(), "schema version 99") {
		t.Errorf("open: %v", err)
	}
	if in, err := Inspect(t.Context(), path); err != nil || in.Closed == nil || !strings.Contains(in.Closed.Error(), "schema version 99") {
		t.Errorf("the doctor sees %v, %v", in.Closed, err)
	}
}

// childEnv makes the test binary a process that writes until it is killed.
const childEnv = "OTPRAVKA_STORAGE_CHILD"

// writeForEver stores one business after the other and prints the id of each
// one that was answered.
func writeForEver(path string) error {
	ctx := context.Background()
	db, err := Open(ctx, Config{URL: path, Boot: "run_child"})
	if err != nil {
		return err
	}
	for {
		b := otpcore.Business{ID: otpcore.NewID(otpcore.PrefixBusiness, time.Now()), Name: "Shop"}
		if err := db.Write(ctx, func(tx otpcore.Tx) error { return tx.SaveBusiness(&b) }); err != nil {
			return err
		}
		fmt.Println(b.ID)
	}
}

func TestKilledProcessLosesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "otpravka.db")
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childEnv+"="+path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	var answered []otpcore.ID
	for len(answered) < 50 && lines.Scan() {
		answered = append(answered, otpcore.ID(lines.Text()))
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() { // answered before the signal came
		if id, ok := otpcore.ParseID(otpcore.PrefixBusiness, lines.Text()); ok {
			answered = append(answered, id)
		}
	}
	_ = child.Wait() // it was killed
	if len(answered) < 50 {
		t.Fatalf("the process answered %d times before it ended", len(answered))
	}
	db := mustOpen(t, path) // its lock is gone with it
	defer mustClose(t, db)
	for _, id := range answered {
		if _, err := db.Business(t.Context(), id); err != nil {
			t.Fatalf("business %s was answered and is lost: %v", id, err)
		}
	}
}

// TestSeedsLeaveTheFiles looks for the bytes of seeds in what a stopped server
// leaves on the disk.
func TestSeedsLeaveTheFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "otpravka.db")
	db := mustOpen(t, path)
	shop := &otpcore.Business{ID: otpcore.NewID(otpcore.PrefixBusiness, time.Now()), Name: "Shop", Settings: otpcore.Settings{Countries: []string{"KZ"}}}
	inWriter(t, db, func(tr *transaction) error { return tr.saveBusiness(shop) })
	core := otpcore.New(otpcore.Config{
		Ledger: db, Reader: db, Vault: coretest.NewVault(), Carriers: coretest.NewCarriers(otpcore.SMS),
		Renderer: coretest.NewRenderer(), Phones: coretest.NewPhones(), Rules: otpcore.DefaultRules(), Boot: "run_1",
		Logger: slog.New(slog.DiscardHandler),
	})
	by := otpcore.Caller{Business: shop, Mode: otpcore.Live}
	var live, ended [][]byte
	for n := range 40 {
		s, err := core.Verifications.Start(t.Context(), by, otpcore.StartRequest{Phone: fmt.Sprintf("+7701%07d", n)})
		if err != nil {
			t.Fatal(err)
		}
		if n%2 == 0 {
			live = append(live, s.Verification.Seed)
			continue
		}
		ended = append(ended, s.Verification.Seed)
		if _, err := core.Verifications.Cancel(t.Context(), by, s.Verification.ID, nil); err != nil {
			t.Fatal(err)
		}
	}
	mustClose(t, db)
	var disk []byte
	names, err := filepath.Glob(path + "*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
		disk = append(disk, content...)
	}
	for _, seed := range live {
		if !bytes.Contains(disk, seed) {
			t.Fatal("the search does not even find the seed of a pending verification")
		}
	}
	for _, seed := range ended {
		if bytes.Contains(disk, seed) {
			t.Error("the seed of an ended verification is still on the disk")
		}
	}
}
