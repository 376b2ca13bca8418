package cli_test

import (
	"strings"
	"syscall"
	"time"
)

// kill ends the server without a word and starts it again.
func (r *reader) kill() {
	r.Helper()
	if err := r.serving.end(r, syscall.SIGKILL); err == nil {
		r.Fatal("a killed server ended in order")
	}
	r.serving = watch(r, r.shell("exec ./otpravka serve"))
}

// again runs a command until its answer holds the word.
func (r *reader) again(script, word string) {
	r.Helper()
	for over := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if r.run(script); strings.Contains(string(r.said), word) {
			return
		}
		if time.Now().After(over) {
			r.Fatalf("%s: never %s, but %s", script, word, r.said)
		}
	}
}
