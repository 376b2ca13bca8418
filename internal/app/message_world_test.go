package app

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"strconv"
	"testing"
	"time"

	"otpravka/otpcore"
)

// oneCase stands for the database: it holds one case in memory, and every decision
// finds it as it was when a start has just been committed.
type oneCase struct {
	otpcore.Ledger
	otpcore.Reader
	now       time.Time
	boot      otpcore.ID
	business  otpcore.Business
	started   *otpcore.Case
	committed func(*otpcore.Case)
	recorded  chan error
}

func (s *oneCase) Now() time.Time { return s.now }

func (s *oneCase) Business(context.Context, otpcore.ID) (*otpcore.Business, error) {
	return &s.business, nil
}

// load is what an op finds: nothing for a start, else the case that one made.
func (s *oneCase) load(op otpcore.Op) *otpcore.Case {
	c := &otpcore.Case{Now: s.now, Epoch: 1, Boot: s.boot, Mode: otpcore.Live, BusinessID: s.business.ID}
	if !op.Narrow {
		c.Standing = &otpcore.Standing{BusinessID: c.BusinessID, Phone: op.Phone}
		c.Everywhere = &otpcore.Standing{Phone: op.Phone}
	}
	if op.Ref != (otpcore.Ref{}) {
		v, d := *s.started.Verification, *s.started.Deliveries[0]
		c.Verification, c.Deliveries = &v, []*otpcore.Delivery{&d}
	}
	return c
}

// Do starts verifications without sending anything, and checks them.
func (s *oneCase) Do(_ context.Context, op otpcore.Op) error {
	c := s.load(op)
	if op.Ref == (otpcore.Ref{}) {
		s.started = c
	}
	return op.Decide(c)
}

// Submit takes the outcome of a send.
func (s *oneCase) Submit(op otpcore.Op, done func(error)) {
	c := s.load(op)
	err := op.Decide(c)
	if err == nil && len(c.Changes().Events) == 0 {
		err = otpcore.ErrNotFound
	}
	s.committed(c)
	done(err)
	s.recorded <- err
}

// yes is an SMS provider on this machine that accepts everything and costs next to
// nothing itself.
func yes(b *testing.B) (url string) {
	b.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = ln.Close() })
	answer := []byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 38\r\n\r\n{\"status\":\"accepted\",\"id\":\"sms000001\"}")
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go serveYes(conn, answer)
		}
	}()
	return "http://" + ln.Addr().String()
}

func serveYes(conn net.Conn, answer []byte) {
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	length := []byte("Content-Length: ")
	for body := 0; ; {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return
		}
		line = bytes.TrimSpace(line)
		if after, ok := bytes.CutPrefix(line, length); ok {
			body, _ = strconv.Atoi(string(after))
		}
		if len(line) > 0 {
			continue
		}
		if _, err := r.Discard(body); err != nil {
			return
		}
		if _, err := conn.Write(answer); err != nil {
			return
		}
	}
}
