package sms

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/loopback"
	"otpravka/internal/sim/smssim"
	"otpravka/otpcore"
)

// staleConn takes one write and then fails like a connection that its other
// end has given up.
type staleConn struct {
	net.Conn
	writes atomic.Int64
	limit  int64
}

func (c *staleConn) Write(p []byte) (int, error) {
	if c.writes.Add(1) > c.limit {
		return 0, &net.OpError{Op: "write", Net: "tcp", Err: os.NewSyscallError("write", syscall.EPIPE)}
	}
	return c.Conn.Write(p)
}

func dialing(t *testing.T, base string, dial DialFunc) *Gateway {
	t.Helper()
	t.Setenv("SMS_KEY", "key")
	source := strings.Replace(minimal, "https://sms.example", base, 1)
	g, err := New(parsed(t, source), Options{Logger: quiet(), DialContext: dial})
	if err != nil {
		t.Fatalf("new gateway: %v", err)
	}
	t.Cleanup(g.Close)
	return g
}

func TestStaleConnectionIsReplacedWhileNothingWasWritten(t *testing.T) {
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	defer server.Close()
	var dials atomic.Int64
	g := dialing(t, server.URL, func(ctx context.Context, network, addr string) (net.Conn, error) {
		dials.Add(1)
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		return &staleConn{Conn: conn, limit: 1}, err
	})
	for i := range 3 {
		if _, err := g.Send(t.Context(), outgoing()); err != nil {
			t.Errorf("send %d: %v", i+1, err)
		}
	}
	if calls.Load() != 3 || dials.Load() != 3 {
		t.Errorf("%d calls over %d connections, want 3 over 3", calls.Load(), dials.Load())
	}
}

func TestFirstWriteThatFailsIsNoAmbiguity(t *testing.T) {
	g := dialing(t, "http://sms.example", func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		t.Cleanup(func() { _ = far.Close() })
		return &staleConn{Conn: near}, nil
	})
	if _, err := g.Send(t.Context(), outgoing()); classOf(err) != otpcore.ClassProviderDown {
		t.Errorf("class is %s, want provider_down (%v)", classOf(err), err)
	}
}

func TestUntrustedCertificateStopsTheRequest(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the request was sent to a server that nobody vouches for")
	}))
	server.Config.ErrorLog = discard()
	server.StartTLS()
	defer server.Close()
	_, err := dialing(t, server.URL, nil).Send(t.Context(), outgoing())
	if classOf(err) != otpcore.ClassProviderDown || !strings.Contains(err.Error(), "x509") {
		t.Errorf("error is %v", err)
	}
}

func TestProxyOfTheEnvironmentIsNotAsked(t *testing.T) {
	if newTransport(nil).Proxy != nil {
		t.Error("the transport asks the environment for a proxy")
	}
}

func TestTimeoutOfTheDeclarationEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := loopback.NewMemory("sms.example")
		sim := smssim.New(smssim.Options{Listener: memory, Accepted: smssim.Answer{Status: http.StatusOK}})
		defer sim.Close()
		base, err := sim.Listen()
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv("SMS_KEY", "key")
		source := strings.Replace(minimal, "https://sms.example", base, 1)
		source = strings.Replace(source, "id: one", "id: one\n    rate: {timeout: 4s}", 1)
		g, err := New(parsed(t, source), Options{Logger: quiet(), DialContext: memory.DialContext})
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close()
		sim.Fail(fault.Rule{AnswerDelay: time.Minute})
		began := time.Now()
		_, err = g.Send(t.Context(), outgoing())
		if classOf(err) != otpcore.ClassAmbiguous || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error is %v", err)
		}
		if waited := time.Since(began); waited != 4*time.Second {
			t.Errorf("waited %v, want 4s", waited)
		}
		if _, err = g.Send(t.Context(), outgoing()); err != nil {
			t.Errorf("send after the fault: %v", err)
		}
	})
}
