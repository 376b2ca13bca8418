package events_test

import (
	"bufio"
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"otpravka/otpcore"
	"otpravka/webhook/events"
)

func told() otpcore.ToldEvent {
	return otpcore.ToldEvent{
		Event: otpcore.Event{
			ID: otpcore.NewID(otpcore.PrefixEvent, time.Now()), Mode: otpcore.Live, Type: otpcore.EventVerificationApproved, At: time.Now(),
			VerificationID: otpcore.NewID(otpcore.PrefixVerification, time.Now()), Data: map[string]string{"channel": "sms"},
		},
		Phone: otpcore.NewPhone("+77011234567", "KZ"),
	}
}

// post sends one event to the server, which the guard lets pass.
func post(t testing.TB, srv *httptest.Server, roots *x509.CertPool) otpcore.PostResult {
	t.Helper()
	address := srv.Listener.Addr().String()
	client := events.NewClient(events.ClientConfig{Guard: events.NewGuard([]string{address}, nil), Roots: roots})
	defer client.Close()
	return client.Post(t.Context(), srv.URL, []string{events.NewSecret()}, told())
}

// T28: a redirect is a failure and leads nowhere.
func TestT28RedirectsAreNotFollowed(t *testing.T) {
	address, connections := listener(t)
	for _, status := range []int{300, 301, 302, 303, 307, 308} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://"+address+"/")
			w.WriteHeader(status)
		}))
		if r := post(t, srv, nil); r.Failure != otpcore.PostRedirect || r.HTTPStatus != status {
			t.Errorf("%d: %+v", status, r)
		}
		srv.Close()
	}
	if n := connections.Load(); n != 0 {
		t.Errorf("redirects led to %d connections", n)
	}
}

func TestAnswersAreJudged(t *testing.T) {
	for status, want := range map[int]otpcore.PostFailure{
		200: "", 201: "", 202: "", 204: "", 299: "", 304: otpcore.PostRedirect, 400: otpcore.PostStatus, 401: otpcore.PostStatus, 404: otpcore.PostStatus,
		410: otpcore.PostStatus, 429: otpcore.PostStatus, 500: otpcore.PostStatus, 502: otpcore.PostStatus, 503: otpcore.PostStatus, 599: otpcore.PostStatus,
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(status)
		}))
		r := post(t, srv, nil)
		if r.Failure != want || r.HTTPStatus != status || want == otpcore.PostStatus && r.RetryAfter != 7*time.Second {
			t.Errorf("%d is judged %+v", status, r)
		}
		srv.Close()
	}
}

// raw is a receiver that says whatever a test wants.
func raw(t testing.TB, say func(net.Conn)) *httptest.Server {
	t.Helper()
	ln := accept(t, func(conn net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			say(conn)
		}
	})
	return &httptest.Server{URL: "http://" + ln.Addr().String(), Listener: ln}
}

