package sms

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"
)

// DialFunc opens connections, like net.Dialer's DialContext.
type DialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// newTransport returns a transport that owes nothing to the environment. It is
// used without an http.Client, because nothing of what that adds is wanted: a
// redirect would repeat the message elsewhere, with our credentials.
//
// It speaks HTTP/1.1 only: there, a request has a connection to itself, and
// counting what was written to that tells whether the provider can have seen
// the request.
func newTransport(dial DialFunc) *http.Transport {
	if dial == nil {
		dial = (&net.Dialer{Timeout: 5 * time.Second}).DialContext
	}
	return &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := dial(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return &countedConn{Conn: conn}, nil
		},
		Proxy:                  nil, // credentials and codes go to nobody in between
		TLSHandshakeTimeout:    5 * time.Second,
		MaxIdleConnsPerHost:    100,
		IdleConnTimeout:        30 * time.Second, // shorter than the usual server's 60 s, which reduces stale connections
		DisableCompression:     true,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// countedConn counts writes, beginning before each of them: whoever has read a
// byte can be sure that it was counted.
type countedConn struct {
	net.Conn
	writes atomic.Int64
}

func (c *countedConn) Write(p []byte) (int, error) {
	c.writes.Add(1)
	n, err := c.Conn.Write(p)
	if n == 0 && err != nil {
		c.writes.Add(-1)
	}
	return n, err
}

// sighting tells whether the provider can have seen any part of a request.
// httptrace's WroteRequest comes after the bytes have left and so can lose a
// race against a fast answer; the count of a connection cannot.
type sighting struct {
	conn   *countedConn
	before int64 // writes when the connection was handed to this request
}

func (s *sighting) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			conn := info.Conn
			if secure, ok := conn.(*tls.Conn); ok {
				conn = secure.NetConn()
			}
			s.conn = conn.(*countedConn) // every connection comes from newTransport's dial
			s.before = s.conn.writes.Load()
		},
	})
}

func (s *sighting) possible() bool { return s.conn != nil && s.conn.writes.Load() > s.before }

var errSeen = errors.New("provider may have seen the request")

// guard keeps net/http from repeating a request by itself. It does so when a
// connection that has served before breaks, for methods that it believes to be
// harmless; a message is not. Requests that left no trace may be repeated.
func (s *sighting) guard(r *http.Request) {
	rewind := r.GetBody
	if rewind == nil {
		// Without a body net/http would not ask before it repeats. This one is
		// found empty before anything is written, and so costs no byte.
		rewind = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("")), nil }
		r.Body, _ = rewind()
		r.ContentLength = -1
	}
	r.GetBody = func() (io.ReadCloser, error) {
		if s.possible() {
			return nil, errSeen
		}
		return rewind()
	}
}
