package bot

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
)

// Plain picks out of the chain of a network error what is known to quote
// neither the request nor the answer, which may hold a credential or a code:
// errors about URLs hold what stands in them, and errors about malformed answers
// hold the answer. Known are errors of the caller's own that may be shown.
func Plain(err error, known ...error) error {
	for _, k := range append(known, context.Canceled, context.DeadlineExceeded, io.EOF, io.ErrUnexpectedEOF) {
		if errors.Is(err, k) {
			return k
		}
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		return e
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e
	}
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return e
	}
	return fmt.Errorf("network error of type %T", err)
}

// Base reads the base address of a chat network's API, which is configuration: a
// plain http or https URL. It returns it without a trailing slash.
func Base(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "", fmt.Errorf("api address %q is no plain http or https url", address)
	}
	return strings.TrimRight(address, "/"), nil
}
