package keyring

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// fileHead explains the file to whoever finds it.
const fileHead = `# The master key of Otpravka. Without it the database is unreadable: keep a
# copy in another place than the backups of the database.
# To change it, put a new key on a line of its own above the old ones, and leave
# those where they are: the first seals, all of them open.
`

// maxFile bounds what is read, so that a wrong path cannot fill the memory.
const maxFile = 64 << 10

// LoadOrCreate reads the key file, and makes it with a fresh key if there is
// none. Several processes may start at once: all of them get the same key. An
// existing file is never overwritten.
func LoadOrCreate(path string) (*Ring, error) {
	ring, err := Load(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return ring, err
	}
	if err := create(path); err != nil {
		return nil, fmt.Errorf("create key file %s: %w: make the directory writable, or give the key in %s", path, err, EnvVar)
	}
	return Load(path)
}

// Load reads the key file. It refuses one that other users of the machine can
// read. The error wraps fs.ErrNotExist when there is no file.
func Load(path string) (*Ring, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("key file is missing: %w: put the file back that was used before, or give its key in %s", err, EnvVar)
	}
	if err != nil {
		return nil, fmt.Errorf("read key file: %w: make it readable for this user, or give the key in %s", err, EnvVar)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	if err := judgeFile(path, info); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	return parse(path, string(text))
}

func judgeFile(path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("key file %s is not a file: name the file itself", path)
	}
	// Windows has no such bits: Go reports 0666 there for every file.
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return fmt.Errorf("key file %s is open to other users (mode %04o): run `chmod 600 %s`", path, mode, path)
	}
	return nil
}

// create puts a file with a fresh key at path, or leaves the one that another
// process has just put there. The file appears whole or not at all: it is
// written under another name first, and a hard link never replaces anything.
func create(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	temp, err := writeTemp(dir)
	if err != nil {
		return err
	}
	defer os.Remove(temp)
	if err := os.Link(temp, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(dir)
}

// writeTemp writes a fresh key to a new file of mode 0600 and waits until it is
// on the disk.
func writeTemp(dir string) (name string, err error) {
	f, err := os.CreateTemp(dir, ".master-key-*")
	if err != nil {
		return "", err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	key := make([]byte, keySize)
	// crypto/rand.Read never fails: it ends the process instead.
	_, _ = rand.Read(key)
	if _, err := f.WriteString(fileHead + base64.StdEncoding.EncodeToString(key) + "\n"); err != nil {
		return "", err
	}
	return f.Name(), f.Sync()
}

// syncDir makes the new name in the directory survive a power cut.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" { // directories cannot be synced there
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
