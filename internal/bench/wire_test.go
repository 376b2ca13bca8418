package bench

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"
)

// dialed returns the two ends of a connection of this machine.
func dialed(t testing.TB) (near, far net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	if near, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if far, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = near.Close(), far.Close() })
	return near, far
}

// said returns a wire on which the text has arrived, and then the end.
func said(t testing.TB, text string) *wire {
	t.Helper()
	near, far := dialed(t)
	if _, err := io.WriteString(far, text); err != nil {
		t.Fatal(err)
	}
	if err := far.Close(); err != nil {
		t.Fatal(err)
	}
	return newWire(near)
}

func TestWireReadsOneMessageAfterTheOther(t *testing.T) {
	w := said(t, "HTTP/1.1 201 Created\r\nX-Any: thing\r\ncontent-length: 5\r\n\r\nhello"+
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n4\r\n two\r\n0\r\n\r\n"+
		"POST /send HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
	for _, want := range []struct{ first, body string }{
		{"HTTP/1.1 201 Created", "hello"}, {"HTTP/1.1 200 OK", "one two"}, {"POST /send HTTP/1.1", ""},
	} {
		first, body, err := w.next()
		if err != nil || string(first) != want.first || string(body) != want.body {
			t.Fatalf("read %q and %q, %v; want %+v", first, body, err, want)
		}
	}
	if _, _, err := w.next(); !errors.Is(err, io.EOF) {
		t.Errorf("after the last message: %v", err)
	}
}

func TestWireRefusesWhatItDoesNotKnow(t *testing.T) {
	const answer = "HTTP/1.1 200 OK\r\n"
	for name, tt := range map[string]struct {
		text string
		want error // nil: any but the end between two messages
	}{
		"no length":           {answer + "\r\n", errFraming},
		"length is no number": {answer + "Content-Length: five\r\n\r\n", nil},
		"negative length":     {answer + "Content-Length: -1\r\n\r\n", nil},
		"too large":           {answer + "Content-Length: 65537\r\n\r\n", errTooLarge},
		"other encoding":      {answer + "Transfer-Encoding: gzip\r\n\r\n", nil},
		"goodbye":             {answer + "Connection: close\r\nContent-Length: 0\r\n\r\n", errGoodbye},
		"broken first line":   {"HTTP/1.1 2", io.ErrUnexpectedEOF},
		"broken header":       {answer + "Content-", io.ErrUnexpectedEOF},
		"broken body":         {answer + "Content-Length: 5\r\n\r\nhel", io.ErrUnexpectedEOF},
		"broken chunk":        {answer + "Transfer-Encoding: chunked\r\n\r\n5\r\nhel", io.ErrUnexpectedEOF},
		"chunk too long":      {answer + "Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n", nil},
		"size is no number":   {answer + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", nil},
		"chunks too large":    {answer + "Transfer-Encoding: chunked\r\n\r\n7fffffff\r\n", errTooLarge},
		"trailer":             {answer + "Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\r\n", nil},
		"endless line":        {strings.Repeat("x", 9<<10) + "\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := said(t, tt.text).next()
			if err == nil || errors.Is(err, io.EOF) || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("the error is %v, want %v", err, tt.want)
			}
		})
	}
}
