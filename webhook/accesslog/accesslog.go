// Package accesslog writes one line for each request. A line holds the pattern
// of the route, never the path: paths of callbacks and links hold secrets. It
// holds no body, no header and no address of a person.
package accesslog

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/labstack/echo/v4"

	"otpravka/otpcore"
	"otpravka/webhook/problem"
)

// RequestID is the answer's header that names the request in the log. A
// caller's own value is not taken over: it could be anything.
const RequestID = "X-Request-Id"

// entry gathers what is learned about a request on its way.
type entry struct{ business, key otpcore.ID }

type entryKey struct{}

// Identify notes whose request it is.
func Identify(ctx context.Context, business, key otpcore.ID) {
	if e, ok := ctx.Value(entryKey{}).(*entry); ok {
		e.business, e.key = business, key
	}
}

// Identified reports whether the request was found to be somebody's.
func Identified(ctx context.Context) bool {
	e, ok := ctx.Value(entryKey{}).(*entry)
	return ok && e.key != ""
}

// Middleware stands outermost. It turns a panic into an error, lets the error
// handler answer, and then writes the line, so that the line tells the status
// that the caller saw.
func Middleware(log *slog.Logger) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			began := time.Now()
			id := "req_" + rand.Text()
			c.Response().Header().Set(RequestID, id)
			e := &entry{}
			r := c.Request().WithContext(context.WithValue(c.Request().Context(), entryKey{}, e))
			c.SetRequest(r)

			err := calm(log, id, next, c)
			if err != nil {
				c.Error(err)
			}
			status := c.Response().Status
			log.LogAttrs(r.Context(), level(status), "request",
				slog.String("request_id", id),
				slog.String("method", Method(r.Method)),
				slog.String("route", c.Path()),
				slog.Int("status", status),
				slog.Int64("bytes", c.Response().Size),
				slog.Float64("duration_ms", float64(time.Since(began).Microseconds())/1000),
				slog.String("business_id", string(e.business)),
				slog.String("key_id", string(e.key)),
				refusal(err))
			return nil
		}
	}
}

// calm turns a panic into an error. The value of a panic may hold anything, a
// code for example, so that only errors of the Go runtime are written out.
func calm(log *slog.Logger, id string, next echo.HandlerFunc, c echo.Context) (err error) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if e, ok := v.(error); ok && errors.Is(e, http.ErrAbortHandler) {
			panic(v)
		}
		what := fmt.Sprintf("%T", v)
		if e, ok := v.(runtime.Error); ok {
			what = e.Error()
		}
		log.LogAttrs(c.Request().Context(), slog.LevelError, "panic",
			slog.String("request_id", id), slog.String("panic", what), slog.String("stack", string(debug.Stack())))
		err = problem.New("internal")
	}()
	return next(c)
}

// refusal names what was answered and, when it is our own fault, why.
func refusal(err error) slog.Attr {
	if err == nil {
		return slog.Attr{}
	}
	p := problem.From(err)
	if p.Status >= http.StatusInternalServerError {
		return slog.Group("problem", slog.String("code", p.Code), slog.String("error", err.Error()))
	}
	return slog.Group("problem", slog.String("code", p.Code))
}

func level(status int) slog.Level {
	if status >= http.StatusInternalServerError {
		return slog.LevelError
	}
	return slog.LevelInfo
}

// Method keeps a made-up method, which may be kilobytes long, out of the log:
// it returns a known one, or other.
func Method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodOptions, http.MethodTrace, http.MethodConnect:
		return m
	}
	return "other"
}
