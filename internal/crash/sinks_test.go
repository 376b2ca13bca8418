package crash

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"otpravka/internal/freeport"
)

// TestF39NobodyReadsTheLog lets the log run into a pipe that nobody reads, and
// a scrape of the metrics too. Checks go on, also when the reader of the pipe is
// gone for good.
func TestF39NobodyReadsTheLog(t *testing.T) {
	t.Parallel()
	log, feed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	metrics := freeport.For(t)
	w := newWorld(t, sqlite, "", func(c *child) {
		c.errs, c.env = feed, append(c.env, "OTPRAVKA_METRICS_LISTEN="+metrics)
	})
	w.open(1)
	w.must(feed.Close()) // the server's own end is the only one
	scrape, err := net.Dial("tcp", metrics)
	w.must(err)
	defer func() { _ = scrape.Close() }()
	go func() {
		_, _ = io.WriteString(scrape, strings.Repeat("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 1000))
	}()
	lines := 0
	makeLines := func() {
		t.Helper()
		for range 1000 { // some 300 bytes each, and a pipe holds 64 KiB
			lines++
			if status := w.ask(http.MethodGet, "/v1/settings", "", nil, new(struct{})); status != http.StatusOK {
				t.Fatalf("request %d was answered %d", lines, status)
			}
		}
	}
	makeLines()
	begun := time.Now()
	people := []*cycle{w.newCycle(int(errs)), w.newCycle(int(confirms))}
	together(people, (*cycle).run)
	w.hold(people)
	if took := time.Since(begun); took > codeLife {
		t.Errorf("codes took %s while nobody read the log", took)
	}
	first, err := bufio.NewReader(log).ReadBytes('\n')
	w.must(err)
	if !json.Valid(first) {
		t.Errorf("the log begins with %s", first)
	}
	w.must(log.Close())
	makeLines()
	last := w.newCycle(int(habits) + int(errs))
	last.run()
	w.hold([]*cycle{last})
	w.stop()
	if n := w.died(); n != 0 {
		t.Errorf("the server died %d times", n)
	}
	w.sound(append(people, last))
}
