package webhook

import (
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/labstack/echo/v4"

	"otpravka/webhook/problem"
)

// callbackPath stands before the addresses that providers call.
const callbackPath = "/callbacks/"

// admit refuses what no client that means well sends, before the router looks
// at it. Nothing is ever redirected: a redirect would carry the body along.
func (l Limits) admit(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if err := l.admitURL(r.URL); err != nil {
			return err
		}
		if err := l.admitBody(c.Response(), r); err != nil {
			return err
		}
		return next(c)
	}
}

func (l Limits) admitURL(u *url.URL) error {
	switch {
	case u.Host != "":
		// A request line with a whole URL belongs to a proxy.
		return problem.New("misdirected")
	case len(u.RawQuery) > l.Query:
		return problem.New("query_too_long")
	case odd(u):
		return problem.New("route_not_found")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return problem.New("bad_query")
	}
	for name := range query {
		if strings.EqualFold(name, "api_key") {
			return problem.New("key_in_url")
		}
	}
	if holdsKey(u.Path) || holdsKey(u.RawQuery) {
		return problem.New("key_in_url")
	}
	return nil
}

// odd reports whether a path has more than one reading. No path of ours needs
// escapes, so whatever was escaped in a way of its own (RawPath) is odd too.
func odd(u *url.URL) bool {
	path := u.Path
	if !strings.HasPrefix(path, "/") || u.RawPath != "" || strings.ContainsAny(path, `;\`) || strings.Contains(path, "//") {
		return true
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return strings.ContainsFunc(path, unicode.IsControl)
}

func holdsKey(s string) bool {
	return strings.Contains(s, "otp_live_") || strings.Contains(s, "otp_test_")
}

func (l Limits) admitBody(w http.ResponseWriter, r *http.Request) error {
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return problem.New("unsupported_encoding")
	}
	if len(r.TransferEncoding) > 0 {
		// RFC 9112 section 6.3: a message with Content-Length beside
		// Transfer-Encoding may be an attempt at request smuggling, and the
		// connection must end after it. net/http hides the Content-Length of such
		// a message, so every chunked request ends its connection.
		w.Header().Set("Connection", "close")
	}
	limit := l.Body
	if strings.HasPrefix(r.URL.Path, callbackPath) {
		limit = l.CallbackBody
	}
	if r.ContentLength > limit {
		w.Header().Set("Connection", "close")
		return problem.New("body_too_large")
	}
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	return nil
}
