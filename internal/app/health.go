package app

import (
	"context"
	"fmt"
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
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/readyz", nil)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("no server answers on %s: start it with `otpravka serve`, or set OTPRAVKA_LISTEN to its address: %w", listen, err)
	}
	if err := res.Body.Close(); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the server on %s is not ready, it answers %s: read its log", listen, res.Status)
	}
	return nil
}
