package crash

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// child is a serve of the real binary under a service manager: when it dies, it
// is started again.
type child struct {
	testing.TB
	url  string
	env  []string
	kill string   // the hit at which the first process dies, as name:n
	errs *os.File // takes the log in place of the test; nil: the test does

	mu      sync.Mutex
	cmd     *exec.Cmd
	log     bytes.Buffer
	crashes int
	wanted  bool          // it shall run
	over    chan struct{} // closed when the process, or the last one, has ended
}

// start runs the first process and waits until it answers or has died.
func (c *child) start() {
	c.Helper()
	c.mu.Lock()
	c.wanted = true
	c.launch(c.kill)
	c.mu.Unlock()
	c.Cleanup(func() {
		c.end()
		if c.Failed() {
			c.mu.Lock()
			defer c.mu.Unlock()
			lines := strings.SplitAfter(c.log.String(), "\n")
			c.Logf("the end of the server's log:\n%s", strings.Join(lines[max(0, len(lines)-12):], ""))
		}
	})
}

// launch starts a process. The caller holds the lock.
func (c *child) launch(kill string) {
	path, err := binary()
	if err != nil {
		c.Error(err)
		return
	}
	c.cmd = exec.Command(path, "serve")
	c.cmd.Env = slices.Concat(c.env, []string{"OTPRAVKA_FAILPOINT=" + kill})
	if c.cmd.Stderr = (*locked)(c); c.errs != nil {
		c.cmd.Stderr = c.errs
	}
	c.over = make(chan struct{})
	if err := c.cmd.Start(); err != nil {
		c.Error(err)
		close(c.over)
		return
	}
	go c.attend(c.cmd, c.over)
}

// attend waits for the end of a process and starts the next one.
func (c *child) attend(cmd *exec.Cmd, over chan struct{}) {
	err := cmd.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	defer close(over)
	switch {
	case killed(err):
		c.crashes++
	case err != nil || c.wanted:
		c.Errorf("the server ended by itself: %v", err)
		c.wanted = false
	}
	if c.wanted {
		c.launch("")
	}
}

func killed(err error) bool {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// signal sends a signal to the running process.
func (c *child) signal(s os.Signal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.cmd.Process.Signal(s) // it may have died this moment
}

// deploy stops the server in order, as far as its failpoint lets it, and starts
// it again.
func (c *child) deploy() {
	c.Helper()
	c.stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wanted = true
	c.launch("")
}

// stop ends the server in order.
func (c *child) stop() {
	c.Helper()
	c.mu.Lock()
	c.wanted = false
	over := c.over
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	c.mu.Unlock()
	select {
	case <-over:
	case <-time.After(patience):
		c.Errorf("the server did not stop within %s", patience)
	}
}

// end makes sure that nothing runs any more.
func (c *child) end() {
	c.mu.Lock()
	c.wanted = false
	over := c.over
	_ = c.cmd.Process.Kill()
	c.mu.Unlock()
	<-over
}

func (c *child) died() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.crashes
}

// ready waits until the server answers, whichever process that is.
func (c *child) ready(ctx context.Context, client *http.Client) error {
	for {
		res, err := client.Get(c.url + "/readyz")
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// locked takes in the child's log.
type locked child

// Write adds to the log.
func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.log.Write(p)
}
