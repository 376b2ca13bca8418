package pgtest

import "syscall"

// unprivileged has nothing to do: the server drops its rights by itself.
func unprivileged(string) (*syscall.SysProcAttr, error) { return &syscall.SysProcAttr{}, nil }
