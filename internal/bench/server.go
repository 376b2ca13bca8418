package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"otpravka/internal/app"
	"otpravka/internal/freeport"
	"otpravka/internal/fsync"
)

// ServerCommand is the hidden command under which the binary serves for a
// bench: the server as it is, but for the limits that a bench lifts.
const ServerCommand = "bench-server"

// CallsPerSecond is the limit of an API key on such a server: none.
const CallsPerSecond = 1_000_000

// BeforeFsync lets the process of a bench's server wait that long before each
// fsync of SQLite, as a slow disk does.
func BeforeFsync(delay time.Duration) error {
	return fsync.Before(func(string) { time.Sleep(delay) })
}

// LimitsLifted names the limits that a bench lifts, for the report.
const LimitsLifted = "calls per second of a key"

// server is Otpravka as a process of its own.
type server struct {
	addr        string
	metricsAddr string
	args        []string
	log         string // file that takes the log of all its lives
	cmd         *exec.Cmd
	gone        chan error // gets how the process ended
}

// newServer chooses free ports, which the server keeps over its restarts.
func newServer(dir string, args ...string) (*server, error) {
	s := &server{log: filepath.Join(dir, "server.log")}
	for _, addr := range []*string{&s.addr, &s.metricsAddr} {
		var err error
		if *addr, err = freeport.Address(); err != nil {
			return nil, err
		}
	}
	s.args = append([]string{ServerCommand, "--listen", s.addr, "--metrics-listen", s.metricsAddr}, args...)
	return s, nil
}

const startLimit = 60 * time.Second

// start runs the server, with these arguments more, and returns once it is
// ready.
func (s *server) start(ctx context.Context, more ...string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	s.cmd = exec.Command(self, slices.Concat(s.args, more)...)
	s.cmd.Env = plainEnvironment()
	s.cmd.Stderr = log
	if err := errors.Join(s.cmd.Start(), log.Close()); err != nil {
		return err
	}
	s.gone = make(chan error, 1)
	go func(cmd *exec.Cmd, gone chan<- error) { gone <- cmd.Wait() }(s.cmd, s.gone)
	return s.waitReady(ctx)
}

// plainEnvironment is ours without the settings of Otpravka: the bench measures
// the defaults, whatever the operator has set for a real server.
func plainEnvironment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "OTPRAVKA_") })
}

func (s *server) waitReady(ctx context.Context) error {
	ctx, done := context.WithTimeout(ctx, startLimit)
	defer done()
	for app.AskReady(ctx, s.addr) != nil {
		select {
		case err := <-s.gone:
			s.gone <- err
			return fmt.Errorf("the server ended before it was ready: %w: %s", err, s.lastWords())
		case <-ctx.Done():
			return fmt.Errorf("the server did not become ready within %s: %s", startLimit, s.lastWords())
		case <-time.After(time.Millisecond):
		}
	}
	return nil
}

// lastWords is the end of the log.
func (s *server) lastWords() string {
	log, err := os.ReadFile(s.log)
	if err != nil {
		return err.Error()
	}
	lines := bytes.Split(bytes.TrimSpace(log), []byte("\n"))
	return string(lines[len(lines)-1])
}

// kill ends the server the way a power cut does.
func (s *server) kill() error {
	err := s.cmd.Process.Kill()
	<-s.gone // "signal: killed" is what we asked for
	s.cmd = nil
	return err
}

// stop ends the server in order.
func (s *server) stop() error {
	if s.cmd == nil || s.cmd.Process == nil {
		return nil
	}
	err := s.cmd.Process.Signal(syscall.SIGTERM)
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	err = errors.Join(err, <-s.gone)
	s.cmd = nil
	return err
}

func (s *server) usage() (usage, error) { return usageOf(s.cmd.Process.Pid) }
