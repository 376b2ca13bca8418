package problem

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/labstack/echo/v4"

	"otpravka/otpcore"
)

// retryUnavailable is told where a refusal of ours names no time itself.
const retryUnavailable = time.Second

// kinds answers domain errors whose code has no row in the table, so that a new
// rule of the domain never turns into a server error.
var kinds = map[otpcore.Kind]entry{
	otpcore.KindInvalid:      {http.StatusUnprocessableEntity, "The request cannot be served as it stands", "Correct the request."},
	otpcore.KindUnauthorized: table["unauthorized"],
	otpcore.KindForbidden:    {http.StatusForbidden, "The key may not do this", "Use another key."},
	otpcore.KindNotFound:     table["not_found"],
	otpcore.KindConflict:     {http.StatusConflict, "The state of things forbids this", "Look at what there is, then decide again."},
	otpcore.KindRateLimited:  table["rate_limited"],
	otpcore.KindUnavailable:  table["unavailable"],
}

// From returns the problem that answers err. Whatever is not a refusal that
// somebody worded becomes "internal": its text stays in the log.
func From(err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	if e, ok := errors.AsType[*otpcore.Error](err); ok {
		if e.Code == "unavailable" && gaveUp(err) {
			return untold(err)
		}
		return fromDomain(e).Because(err)
	}
	if e, ok := errors.AsType[*echo.HTTPError](err); ok {
		return New(fromStatus(e.Code)).Because(err)
	}
	if gaveUp(err) {
		return untold(err)
	}
	return New("internal").Because(err)
}

// gaveUp reports whether nobody waited for what became of the request.
func gaveUp(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// untold answers a request whose outcome is not known: it may have been carried
// out, or still be.
func untold(err error) *Problem {
	p := New("unavailable").After(retryUnavailable).Because(err)
	p.Detail = "The answer took too long, and the request may have been carried out all the same. Repeat it, with the same Idempotency-Key where it had one, to learn its outcome."
	return p
}

// TooLarge is the problem of a body of more bytes than the limit.
func TooLarge(limit int64) *Problem {
	p := New("body_too_large")
	p.Detail = fmt.Sprintf("Send a body of at most %d bytes.", limit)
	if kib := limit >> 10; kib<<10 == limit {
		p.Detail = fmt.Sprintf("Send a body of at most %d KiB.", kib)
	}
	return p
}

// FromRead returns the problem of a body that could not be read to its end.
func FromRead(err error) *Problem {
	if e, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return TooLarge(e.Limit).Because(err)
	}
	if e, ok := errors.AsType[net.Error](err); errors.Is(err, os.ErrDeadlineExceeded) || (ok && e.Timeout()) {
		return New("request_timeout").Because(err)
	}
	return New("bad_request").Because(err)
}

// fromDomain keeps the domain's own code and sentence.
func fromDomain(e *otpcore.Error) *Problem {
	general, ok := kinds[e.Kind]
	if !ok || e.Code == "" {
		return New("internal")
	}
	p := general.problem(e.Code)
	if Known(e.Code) {
		p = New(e.Code)
	}
	if e.Detail != "" {
		p.Detail = e.Detail
	}
	for _, f := range e.Errors {
		p.Errors = append(p.Errors, Field{Pointer: f.Field, Code: f.Code, Detail: f.Detail})
	}
	if e.Field != "" && len(e.Errors) == 0 {
		p.Errors = []Field{{Pointer: e.Field, Code: p.Code, Detail: p.Detail}}
	}
	if e.RetryAfter > 0 {
		p.After(e.RetryAfter)
	} else if p.Status == http.StatusServiceUnavailable {
		p.After(retryUnavailable)
	}
	return p
}

// fromStatus names the problems that the router and the generated code find.
func fromStatus(status int) string {
	switch status {
	case http.StatusNotFound:
		return "route_not_found"
	case http.StatusMethodNotAllowed:
		return "method_not_allowed"
	case http.StatusRequestEntityTooLarge:
		return "body_too_large"
	case http.StatusUnsupportedMediaType:
		return "unsupported_media_type"
	}
	if status >= 400 && status < 500 {
		return "bad_parameter"
	}
	return "internal"
}
