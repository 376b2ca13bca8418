package webhook

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/labstack/echo/v4"

	"otpravka/webhook/problem"
)

// What stands before the addresses that businesses and providers call.
const (
	apiPath      = "/v1/"
	orderPath    = "/v1/orders/"
	batchPath    = "/v1/order-updates/batch"
	callbackPath = "/callbacks/"
	metaPath     = "/callbacks/whatsapp/"
)

// admit refuses what no client that means well sends, before the router looks
// at it. It redirects nothing: a redirect may carry the body along.
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
	if holdsKey(u.Path) || queryHoldsKey(query) || strings.HasPrefix(u.Path, apiPath) && namesKey(query) {
		return problem.New("key_in_url")
	}
	return nil
}

func queryHoldsKey(query url.Values) bool {
	for name, values := range query {
		if holdsKey(name) || slices.ContainsFunc(values, holdsKey) {
			return true
		}
	}
	return false
}

// namesKey reports whether a query has a parameter by a name that other
// services take keys under. Whoever sends it to the API means a key, even a
// mistyped one; providers may name their own parameters so.
func namesKey(query url.Values) bool {
	for name := range query {
		switch strings.ToLower(name) {
		case "api_key", "apikey", "api-key", "key", "token", "access_token":
			return true
		}
	}
	return false
}

// odd reports whether a path has more than one reading. No path of ours needs
// escapes, so whatever was escaped in a way of its own (RawPath) is odd too. The
// one exception is the number of an order, which is whatever a shop made of it:
// it is one segment as long as its slashes are escaped.
func odd(u *url.URL) bool {
	path := u.Path
	if number, ok := strings.CutPrefix(u.EscapedPath(), orderPath); ok && number != "" {
		return strings.Contains(number, "/") || strings.ContainsFunc(path, unicode.IsControl)
	}
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
	s = strings.ToLower(s)
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
	switch path := r.URL.Path; {
	case path == batchPath:
		limit = l.BatchBody
	case strings.HasPrefix(path, metaPath):
		limit = l.MetaBody
	case strings.HasPrefix(path, callbackPath):
		limit = l.CallbackBody
	}
	if r.ContentLength > limit {
		w.Header().Set("Connection", "close")
		return problem.TooLarge(limit)
	}
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	return nil
}
