package webhook_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"otpravka/webhook"
)

// ask sends one request over a connection that stays open.
func ask(t testing.TB, conn net.Conn, in *bufio.Reader) {
	t.Helper()
	if _, err := io.WriteString(conn, get("/healthz")); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
}

func TestNewcomersTakeTheSeatOfTheLongestIdle(t *testing.T) {
	const seats = 3
	r := serve(t, webhook.Limits{Conns: seats}, nil)
	var (
		conns [seats + 2]net.Conn
		ins   [seats + 2]*bufio.Reader
	)
	for i := range conns {
		conns[i] = r.dial(t)
		ins[i] = bufio.NewReader(conns[i])
		ask(t, conns[i], ins[i])
	}
	for i := range 2 {
		if _, err := ins[i].ReadByte(); err == nil {
			t.Errorf("connection %d, the longest idle, was kept", i)
		}
	}
	for i := 2; i < len(conns); i++ {
		ask(t, conns[i], ins[i])
	}
	if err := r.shut(t); err != nil {
		t.Error(err)
	}
}

func TestConnectionsThatNeverAskGiveWay(t *testing.T) {
	// The limit on headers is there for the end of the test only: a server that
	// stops waits for headers that have begun.
	r := serve(t, webhook.Limits{Conns: 2, ReadHeader: time.Second}, nil)
	for range 10 {
		slow := r.dial(t)
		if _, err := io.WriteString(slow, "GET /healthz HTTP/1.1\r\nHo"); err != nil {
			t.Fatal(err)
		}
	}
	conn := r.dial(t)
	ask(t, conn, bufio.NewReader(conn))
	if err := r.shut(t); err != nil {
		t.Error(err)
	}
}

func TestBusyConnectionsAreNeverCut(t *testing.T) {
	r := serve(t, webhook.Limits{Conns: 1}, nil)
	busy := r.dial(t)
	if _, err := io.WriteString(busy, get("/hold")); err != nil {
		t.Fatal(err)
	}
	<-r.room.entered
	newcomer := r.dial(t)
	if _, err := newcomer.Read(make([]byte, 1)); err == nil {
		t.Error("the newcomer was let in")
	}
	close(r.room.release)
	resp, err := http.ReadResponse(bufio.NewReader(busy), nil)
	if err != nil {
		t.Fatalf("the busy connection was cut: %v", err)
	}
	_ = resp.Body.Close()
	if err := r.shut(t); err != nil {
		t.Error(err)
	}
}

func TestT43AnswersThatNobodyReadsGiveWay(t *testing.T) {
	r := serve(t, webhook.Limits{Conns: 2, Write: time.Second}, nil)
	for range 5 {
		deaf := r.dial(t)
		if _, err := io.WriteString(deaf, get("/endless")); err != nil {
			t.Fatal(err)
		}
		if _, err := deaf.Read(make([]byte, 1)); err != nil {
			t.Fatal(err) // the answer has begun, and is read no further
		}
	}
	conn := r.dial(t)
	ask(t, conn, bufio.NewReader(conn))
	if err := r.shut(t); err != nil {
		t.Error(err)
	}
}
