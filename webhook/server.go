// Package webhook is everything HTTP. It holds the server: limits, the way of a
// request from the socket to a room, and the one way in which refusals leave.
// What is served stands in the rooms: the business API, the callbacks.
package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"otpravka/webhook/accesslog"
	"otpravka/webhook/origin"
	"otpravka/webhook/patience"
)

// Room is a group of routes.
type Room interface {
	// Mount adds the routes. It is called once, before the server serves.
	Mount(e *echo.Echo)
}

// Config is what a Server needs from the outside.
type Config struct {
	Log *slog.Logger
	// Ready returns nil while requests can be stored. It is asked by /readyz
	// only, so it may take a second.
	Ready func(ctx context.Context) error
	// Limits may be left zero; each zero field takes its default.
	Limits Limits
	// Proxies are those whose word on a caller's address is taken.
	Proxies origin.Proxies
	// Answered is told of every answer: the method, the pattern of the route
	// (empty: no route has the path), the status and the time it took. It must
	// not block. Nil: nobody counts.
	Answered func(method, route string, status int, took time.Duration)
}

// Server serves the rooms on one listener.
type Server struct {
	echo     *echo.Echo
	log      *slog.Logger
	ready    func(ctx context.Context) error
	limits   Limits
	seats    *seats
	draining atomic.Bool
}

// New returns a server with the rooms and with the routes for load balancers.
func New(cfg Config, rooms ...Room) *Server {
	limits := cfg.Limits.orDefault()
	s := &Server{echo: echo.New(), log: cfg.Log, ready: cfg.Ready, limits: limits, seats: newSeats(limits.Conns)}
	s.echo.HTTPErrorHandler = refuse
	s.echo.Pre(chain(s.echo, cfg.Proxies.Middleware, count(cfg.Answered), accesslog.Middleware(s.log), patience.Middleware(limits.answer()), harden, s.limits.admit, newStrangers(limits.Refusals).hold))
	// Monitors probe with HEAD.
	reading := []string{http.MethodGet, http.MethodHead}
	s.echo.Match(reading, "/healthz", s.health)
	s.echo.Match(reading, "/readyz", s.readiness)
	s.echo.Match(reading, "/problems/:code", explainProblem)
	for _, room := range rooms {
		room.Mount(s.echo)
	}
	return s
}

// headerSlack is what net/http reads beyond http.Server.MaxHeaderBytes.
const headerSlack = 4 << 10

// Serve answers requests until ctx ends, then stops to accept, lets requests
// in hand finish within Limits.Drain, and returns nil. It closes ln. An error
// means that the listener broke or that requests had to be cut off.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	srv := &http.Server{
		Handler:                      s.seats.handler(s.echo),
		ReadHeaderTimeout:            s.limits.ReadHeader,
		ReadTimeout:                  s.limits.Read,
		WriteTimeout:                 s.limits.Write,
		IdleTimeout:                  s.limits.Idle,
		MaxHeaderBytes:               s.limits.Header - headerSlack,
		DisableGeneralOptionsHandler: true,
		ConnContext:                  s.seats.enter,
		ConnState:                    s.seats.leave,
		ErrorLog:                     slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	s.draining.Store(true)
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.limits.Drain)
	defer cancel()
	err := srv.Shutdown(drain)
	if err != nil {
		err = errors.Join(fmt.Errorf("drain requests: %w", err), srv.Close())
	}
	<-served
	return err
}
