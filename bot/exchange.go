package bot

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// NewTransport returns a transport for many calls to one API. The proxy settings
// of the environment apply.
func NewTransport() *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout: 5 * time.Second,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     90 * time.Second,
	}
}

var errAnswerTooLarge = errors.New("answer too large")

// Exchange makes one request and reads an answer of at most the given bytes. It
// follows no redirect: that would take a credential elsewhere. Seen tells, with an
// error, whether the other side may have got the request. The error quotes neither
// side.
func Exchange(ctx context.Context, t *http.Transport, req *http.Request, most int64) (resp *http.Response, body []byte, seen bool, err error) {
	var written atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { written.Store(true) }})
	resp, err = t.RoundTrip(req.WithContext(ctx))
	if err == nil {
		defer resp.Body.Close()
		if body, err = io.ReadAll(io.LimitReader(resp.Body, most+1)); err == nil && int64(len(body)) > most {
			err = errAnswerTooLarge
		}
	}
	if err != nil {
		return nil, nil, written.Load(), Plain(err, errAnswerTooLarge)
	}
	return resp, body, true, nil
}
