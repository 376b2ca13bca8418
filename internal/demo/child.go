package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"

	"otpravka/internal/freeport"
)

// child is the server as a process of its own, so that it can be killed the
// way a power cut kills it.
type child struct {
	url  string
	addr string
	env  []string
	log  io.Writer
	cmd  *exec.Cmd
}

// newChild chooses a free port, which the server keeps over its restarts.
func newChild(log io.Writer, env ...string) (*child, error) {
	addr, err := freeport.Address()
	if err != nil {
		return nil, err
	}
	return &child{addr: addr, url: "http://" + addr, env: env, log: log}, nil
}

const startLimit = 20 * time.Second

// start runs the server and returns once it answers.
func (c *child) start(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	c.cmd = exec.Command(self, "serve", "--listen", c.addr)
	c.cmd.Env = append(os.Environ(), c.env...)
	c.cmd.Stderr = c.log
	if err := c.cmd.Start(); err != nil {
		return err
	}
	ctx, done := context.WithTimeout(ctx, startLimit)
	defer done()
	for {
		if c.ready(ctx) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the server did not become ready on %s within %s: its log says why", c.url, startLimit)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (c *child) ready(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/readyz", nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	return res.Body.Close() == nil && res.StatusCode == http.StatusOK
}

// kill ends the server without a chance to put anything in order.
func (c *child) kill() error {
	if err := c.cmd.Process.Kill(); err != nil {
		return err
	}
	_ = c.cmd.Wait() // "signal: killed" is what we asked for
	return nil
}

// stop ends the server in order.
func (c *child) stop() error {
	if c.cmd == nil || c.cmd.ProcessState != nil || c.cmd.Process == nil {
		return nil
	}
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return c.cmd.Wait()
}
