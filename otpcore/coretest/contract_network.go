package coretest

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"otpravka/otpcore"
)

// testNotWritten breaks sends before the provider can have seen anything:
// another try is safe, and the error says so by its class.
func testNotWritten(t *testing.T, h SenderHarness) {
	t.Run("connection refused", func(t *testing.T) {
		tr := newTrial(t, h)
		tr.server.Close()
		checkDown(tr, tr.send(t.Context()))
	})
	t.Run("context over", func(t *testing.T) {
		tr := newTrial(t, h)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		checkDown(tr, tr.send(ctx))
		if tr.calls.Load() != 0 {
			t.Error("the provider was called")
		}
	})
	t.Run("handshake without an end", func(t *testing.T) {
		silent, accepted := listenSilently(t)
		tr := newTrial(t, h)
		tr.sender = h.New(t, "https://"+silent, NewLog(tr.logs))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		done := tr.sendAside(ctx)
		waitFor(t, accepted, "the connection")
		cancel()
		checkDown(tr, tr.await(done))
	})
}

func checkDown(tr *trial, got outcome) {
	tr.Helper()
	if e := tr.refused(got.err); e.Class != otpcore.ClassProviderDown {
		tr.Errorf("class is %s, want provider_down: nothing was written", e.Class)
	}
}

// listenSilently accepts connections and never says a word, so that a TLS
// handshake with it stays unfinished.
func listenSilently(t *testing.T) (addr string, accepted <-chan struct{}) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	signal := make(chan struct{}, 1)
	var served sync.WaitGroup
	served.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			select {
			case signal <- struct{}{}:
			default:
			}
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		served.Wait()
	})
	return l.Addr().String(), signal
}

// testNoAnswer breaks sends after the provider has read the request: it may
// have sent the message, so the class is ambiguous.
func testNoAnswer(t *testing.T, h SenderHarness) {
	t.Run("reset", func(t *testing.T) {
		tr := newTrial(t, h)
		tr.behave(reset)
		checkAmbiguous(tr, tr.send(t.Context()))
	})
	t.Run("canceled before the answer", func(t *testing.T) {
		tr := newTrial(t, h)
		checkAmbiguous(tr, cancelDuring(tr, func(w http.ResponseWriter, _ *http.Request) {}))
	})
	t.Run("canceled within the answer", func(t *testing.T) {
		tr := newTrial(t, h)
		checkMaybeSent(tr, cancelDuring(tr, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte("{"))
			_ = http.NewResponseController(w).Flush()
		}))
	})
}

// cancelDuring cancels the send while the provider stalls after begin.
func cancelDuring(tr *trial, begin http.HandlerFunc) outcome {
	tr.Helper()
	stalled := make(chan struct{}, 1)
	tr.behave(func(w http.ResponseWriter, r *http.Request) {
		begin(w, r)
		stalled <- struct{}{}
		<-tr.ending
	})
	ctx, cancel := context.WithCancel(tr.Context())
	defer cancel()
	done := tr.sendAside(ctx)
	waitFor(tr, stalled, "the request")
	cancel()
	return tr.await(done)
}

func checkAmbiguous(tr *trial, got outcome) {
	tr.Helper()
	if e := tr.refused(got.err); e.Class != otpcore.ClassAmbiguous {
		tr.Errorf("class is %s, want ambiguous: the provider may have sent it", e.Class)
	}
}

// reset cuts the connection with a TCP reset.
func reset(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// testNoRepeat resets a connection that has served before. HTTP clients take
// that for a stale connection and like to repeat what they think is safe.
func testNoRepeat(t *testing.T, h SenderHarness) {
	tr := newTrial(t, h)
	if got := tr.send(t.Context()); got.err != nil {
		t.Fatalf("first send: %v", got.err)
	}
	before := tr.calls.Load()
	tr.behave(reset)
	checkAmbiguous(tr, tr.send(t.Context()))
	if n := tr.calls.Load() - before; n != 1 {
		t.Errorf("the provider saw %d requests, want 1", n)
	}
}

func testConcurrent(t *testing.T, h SenderHarness) {
	tr := newTrial(t, h)
	const senders, each = 16, 5
	outcomes := make(chan outcome, senders*each)
	var group sync.WaitGroup
	for range senders {
		group.Go(func() {
			for range each {
				o := h.Outgoing
				o.DeliveryID = otpcore.NewID(otpcore.PrefixDelivery, time.Now())
				accepted, err := tr.sender.Send(t.Context(), o)
				outcomes <- outcome{accepted, err}
			}
		})
	}
	group.Wait()
	close(outcomes)
	for got := range outcomes {
		if got.err != nil || got.accepted.MessageID != h.MessageID {
			t.Errorf("send came to id %q, error %v", got.accepted.MessageID, got.err)
		}
	}
}

func testEdit(t *testing.T, h SenderHarness) {
	tr := newTrial(t, h)
	if can := tr.sender.Capabilities(); !can.CanEdit && !can.CanRevoke {
		e := tr.refused(tr.sender.Edit(t.Context(), h.MessageID, h.Outgoing))
		if e.Class != otpcore.ClassUnsupported {
			t.Errorf("class is %s, want unsupported", e.Class)
		}
		if tr.calls.Load() != 0 {
			t.Error("the provider was called for an edit it cannot do")
		}
		return
	}
	if err := tr.sender.Edit(t.Context(), h.MessageID, h.Outgoing); err != nil {
		t.Errorf("edit: %v", err)
	}
	tr.behave(func(w http.ResponseWriter, _ *http.Request) {
		h.Refuse(w, Refusal{Status: http.StatusBadGateway, Text: h.Outgoing.Message.Text})
	})
	if e := tr.refused(tr.sender.Edit(t.Context(), h.MessageID, h.Outgoing)); e.Class != otpcore.ClassProviderDown {
		t.Errorf("class is %s, want provider_down", e.Class)
	}
}

func waitFor(t testing.TB, signal <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-signal:
	case <-time.After(patience):
		t.Fatalf("no sign of %s after %v", what, patience)
	}
}
