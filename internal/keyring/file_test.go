package keyring_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"otpravka/internal/keyring"
)

func mustLoadOrCreate(t testing.TB, path string) *keyring.Ring {
	t.Helper()
	ring, err := keyring.LoadOrCreate(path)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func TestFirstStartMakesTheKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "conf", "otpravka", "master.key")
	if _, err := keyring.Load(path); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "put the file back") {
		t.Errorf("Load before the first start: %v", err)
	}
	first := mustLoadOrCreate(t, path)
	if again := mustLoadOrCreate(t, path); again.CheckValue() != first.CheckValue() {
		t.Error("the second start has another key")
	}
	for name, want := range map[string]fs.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != want && runtime.GOOS != "windows" {
			t.Errorf("%s: %v, %v, want %v", name, info.Mode(), err, want)
		}
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("files beside the key: %v, %v", left, err)
	}
}

func TestKeyFileIsNeverOverwritten(t *testing.T) {
	for name, text := range map[string]string{"empty": "", "damaged": "c2hvcnQ=\n"} {
		path := filepath.Join(t.TempDir(), "master.key")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := keyring.LoadOrCreate(path)
		if err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s file: %v", name, err)
		}
		if now, err := os.ReadFile(path); err != nil || string(now) != text {
			t.Errorf("%s file now holds %q, %v", name, now, err)
		}
	}
}

func TestKeyFileMustBePrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no permission bits")
	}
	path := filepath.Join(t.TempDir(), "master.key")
	mustLoadOrCreate(t, path)
	for mode, ok := range map[fs.FileMode]bool{0o600: true, 0o400: true, 0o640: false, 0o604: false, 0o644: false, 0o620: false} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := keyring.LoadOrCreate(path)
		if ok && err != nil {
			t.Errorf("mode %04o: %v", mode, err)
		}
		if !ok && (err == nil || !strings.Contains(err.Error(), "chmod 600 "+path)) {
			t.Errorf("mode %04o: %v, want the chmod to run", mode, err)
		}
	}
}

func TestUnusableKeyPaths(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"a directory": dir, "below a file": filepath.Join(file, "master.key")} {
		if _, err := keyring.LoadOrCreate(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// helperPath tells the test binary to be one of several starting servers.
const helperPath = "KEYRING_TEST_PATH"

func TestParallelStartsShareOneKey(t *testing.T) {
	if path := os.Getenv(helperPath); path != "" {
		if _, err := os.Stdout.WriteString("check:" + mustLoadOrCreate(t, path).CheckValue() + "\n"); err != nil {
			t.Fatal(err)
		}
		return
	}
	path := filepath.Join(t.TempDir(), "conf", "master.key")
	const starts = 6
	seen := make(chan string, 2*starts)
	var group sync.WaitGroup
	for range starts {
		group.Go(func() {
			if ring, err := keyring.LoadOrCreate(path); err != nil {
				t.Error(err)
			} else {
				seen <- ring.CheckValue()
			}
		})
		group.Go(func() {
			cmd := exec.Command(os.Args[0], "-test.run=^TestParallelStartsShareOneKey$")
			cmd.Env = append(os.Environ(), helperPath+"="+path)
			out, err := cmd.CombinedOutput()
			_, value, ok := strings.Cut(string(out), "check:")
			if err != nil || !ok {
				t.Errorf("process: %v: %s", err, out)
				return
			}
			value, _, _ = strings.Cut(value, "\n")
			seen <- value
		})
	}
	group.Wait()
	close(seen)
	want := mustLoadOrCreate(t, path).CheckValue()
	for value := range seen {
		if value != want {
			t.Errorf("a start got %s, the file holds %s", value, want)
		}
	}
}
