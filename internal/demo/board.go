package demo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"otpravka/internal/sim/feed"
)

// board holds what the page shows, in named parts. A page gets each part in
// full whenever it has changed, so one that was away has missed nothing.
type board struct {
	mu      sync.Mutex
	parts   map[string]part
	order   []string
	version int
	changed feed.Notifier
}

type part struct {
	version int
	json    []byte
}

// set replaces a part. Pages hear of it only if it looks different now.
func (b *board) set(name string, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	old, known := b.parts[name]
	if known && bytes.Equal(old.json, raw) {
		return nil
	}
	if b.parts == nil {
		b.parts = make(map[string]part)
	}
	if !known {
		b.order = append(b.order, name)
	}
	b.version++
	b.parts[name] = part{b.version, raw}
	b.changed.Notify()
	return nil
}

// since returns, as server-sent events, what changed after the version, and
// the version that this brings a page to.
func (b *board) since(version int) ([]byte, int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var events bytes.Buffer
	for _, name := range b.order {
		if p := b.parts[name]; p.version > version {
			_, _ = fmt.Fprintf(&events, "event: %s\ndata: %s\n\n", name, p.json)
		}
	}
	return events.Bytes(), b.version
}

// keepAlive is shorter than what proxies and browsers tolerate as silence.
const keepAlive = 15 * time.Second

// stream sends the board and its changes until the page goes away. The first
// event tells the server's time, so that countdowns are right on a page whose
// clock is wrong.
func (b *board) stream(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	_, _ = fmt.Fprintf(w, "event: clock\ndata: %d\n\n", time.Now().UnixMilli())
	version := 0
	for {
		changed := b.changed.Changed()
		var events []byte
		events, version = b.since(version)
		if _, err := w.Write(events); err != nil || out.Flush() != nil {
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		case <-time.After(keepAlive):
			_, _ = w.Write([]byte(": still here\n\n"))
		}
	}
}
