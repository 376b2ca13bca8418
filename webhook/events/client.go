package events

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"otpravka/internal/failpoint"
	"otpravka/otpcore"
)

// Bounds of one try. A receiver that is slower, or says more, has failed.
const (
	postTime   = 15 * time.Second // Standard Webhooks asks for 15 to 30 s
	mostHeader = 64 << 10
	mostBody   = 64 << 10
	// readTime is for a body that nobody reads: only a connection whose answer
	// was read to its end serves the next event.
	readTime = time.Second
)

var errForbidden = errors.New("the address is not public")

// Client posts events to endpoints.
type Client struct {
	guard *Guard
	http  http.Client
	// Posted is told of every try, from the caller's goroutine. Nil: nobody is.
	Posted func(otpcore.Mode, otpcore.PostResult)
}

var _ otpcore.Postman = (*Client)(nil)

// ClientConfig is what a client is made from.
type ClientConfig struct {
	Guard *Guard
	Roots *x509.CertPool // whom certificates must come from; nil: whom the machine trusts
}

// NewClient returns a client behind the guard.
func NewClient(cfg ClientConfig) *Client {
	return &Client{guard: cfg.Guard, http: http.Client{
		Transport: &http.Transport{
			Proxy:                  nil, // a proxy would connect where the guard cannot look
			DialContext:            cfg.Guard.DialContext,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: cfg.Roots},
			TLSHandshakeTimeout:    connectTime,
			DisableCompression:     true,
			MaxResponseHeaderBytes: mostHeader,
			MaxIdleConns:           256,
			MaxIdleConnsPerHost:    8,
			IdleConnTimeout:        time.Minute,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close ends the connections that wait for the next event.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Admit implements otpcore.Postman.
func (c *Client) Admit(ctx context.Context, url string) error { return c.guard.Admit(ctx, url) }

// NewSecret implements otpcore.Postman.
func (c *Client) NewSecret() string { return NewSecret() }

// Post implements otpcore.Postman.
func (c *Client) Post(ctx context.Context, url string, secrets []string, e otpcore.ToldEvent) otpcore.PostResult {
	began := time.Now()
	result := c.post(ctx, url, secrets, e)
	result.Took = time.Since(began)
	if c.Posted != nil {
		c.Posted(e.Mode, result)
	}
	return result
}

func (c *Client) post(ctx context.Context, url string, secrets []string, e otpcore.ToldEvent) otpcore.PostResult {
	signer, err := NewSigner(secrets...)
	if err != nil {
		return otpcore.PostResult{Failure: otpcore.PostUnsigned}
	}
	if _, err := c.guard.read(url); err != nil { // what the operator had opened may be closed by now
		return otpcore.PostResult{Failure: otpcore.PostAddress}
	}
	ctx, done := context.WithTimeout(ctx, postTime)
	defer done()
	req, err := request(ctx, url, signer, e)
	if err != nil {
		return otpcore.PostResult{Failure: otpcore.PostAddress}
	}
	failpoint.Hit(failpoint.EventBeforePost)
	res, err := c.http.Do(req)
	if err != nil {
		return otpcore.PostResult{Failure: failure(err), Ours: ours(err)}
	}
	defer func() { _ = res.Body.Close() }()
	failpoint.Hit(failpoint.EventPosted)
	over := time.AfterFunc(readTime, done)
	defer over.Stop()
	_, _ = io.CopyN(io.Discard, res.Body, mostBody)
	return judge(res)
}

func request(ctx context.Context, url string, signer *Signer, e otpcore.ToldEvent) (*http.Request, error) {
	body, err := json.Marshal(New(e))
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Otpravka")
	return req, signer.Sign(req.Header, string(e.ID), time.Now(), body)
}

// judge reads the head of an answer. What stands in the body is nobody's
// business but the receiver's.
func judge(res *http.Response) otpcore.PostResult {
	r := otpcore.PostResult{HTTPStatus: res.StatusCode}
	switch {
	case res.StatusCode >= 200 && res.StatusCode <= 299:
		return r
	case res.StatusCode >= 300 && res.StatusCode <= 399:
		r.Failure = otpcore.PostRedirect
	default:
		r.Failure = otpcore.PostStatus
	}
	if seconds, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && seconds > 0 {
		r.RetryAfter = time.Duration(min(seconds, 1<<20)) * time.Second
	}
	return r
}

// failure finds the word for a try that got no answer.
func failure(err error) otpcore.PostFailure {
	if _, ok := errors.AsType[*net.DNSError](err); ok || errors.Is(err, errForbidden) {
		return otpcore.PostAddress
	}
	if e, ok := errors.AsType[*url.Error](err); ok && e.Timeout() || errors.Is(err, context.Canceled) {
		return otpcore.PostTimeout
	}
	if isTLS(err) {
		return otpcore.PostTLS
	}
	if _, ok := errors.AsType[*net.OpError](err); ok || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return otpcore.PostConnect
	}
	return otpcore.PostAnswer
}

// ours reports whether this machine had no descriptor, port or memory left.
func ours(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ENOBUFS) || errors.Is(err, syscall.EADDRNOTAVAIL)
}

func isTLS(err error) bool {
	var (
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		alert       tls.AlertError
	)
	return errors.Is(err, http.ErrSchemeMismatch) || errors.As(err, &certificate) || errors.As(err, &record) || errors.As(err, &alert) || strings.Contains(err.Error(), "tls: ")
}
