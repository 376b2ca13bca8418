package cli_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"otpravka/internal/cli"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(status int) {
		if built != "" {
			_ = os.RemoveAll(filepath.Dir(built))
		}
		os.Exit(status)
	}))
}

// patience bounds every wait for what must happen.
const patience = 60 * time.Second

// place is an empty directory with the flags that keep everything in it.
type place struct {
	testing.TB
	dir string
}

func newPlace(t testing.TB) place {
	t.Helper()
	dir, err := os.MkdirTemp("", "otp") // short, for the name of the socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return place{t, dir}
}

func (p place) database() string { return filepath.Join(p.dir, "data", "otpravka.db") }
func (p place) key() string      { return filepath.Join(p.dir, "key", "master.key") }

// flags are those of the place, then more. The last one of a name counts.
func (p place) flags(more ...string) []string {
	return append([]string{"--database-url", "sqlite://" + p.database(), "--master-key-file", p.key()}, more...)
}

func (p place) serve(more ...string) []string {
	return append([]string{"serve", "--listen", "127.0.0.1:0", "--metrics-listen", "off", "--telegram-api", "http://127.0.0.1:1"}, p.flags(more...)...)
}

// result is what a command left on the terminal.
type result struct {
	status   int
	out, err string
}

func run(t testing.TB, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var out, errs bytes.Buffer
	status := cli.Run(cli.Env{Context: ctx, Out: &out, Err: &errs}, args)
	return result{status, out.String(), errs.String()}
}

// server is a running serve command.
type server struct {
	log  *journal
	stop func() int // ends it and returns its status
}

// start runs serve and returns once it is ready.
func (p place) start(args ...string) *server {
	p.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := &server{log: newJournal(`"msg":"ready"`)}
	ended := make(chan int, 1)
	go func() { ended <- cli.Run(cli.Env{Context: ctx, Out: s.log, Err: s.log}, args) }()
	s.stop = sync.OnceValue(func() int {
		cancel()
		select {
		case status := <-ended:
			return status
		case <-time.After(patience):
			p.Errorf("serve did not stop within %s", patience)
			return -1
		}
	})
	p.Cleanup(func() { s.stop() })
	select {
	case <-s.log.seen:
	case status := <-ended:
		p.Fatalf("serve ended with %d: %s", status, s.log)
	case <-time.After(patience):
		p.Fatalf("serve was not ready within %s: %s", patience, s.log)
	}
	return s
}

// journal keeps what is written and announces when it holds a word.
type journal struct {
	mu   sync.Mutex
	buf  bytes.Buffer
	word string
	once sync.Once
	seen chan struct{}
}

func newJournal(word string) *journal { return &journal{word: word, seen: make(chan struct{})} }

// Write adds to the journal.
func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	n, err := j.buf.Write(p)
	if strings.Contains(j.buf.String(), j.word) {
		j.once.Do(func() { close(j.seen) })
	}
	return n, err
}

// String is what the journal holds so far.
func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
