package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// healthPatience bounds the question: whoever asks a server that hangs must
// not hang too.
const healthPatience = 5 * time.Second

// AskReady returns nil when the server that listens on the address is ready to
// store. The address is the one that the server itself was given: a host left
// empty, or 0.0.0.0, means this machine.
func AskReady(ctx context.Context, listen string) error {
	status, _, err := askLocal(ctx, listen, "/readyz")
	switch {
	case err != nil:
		return fmt.Errorf("no server answers on %s: start it with `otpravka serve`, or set OTPRAVKA_LISTEN to its address: %w", listen, err)
	case status != http.StatusOK:
		return fmt.Errorf("the server on %s is not ready, it answers %d %s: read its log", listen, status, http.StatusText(status))
	}
	return nil
}

// askMetrics reads the metrics on the address, and returns nil when they are
// those of Otpravka.
func askMetrics(ctx context.Context, listen string) error {
	status, text, err := askLocal(ctx, listen, "/metrics")
	switch {
	case err != nil:
		return err
	case status != http.StatusOK:
		return fmt.Errorf("it answers %d %s", status, http.StatusText(status))
	case !bytes.Contains(text, []byte("\notpravka_")):
		return errors.New("what it shows are another program's")
	}
	return nil
}

// maxAnswer bounds what is read of an answer: whose it is, is not known yet.
const maxAnswer = 4 << 20

// askLocal asks a listener of this machine and returns what it answers.
func askLocal(ctx context.Context, listen, path string) (status int, text []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, healthPatience)
	defer cancel()
	// Dialing the address as it is spares its translation into a URL, and no
	// proxy of the environment comes between.
	var d net.Dialer
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return d.DialContext(ctx, "tcp", listen)
		},
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost"+path, nil)
	if err != nil {
		return 0, nil, err
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	text, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	return res.StatusCode, text, errors.Join(err, res.Body.Close())
}
