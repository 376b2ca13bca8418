package storage

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"otpravka/internal/pgtest"
	"otpravka/otpcore"
)

// lockedLog is a log that a test reads while it is written.
type lockedLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// A server that loses its connection loses its lock. When the database is moved
// before it is back, it never writes there again.
func TestAServerThatWasAwayFindsTheDatabaseMoved(t *testing.T) {
	m := newMover(t, pgtest.URL(t), newFile(t))
	proxy, log := pgtest.NewProxy(t, m.from), new(lockedLog)
	db, err := Open(t.Context(), Config{URL: proxy.URL, Boot: "run_away", Logger: slog.New(slog.NewTextHandler(log, nil))})
	must(t, err)
	defer mustClose(t, db)
	proxy.Refuse(true)
	proxy.Cut()
	m.mustMove(m.transfer())
	proxy.Refuse(false)
	over := time.After(60 * time.Second)
	// The second time it would find its connection whole.
	for strings.Count(log.String(), "was moved to") < 2 {
		err := db.Write(context.WithoutCancel(t.Context()), func(x otpcore.Tx) error { return x.SetOffset("bot_1", 99) })
		if otpcore.KindOf(err) != otpcore.KindUnavailable {
			t.Fatalf("a write to a moved database: %v", err)
		}
		select {
		case <-over:
			t.Fatalf("it does not say why:\n%s", log)
		case <-time.After(20 * time.Millisecond):
		}
	}
	m.goesOn()
}
