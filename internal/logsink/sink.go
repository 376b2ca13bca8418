// Package logsink keeps a log that nobody takes from stopping the work that is
// logged: a pipe whose reader hangs, a terminal that was paused, a full disk.
package logsink

import (
	"io"
	"sync"
	"time"
)

// Most is how many bytes wait for a reader that is slow. What comes on top of
// them is lost, and counted.
const Most = 1 << 20

// Sink passes lines on to a writer, in order and from a goroutine of its own.
// Each Write is one line. Nobody who writes to it waits for the writer.
type Sink struct {
	to   io.Writer
	lost func(lines int)

	mu     sync.Mutex
	lines  []byte // that wait
	ends   int    // how many those are
	beside []byte // what is being written; its memory takes the next lines
	missed int    // lines lost since the last that were not
	closed bool
	wake   chan struct{}
	over   chan struct{}
}

// New returns a sink before the writer. It calls lost, from its own goroutine,
// once lines get through again after some were lost; lost may log.
func New(to io.Writer, lost func(lines int)) *Sink {
	s := &Sink{to: to, lost: lost, wake: make(chan struct{}, 1), over: make(chan struct{})}
	go s.run()
	return s
}

// Write takes the line, or loses it when too much waits. It never fails: who
// logs has nothing to do about it.
func (s *Sink) Write(line []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.lines)+len(s.beside)+len(line) > Most {
		s.missed++
		return len(line), nil
	}
	s.lines = append(s.lines, line...)
	s.ends++
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return len(line), nil
}

// Close waits for what is written already, but no longer than the given time.
// A goroutine whose writer hangs is left behind.
func (s *Sink) Close(within time.Duration) {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.wake)
	}
	s.mu.Unlock()
	select {
	case <-s.over:
	case <-time.After(within):
	}
}

// run passes on whatever waits, at once.
func (s *Sink) run() {
	defer close(s.over)
	for open := true; open; {
		_, open = <-s.wake
		for s.pass() {
		}
	}
}

// pass writes the lines that wait and reports whether there were any. Lines
// that the writer refuses are lost.
func (s *Sink) pass() bool {
	s.mu.Lock()
	s.lines, s.beside = s.beside[:0], s.lines
	ends := s.ends
	s.ends = 0
	s.mu.Unlock()
	if ends == 0 {
		return false
	}
	_, err := s.to.Write(s.beside)
	s.mu.Lock()
	s.beside = s.beside[:0]
	missed := s.missed
	if s.missed = 0; err != nil {
		s.missed = missed + ends
	}
	s.mu.Unlock()
	if err == nil && missed > 0 {
		s.lost(missed)
	}
	return true
}
