package crash

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestF40DescriptorsExhausted leaves the server a few descriptors and takes
// them all with connections. Nothing that it answered is lost, and it goes on
// by itself once there are some again.
func TestF40DescriptorsExhausted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqlite, "")
	w.open(1)
	pid := w.cmd.Process.Pid
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	w.must(err)
	const left = 6
	limit := unix.Rlimit{Cur: uint64(len(open)) + left, Max: uint64(len(open)) + left}
	w.must(unix.Prlimit(pid, unix.RLIMIT_NOFILE, &limit, nil))
	var taken []net.Conn
	for range 4 * left { // the kernel takes those that the server cannot
		conn, err := net.Dial("tcp", w.url[len("http://"):])
		w.must(err)
		taken = append(taken, conn)
	}
	begun := make(chan []*cycle, 1)
	go func() {
		people := []*cycle{w.newCycle(int(errs)), w.newCycle(int(confirms)), w.newCycle(int(leaves))}
		together(people, (*cycle).run)
		begun <- people
	}()
	time.Sleep(2 * time.Second)
	for _, conn := range taken {
		w.must(conn.Close())
	}
	people := <-begun
	w.hold(people)
	next := w.newCycle(int(habits) + int(errs))
	next.run()
	w.hold([]*cycle{next})
	if status := w.readiness(); status != http.StatusOK {
		t.Errorf("readiness afterwards: %d", status)
	}
	w.stop()
	if n := w.died(); n != 0 {
		t.Errorf("the server died %d times", n)
	}
	w.sound(append(people, next))
}
