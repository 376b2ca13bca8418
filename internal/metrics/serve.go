package metrics

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Limits of the listener. Prometheus asks with one request every few seconds.
const (
	readWithin   = 5 * time.Second
	answerWithin = 10 * time.Second
	scrapes      = 4 // at one time
)

// Handler answers GET /metrics and nothing else.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: scrapes, Timeout: answerWithin,
	}))
	return mux
}

// Listen opens the listener and says where. A port that is taken is no reason
// to keep codes from leaving: the log says so, Prometheus misses its target,
// and the returned listener is nil.
func (m *Metrics) Listen(addr string) net.Listener {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		m.log.Error("metrics are not served: set OTPRAVKA_METRICS_LISTEN to another address, or to off", "address", addr, "error", err)
		return nil
	}
	if tcp, ok := ln.Addr().(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		m.log.Warn("metrics are served beyond this machine: let nobody but Prometheus reach the port", "address", ln.Addr().String())
	}
	m.log.Info("metrics are served", "at", "http://"+ln.Addr().String()+"/metrics")
	return ln
}

// Serve answers until ctx ends. It closes ln. Trouble with the listener is
// logged and ends nothing else.
func (m *Metrics) Serve(ctx context.Context, ln net.Listener) error {
	if ln == nil {
		<-ctx.Done()
		return nil
	}
	srv := &http.Server{Handler: m.Handler(), ReadHeaderTimeout: readWithin, WriteTimeout: answerWithin + readWithin, IdleTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	select {
	case err := <-served:
		m.log.Error("metrics are not served any more", "error", err)
		<-ctx.Done()
		return nil
	case <-ctx.Done():
	}
	// A scrape in hand is worth no waiting.
	err := srv.Close()
	if e := <-served; !errors.Is(e, http.ErrServerClosed) {
		err = errors.Join(err, e)
	}
	return err
}