// Bad input 75: what a receiver says at length costs nothing.
func TestLongAnswersCostNothing(t *testing.T) {
	for name, tt := range map[string]struct {
		say  func(net.Conn)
		want otpcore.PostFailure
	}{
		"a body without an end": {func(c net.Conn) {
			_, err := fmt.Fprint(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
			for chunk := fmt.Sprintf("10000\r\n%s\r\n", strings.Repeat("x", 1<<16)); err == nil; {
				_, err = fmt.Fprint(c, chunk)
			}
		}, ""},
		"a body of one byte a second": {func(c net.Conn) {
			_, err := fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
			for err == nil {
				time.Sleep(time.Second)
				_, err = fmt.Fprint(c, "x")
			}
		}, ""},
		"10 MiB of headers": {func(c net.Conn) {
			_, err := fmt.Fprint(c, "HTTP/1.1 200 OK\r\n")
			for n := 0; err == nil && n < 10<<10; n++ {
				_, err = fmt.Fprintf(c, "X-%d: %s\r\n", n, strings.Repeat("x", 1000))
			}
		}, otpcore.PostAnswer},
		"no HTTP":     {func(c net.Conn) { _, _ = fmt.Fprint(c, "SSH-2.0-OpenSSH_9.9\r\n") }, otpcore.PostAnswer},
		"nothing":     {func(net.Conn) {}, otpcore.PostConnect},
		"half a head": {func(c net.Conn) { _, _ = fmt.Fprint(c, "HTTP/1.1 200 OK\r\nX-A") }, otpcore.PostAnswer},
		"a gzip bomb": {bomb, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := time.Now()
			r := post(t, raw(t, tt.say), nil)
			runtime.ReadMemStats(&after)
			if r.Failure != tt.want {
				t.Errorf("judged %+v, want %q", r, tt.want)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
			if grown := int64(after.TotalAlloc - before.TotalAlloc); grown > 32<<20 { // the receiver's own strings included
				t.Errorf("it took %d MiB of memory", grown>>20)
			}
		})
	}
}

func bomb(c net.Conn) {
	_, _ = fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n")
	z := gzip.NewWriter(chunks{c})
	zeros := make([]byte, 1<<20)
	for range 1 << 10 {
		if _, err := z.Write(zeros); err != nil {
			return
		}
	}
}

type chunks struct{ net.Conn }

func (c chunks) Write(p []byte) (int, error) {
	_, err := fmt.Fprintf(c.Conn, "%x\r\n%s\r\n", len(p), p)
	return len(p), err
}

// Bad input 76: a certificate that nobody vouches for is a failure of its own.
func TestCertificates(t *testing.T) {
	var got atomic.Int64
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { got.Add(1) }))
	srv.Config.ErrorLog = quiet()
	srv.StartTLS()
	defer srv.Close()
	trusted := x509.NewCertPool()
	trusted.AddCert(srv.Certificate())
	if r := post(t, srv, nil); r.Failure != otpcore.PostTLS {
		t.Errorf("self-signed: %+v", r)
	}
	if r := post(t, srv, trusted); r.Failure != "" || got.Load() != 1 {
		t.Errorf("trusted: %+v", r)
	}
	// The certificate is for example.com and 127.0.0.1.
	_, port, _ := net.SplitHostPort(srv.Listener.Addr().String())
	dns := newNames(t)
	dns.set("shop.test", "127.0.0.1")
	client := events.NewClient(events.ClientConfig{Guard: events.NewGuard([]string{"shop.test:" + port}, dns.resolver()), Roots: trusted})
	defer client.Close()
	if r := client.Post(t.Context(), "https://shop.test:"+port, []string{events.NewSecret()}, told()); r.Failure != otpcore.PostTLS {
		t.Errorf("another host's: %+v", r)
	}
	old := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { got.Add(1) }))
	old.Config.ErrorLog = quiet()
	old.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	old.StartTLS()
	defer old.Close()
	if r := post(t, old, trusted); r.Failure != otpcore.PostTLS {
		t.Errorf("TLS 1.1: %+v", r)
	}
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	plain.URL = strings.Replace(plain.URL, "http:", "https:", 1)
	if r := post(t, plain, nil); r.Failure != otpcore.PostTLS {
		t.Errorf("no TLS: %+v", r)
	}
	expired := expiredServer(t)
	pool := x509.NewCertPool()
	pool.AddCert(expired.Certificate())
	if r := post(t, expired, pool); r.Failure != otpcore.PostTLS {
		t.Errorf("expired: %+v", r)
	}
	if got.Load() != 1 {
		t.Errorf("receivers got %d events, want one", got.Load())
	}
}

func TestUnsignedEventsStay(t *testing.T) {
	var got atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { got.Add(1) }))
	defer srv.Close()
	client := events.NewClient(events.ClientConfig{Guard: events.NewGuard([]string{srv.Listener.Addr().String()}, nil)})
	defer client.Close()
	for _, secrets := range [][]string{nil, {"whsec_"}, {events.NewSecret(), "x"}} {
		if r := client.Post(t.Context(), srv.URL, secrets, told()); r.Failure != otpcore.PostUnsigned {
			t.Errorf("signed with %d secrets: %+v", len(secrets), r)
		}
	}
	if got.Load() != 0 {
		t.Error("an unsigned event went out")
	}
}
