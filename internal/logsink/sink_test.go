package logsink_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/internal/logsink"
)

// reader takes what is written once it is let.
type reader struct {
	let  chan error // what the next writes answer
	took bytes.Buffer
}

func (r *reader) Write(p []byte) (int, error) {
	if err := <-r.let; err != nil {
		return 0, err
	}
	return r.took.Write(p)
}

// logged is a log over the reader.
func logged(r *reader) (*slog.Logger, *logsink.Sink) {
	var log *slog.Logger
	sink := logsink.New(r, func(lines int) { log.Warn("lost", "lines", lines) })
	log = slog.New(slog.NewTextHandler(sink, nil))
	return log, sink
}

// TestF39NobodyReads writes far more than is kept, to a reader that hangs, and
// lets it read again.
func TestF39NobodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &reader{let: make(chan error)}
		log, sink := logged(r)
		const lines = 40_000
		for n := range lines {
			log.Info("a line of the log", "n", n) // which would hang here
		}
		close(r.let)
		synctest.Wait()
		var told int
		took := strings.Split(strings.TrimSuffix(r.took.String(), "\n"), "\n")
		if _, err := fmt.Sscanf(took[len(took)-1][strings.Index(took[len(took)-1], "lines="):], "lines=%d", &told); err != nil {
			t.Fatalf("the last line is %q: %v", took[len(took)-1], err)
		}
		kept := took[:len(took)-1]
		if told == 0 || told+len(kept) != lines {
			t.Errorf("%d lines are kept and %d told to be lost, of %d", len(kept), told, lines)
		}
		if size := len(strings.Join(kept, "\n")); size > logsink.Most || size < logsink.Most-200 {
			t.Errorf("%d bytes were kept, want nearly %d", size, logsink.Most)
		}
		for n, line := range kept {
			if !strings.HasSuffix(line, fmt.Sprintf("n=%d", n)) {
				t.Fatalf("line %d is %q", n, line)
			}
		}
		sink.Close(time.Second)
	})
}

func TestWriterThatFailsLosesItsLinesOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &reader{let: make(chan error, 3)}
		log, sink := logged(r)
		r.let <- errors.New("no space left on device")
		log.Info("one")
		synctest.Wait()
		r.let <- nil
		r.let <- nil
		log.Info("two")
		synctest.Wait()
		if got := r.took.String(); strings.Contains(got, "one") || !strings.Contains(got, "two") || !strings.Contains(got, "lines=1") {
			t.Errorf("written: %q", got)
		}
		sink.Close(time.Second)
	})
}

func TestCloseWaitsForWhatIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &reader{let: make(chan error, 2)}
		log, sink := logged(r)
		r.let <- nil
		r.let <- nil
		log.Info("one")
		log.Info("two")
		sink.Close(time.Second)
		if got := r.took.String(); strings.Count(got, "\n") != 2 {
			t.Errorf("written: %q", got)
		}
		sink.Close(time.Second)
	})
}

func TestCloseDoesNotWaitForAReaderThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &reader{let: make(chan error)}
		log, sink := logged(r)
		log.Info("one")
		began := time.Now()
		sink.Close(time.Second)
		if waited := time.Since(began); waited != time.Second {
			t.Errorf("waited %s", waited)
		}
		log.Info("after the end") // must not hang or panic
		close(r.let)
	})
}
