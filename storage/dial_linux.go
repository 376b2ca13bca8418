package storage

import (
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// unanswered is how long, in milliseconds, what was sent may stay without a
// word from the other side. Keep-alives do not run meanwhile, and without a
// bound the kernel repeats itself for a quarter of an hour.
const unanswered = 20_000

func boundUnanswered(network, _ string, c syscall.RawConn) error {
	if !strings.HasPrefix(network, "tcp") {
		return nil
	}
	var set error
	err := c.Control(func(fd uintptr) {
		set = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, unanswered)
	})
	if err != nil {
		return err
	}
	return set
}
