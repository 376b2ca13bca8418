package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"time"

	"otpravka/otpcore"
)

// The commands, as paths on the socket.
const (
	createBusiness = "/business/create"
	listBusinesses = "/business/list"
	createKey      = "/key/create"
)

// SocketPath is where the server of a database listens.
func SocketPath(database string) string { return database + ".sock" }

// Listen opens the socket for the server's own user only. Whoever calls it
// holds the database's lock, so a socket that is already there is a left-over.
func Listen(path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("a left-over admin socket cannot be removed, delete %s: %w", path, err)
	}
	ln, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("the admin socket %s cannot be opened, use a database path of less than 100 characters in a directory of your own: %w", path, err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	return ln, nil
}

const drain = 5 * time.Second

// Serve carries out commands until ctx ends.
func (s *Service) Serve(ctx context.Context, ln net.Listener) error {
	mux := http.NewServeMux()
	mux.Handle("POST "+createBusiness, command(s.CreateBusiness))
	mux.Handle("POST "+listBusinesses, command(s.ListBusinesses))
	mux.Handle("POST "+createKey, command(s.CreateKey))
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: drain}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	stop, done := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer done()
	err := srv.Shutdown(stop)
	// Serve closes the listener a second time on its way out, which removes the
	// socket's file: by then it may be the next server's.
	<-served
	return err
}

// refusal is a domain error on the socket.
type refusal struct {
	Kind   otpcore.Kind `json:"kind"`
	Code   string       `json:"code"`
	Detail string       `json:"detail"`
}

func command[In, Out any](run func(context.Context, In) (Out, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in In
		err := json.NewDecoder(r.Body).Decode(&in)
		var out any
		if err == nil {
			out, err = run(r.Context(), in)
		}
		if err != nil {
			w.WriteHeader(http.StatusUnprocessableEntity)
			out = refuse(err)
		}
		_ = json.NewEncoder(w).Encode(out) // a client that left learns nothing
	})
}

func refuse(err error) refusal {
	if e, ok := errors.AsType[*otpcore.Error](err); ok {
		return refusal{e.Kind, e.Code, e.Detail}
	}
	return refusal{otpcore.KindInternal, "internal", err.Error()}
}

// Client speaks to a running server.
type Client struct{ http http.Client }

// Dial returns a client of the server that holds the database, and an error
// wrapping fs.ErrNotExist or a refused connection when none runs.
func Dial(ctx context.Context, path string) (*Client, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	if err := conn.Close(); err != nil {
		return nil, err
	}
	return &Client{http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return d.DialContext(ctx, "unix", path)
		},
	}}}, nil
}

// CreateBusiness makes a business on the running server.
func (c *Client) CreateBusiness(ctx context.Context, r NewBusiness) (CreatedBusiness, error) {
	var out CreatedBusiness
	return out, c.call(ctx, createBusiness, r, &out)
}

// ListBusinesses lists the businesses of the running server.
func (c *Client) ListBusinesses(ctx context.Context, _ struct{}) ([]BusinessLine, error) {
	var out []BusinessLine
	return out, c.call(ctx, listBusinesses, struct{}{}, &out)
}

func (c *Client) call(ctx context.Context, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://admin"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("the server did not answer on its admin socket: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode == http.StatusOK {
		return json.NewDecoder(res.Body).Decode(out)
	}
	var r refusal
	if err := json.NewDecoder(res.Body).Decode(&r); err != nil {
		return fmt.Errorf("the admin socket answered %s", res.Status)
	}
	return &otpcore.Error{Kind: r.Kind, Code: r.Code, Detail: r.Detail}
}
