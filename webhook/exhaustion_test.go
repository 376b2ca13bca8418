package webhook_test

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"otpravka/webhook"
)

func TestT43DefaultLimits(t *testing.T) {
	want := webhook.Limits{
		ReadHeader: 5 * time.Second, Read: 10 * time.Second, Write: 15 * time.Second, Idle: 60 * time.Second, Drain: 20 * time.Second,
		Header: 16 << 10, Query: 8 << 10, Body: 16 << 10, BatchBody: 1 << 20, CallbackBody: 256 << 10, MetaBody: 3 << 20, Conns: 1000, Refusals: 60,
	}
	if webhook.DefaultLimits != want {
		t.Errorf("the defaults are %+v, want %+v", webhook.DefaultLimits, want)
	}
}

// sloth is a client that takes its time. It sends its next byte whenever drip
// ticks, which keeps the connection from ever looking dead.
type sloth struct {
	name    string
	request string
	drips   bool // goes on sending; or else sits there and reads nothing
}

var sloths = []sloth{
	{"headers", "GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ", true},
	{"request line", "GET /health", true},
	{"body nobody wants", "POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\n", true},
	{"body", "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\n", true},
	{"nothing at all", "", false},
	{"answer", "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n", false},
}

// hang sends the request and then what it promised, drop by drop, until the
// server has had enough. It returns how long that took.
func (s sloth) hang(conn net.Conn, drip time.Duration) time.Duration {
	began := time.Now()
	_, err := io.WriteString(conn, s.request)
	tick := time.NewTicker(drip)
	defer tick.Stop()
	for err == nil {
		<-tick.C
		if s.drips {
			_, err = io.WriteString(conn, "a")
			continue
		}
		// A connection that nobody reads from shows its end by a write too: the
		// first one after it is answered by a reset.
		_, err = io.WriteString(conn, "\r\n")
	}
	return time.Since(began)
}

func TestT43SlowConnectionsAreClosed(t *testing.T) {
	limits := webhook.Limits{ReadHeader: 200 * time.Millisecond, Read: 400 * time.Millisecond, Write: 400 * time.Millisecond}
	r := serve(t, limits, nil)
	var waiting sync.WaitGroup
	for _, s := range sloths {
		if s.name == "nothing at all" {
			continue // nothing has begun: this one may wait as long as an idle one
		}
		conn := r.dial(t)
		waiting.Go(func() {
			if took := s.hang(conn, 20*time.Millisecond); took > 20*time.Second {
				t.Errorf("slow %s: closed after %s", s.name, took)
			}
		})
	}
	waiting.Wait()
	if err := r.shut(t); err != nil {
		t.Error(err)
	}
}

// Three times as many slow connections as there are seats must not keep a
// normal client out, nor cost more than a bounded amount of memory each.
func TestT43SlowConnectionsKeepNobodyOut(t *testing.T) {
	const conns = 100
	before := inUse()
	r := serve(t, webhook.Limits{Conns: conns, ReadHeader: time.Second, Read: time.Second, Write: time.Second}, nil)
	var waiting sync.WaitGroup
	for i := range 3 * conns {
		s := sloths[i%3] // the kinds that no handler waits for
		conn := r.dial(t)
		waiting.Go(func() { s.hang(conn, 20*time.Millisecond) })
	}
	for range 50 {
		conn := r.dial(t)
		ask(t, conn, bufio.NewReader(conn))
		_ = conn.Close()
	}
	if grown := int64(inUse() - before); grown > 3*conns*64<<10 {
		t.Errorf("memory in use grew by %d KiB", grown>>10)
	}
	waiting.Wait()
	if err := r.shut(t); err != nil {
		t.Error(err)
	}
}

// inUse is the memory of heap and stacks, the client's included.
func inUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// The listener speaks HTTP/1.1 only, so that floods of HTTP/2 frames find
// nobody to work for them: rapid resets, or headers that never end.
func TestT43HTTP2IsOff(t *testing.T) {
	r := serve(t, webhook.Limits{}, nil)
	const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	frame := func(kind byte, stream uint32, payload string) string {
		b := []byte{0, 0, byte(len(payload)), kind, 0}
		return string(binary.BigEndian.AppendUint32(b, stream)) + payload
	}
	settings := frame(4, 0, "")
	var resets, endless strings.Builder
	for i := range uint32(10_000) {
		resets.WriteString(frame(1, 2*i+1, "\x82\x86\x84\x41\x01x") + frame(3, 2*i+1, "\x00\x00\x00\x08"))
		endless.WriteString(frame(9, 1, "\x82\x86\x84\x41\x01x"))
	}
	for name, frames := range map[string]string{
		"preface alone": "", "rapid resets": resets.String(), "endless headers": frame(1, 1, "\x82") + endless.String(),
	} {
		conn := r.dial(t)
		go func() { _, _ = io.WriteString(conn, preface+settings+frames) }()
		said, _ := io.ReadAll(conn) // ends when the server closes the connection
		// A reset may overtake the answer to the preface.
		if answers := strings.Count(string(said), "HTTP/1.1 "); answers > 1 || answers == 1 && !strings.HasPrefix(string(said), "HTTP/1.1 404 ") {
			t.Errorf("%s: %.60q, %d answers", name, said, answers)
		}
	}
	resp, body := r.raw(t, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n")
	if resp.StatusCode != http.StatusOK || resp.ProtoMajor != 1 || !strings.Contains(body, "ok") {
		t.Errorf("upgrade to h2c: %d %s", resp.StatusCode, resp.Proto)
	}
	if err := r.shut(t); err != nil {
		t.Error(err)
	}
}
