package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"
)

// Options of the page.
type Options struct {
	// Listen is the TCP address of the page. Empty means DefaultListen, or a
	// free port where that one is taken.
	Listen string
	// Lang is the language of the page and of the people: en, which is also what
	// empty means, or ru.
	Lang string
	// Business is the name of the shop; empty means Book House, in its language.
	Business string
	// FallbackAfter is when the SMS follows; 0 means 15 s, at least 10 s.
	FallbackAfter time.Duration
	// Out gets the page's address, Log the server's warnings.
	Out, Log io.Writer
	// Ready is called with the page's address once it is served.
	Ready func(url string)
}

// DefaultListen is where the page is served unless something else is there.
const DefaultListen = "127.0.0.1:8090"

// Page serves the demo until ctx ends.
func Page(ctx context.Context, opts Options) error {
	spoken, err := speak(opts.Lang)
	if err != nil {
		return err
	}
	if opts.Business == "" {
		opts.Business = spoken.business
	}
	if opts.FallbackAfter == 0 {
		opts.FallbackAfter = pageFallback
	}
	ln, err := listen(opts.Listen)
	if err != nil {
		return err
	}
	s, err := newStage(ctx, opts)
	if err == nil {
		err = s.serve(ctx, ln)
	} else {
		err = errors.Join(err, ln.Close())
	}
	return errors.Join(err, s.close())
}

func listen(addr string) (net.Listener, error) {
	if addr != "" {
		ln, err := net.Listen("tcp", addr)
		if err != nil {
			return nil, fmt.Errorf("the page cannot be served on %s, choose another address with --listen: %w", addr, err)
		}
		return ln, nil
	}
	ln, err := net.Listen("tcp", DefaultListen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return net.Listen("tcp", "127.0.0.1:0")
	}
	return ln, err
}

// goodbye bounds how long requests in hand may take when the demo ends.
const goodbye = 3 * time.Second

func (s *stage) serve(ctx context.Context, ln net.Listener) error {
	// Streams end with this context: Shutdown alone would wait for them.
	streams, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	server := &http.Server{
		Handler: s.handler(), ReadHeaderTimeout: 5 * time.Second,
		BaseContext: func(net.Listener) context.Context { return streams },
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()
	s.announce(ln.Addr())
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	end()
	stop, done := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
	defer done()
	return server.Shutdown(stop)
}

func (s *stage) announce(addr net.Addr) {
	url := "http://" + addr.String()
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		url = fmt.Sprintf("http://localhost:%d", tcp.Port)
	}
	_, _ = fmt.Fprintf(s.opts.Out, "Open %s in a browser. Ctrl-C ends the demo, and nothing of it stays.\n", url)
	if s.opts.Ready != nil {
		s.opts.Ready(url)
	}
}
