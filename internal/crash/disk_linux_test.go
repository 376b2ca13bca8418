package crash

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"otpravka/internal/sim/smssim"
)

// fill lets no file of the server grow or change any more, or lets them again.
// It takes no rights and no file system of its own, and the server cannot tell
// it from a disk that is full or broken: each write fails.
func (c *child) fill(full bool) {
	c.Helper()
	limit := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	var now unix.Rlimit
	if err := unix.Prlimit(c.cmd.Process.Pid, unix.RLIMIT_FSIZE, nil, &now); err != nil {
		c.Fatal(err)
	}
	if limit.Cur, limit.Max = now.Max, now.Max; full {
		limit.Cur = 0
	}
	if err := unix.Prlimit(c.cmd.Process.Pid, unix.RLIMIT_FSIZE, &limit, nil); err != nil {
		c.Fatal(err)
	}
}

// TestF23DiskFull fills the disk of a running server, and frees it again.
func TestF23DiskFull(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqlite, "")
	w.open(1)
	const phone = "+77010000001"
	var v struct{ ID string }
	if status := w.ask("POST", "/v1/verifications", "start", fields{"phone": phone}, &v); status != http.StatusCreated {
		t.Fatalf("the start was answered %d", status)
	}
	m, err := w.sms.WaitSMS(w.ctx(), phone, smssim.HasCode())
	w.must(err)
	w.fill(true)
	check := "/v1/verifications/" + v.ID + "/check"
	w.refused(check, "right", `{"code":"`+m.Code()+`"}`)
	for n := range 8 { // more than there are attempts
		w.refused(check, fmt.Sprintf("wrong-%d", n), `{"code":"`+other(m.Code())+`"}`)
	}
	w.refused("/v1/verifications", "another", `{"phone":"+77010000002"}`)
	if status := w.readiness(); status != http.StatusServiceUnavailable {
		t.Errorf("ready on a full disk: %d", status)
	}
	w.fill(false)
	for over := time.Now().Add(patience); w.readiness() != http.StatusOK; time.Sleep(pause) {
		if time.Now().After(over) {
			t.Fatal("it is not ready again, though the disk has room")
		}
	}
	var answer struct{ Valid bool }
	status := w.ask("POST", check, "right", fields{"code": m.Code()}, &answer)
	if status != http.StatusOK || !answer.Valid {
		t.Errorf("the right code afterwards: %d, %+v", status, answer)
	}
	c := &cycle{world: w, id: v.ID, phone: phone, checks: 1, compared: 1, approvals: 1}
	c.terminal()
	w.stop()
	if n := w.died(); n != 0 {
		t.Errorf("the server died %d times", n)
	}
	w.sound([]*cycle{c})
}
