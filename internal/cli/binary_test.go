package cli_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"otpravka/internal/freeport"
)

// built is the path of the binary, empty until a test needs it.
var built string

// binary builds the program once, for all tests that run it as a process.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "otpbin")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "otpravka")
	build := exec.Command("go", "build", "-o", path, "otpravka/cmd/otpravka")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as it is released
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	built = path
	return path, nil
})

// command is the program in the place's directory, with nothing in its
// environment but that directory as home.
func (p place) command(args ...string) *exec.Cmd {
	p.Helper()
	path, err := binary()
	if err != nil {
		p.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = filepath.Join(p.dir, "work")
	if err := os.MkdirAll(cmd.Dir, 0o700); err != nil {
		p.Fatal(err)
	}
	cmd.Env = []string{"HOME=" + filepath.Join(p.dir, "home"), "XDG_CONFIG_HOME=" + filepath.Join(p.dir, "config"), "TMPDIR=" + os.TempDir()}
	return cmd
}

func TestDemoScript(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	cmd := p.command("demo", "--script")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, out.String(), errs.String())
	}
	for _, step := range []string{
		"a business is made", "bot is registered", "a stranger", "Anna opens the link and shares her number: linked",
		"asks for a code", "the code is in Anna's chat", "a wrong code is refused", "approved exactly once",
		"blocks the bot: her next code comes by SMS", "unblocks the bot", "the same code follows by SMS",
		"no longer readable", "the waiting code is delivered by the link", "is killed (SIGKILL) and started again",
		"the fallback still happens", "Every step held",
	} {
		if !strings.Contains(out.String(), step) {
			t.Errorf("no step says %q", step)
		}
	}
	if strings.Contains(out.String(), "FAILED") || strings.Count(out.String(), "  ok  ") < 20 {
		t.Errorf("the story is\n%s", out.String())
	}
	left, err := os.ReadDir(filepath.Join(p.dir, "work"))
	if err != nil || len(left) != 0 || exists(filepath.Join(p.dir, "config")) {
		t.Errorf("the demo left %v behind (%v)", left, err)
	}
}

// process is a running serve of the binary.
type process struct {
	*exec.Cmd
	log chan string // ends with the process
}

// launch starts serve without a setting but its port and waits until it is
// ready.
func (p place) launch(addr string) *process {
	p.Helper()
	s := &process{Cmd: p.command("serve"), log: make(chan string, 1000)}
	s.Env = append(s.Env, "OTPRAVKA_LISTEN="+addr)
	pipe, err := s.StderrPipe()
	if err != nil {
		p.Fatal(err)
	}
	if err := s.Start(); err != nil {
		p.Fatal(err)
	}
	go func() {
		defer close(s.log)
		for lines := bufio.NewScanner(pipe); lines.Scan(); {
			s.log <- lines.Text()
		}
	}()
	p.Cleanup(func() { _ = s.Process.Kill() })
	s.waitFor(p, `"msg":"ready"`)
	return s
}

func (s *process) waitFor(t testing.TB, word string) {
	t.Helper()
	over := time.After(patience)
	for {
		select {
		case line, ok := <-s.log:
			if !ok {
				t.Fatalf("the process ended before it said %q", word)
			}
			if strings.Contains(line, word) {
				return
			}
		case <-over:
			t.Fatalf("the process did not say %q within %s", word, patience)
		}
	}
}

// end sends the signal and returns once the process is gone.
func (s *process) end(t testing.TB, signal syscall.Signal) error {
	t.Helper()
	if err := s.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	killer := time.AfterFunc(patience, func() { _ = s.Process.Kill() })
	defer killer.Stop()
	for range s.log {
	}
	return s.Wait()
}

func TestServeWithoutSettings(t *testing.T) {
	t.Parallel()
	p, addr := newPlace(t), freeport.For(t)
	server := p.launch(addr)
	made, err := p.command("business", "create", "--name", "Shop", "--country", "KZ").Output()
	if err != nil {
		t.Fatalf("business create: %v", err)
	}
	key := liveKeyForm.FindString(string(made))
	if status := ask(t, "http://"+addr+"/v1/settings", key); status != 200 {
		t.Errorf("the printed key is answered %d", status)
	}
	if err := server.end(t, syscall.SIGKILL); err == nil {
		t.Error("a killed server ended in order")
	}
	p.readableByNobodyElse()

	server = p.launch(addr)
	if status := ask(t, "http://"+addr+"/v1/settings", key); status != 200 {
		t.Errorf("the printed key is answered %d after a kill", status)
	}
	if err := server.end(t, syscall.SIGTERM); err != nil {
		t.Errorf("SIGTERM: %v", err)
	}
	if exists(filepath.Join(p.dir, "work", "data", "otpravka.db.sock")) {
		t.Error("the socket of the server is left behind")
	}
}

// readableByNobodyElse expects the key and the database where the manual says,
// apart from each other, and closed to other users.
func (p place) readableByNobodyElse() {
	p.Helper()
	database := filepath.Join(p.dir, "work", "data", "otpravka.db")
	key := filepath.Join(p.dir, "config", "otpravka", "master.key")
	for _, path := range []string{database, database + "-wal", database + ".sock", key} {
		info, err := os.Lstat(path)
		if err != nil {
			p.Error(err)
		} else if info.Mode().Perm()&0o077 != 0 {
			p.Errorf("%s is open to other users: %s", path, info.Mode())
		}
	}
	err := filepath.WalkDir(filepath.Join(p.dir, "work"), func(path string, _ fs.DirEntry, err error) error {
		if strings.Contains(path, "key") {
			p.Errorf("%s lies beside the database", path)
		}
		return err
	})
	if err != nil {
		p.Error(err)
	}
}
