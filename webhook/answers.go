package webhook

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"otpravka/webhook/accesslog"
	"otpravka/webhook/problem"
)

// chain puts the middlewares, the first one outermost, before the router of e. It
// builds them once: echo would build all of them anew for every request.
func chain(e *echo.Echo, all ...echo.MiddlewareFunc) echo.MiddlewareFunc {
	handler := func(c echo.Context) error {
		e.Router().Find(c.Request().Method, echo.GetPath(c.Request()), c)
		return c.Handler()(c)
	}
	for _, middleware := range slices.Backward(all) {
		handler = middleware(handler)
	}
	return func(echo.HandlerFunc) echo.HandlerFunc { return handler }
}

// harden sets what holds for every answer, refusals included. Answers hold
// phones and codes of test keys: no cache may keep them and no browser may
// guess another type into them. A room that serves pages sets its own policy.
func harden(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		maps.Copy(c.Response().Header(), hardened)
		return next(c)
	}
}

// hardened is shared by all answers: a field is replaced, never added to.
var hardened = http.Header{
	"Cache-Control":                {"no-store"},
	"X-Content-Type-Options":       {"nosniff"},
	"Referrer-Policy":              {"no-referrer"},
	"Content-Security-Policy":      {"default-src 'none'; frame-ancestors 'none'"},
	"Cross-Origin-Resource-Policy": {"same-origin"},
	"Strict-Transport-Security":    {"max-age=31536000"},
}

// count tells of the answer that the caller saw: it stands before the access
// log, which lets errors be answered.
func count(answered func(method, route string, status int, took time.Duration)) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if answered == nil {
			return next
		}
		return func(c echo.Context) error {
			began := time.Now()
			err := next(c)
			answered(accesslog.Method(c.Request().Method), c.Path(), c.Response().Status, time.Since(began))
			return err
		}
	}
}

// refuse is the one way in which an error becomes an answer.
func refuse(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	p := problem.From(err)
	if p.Status == http.StatusInternalServerError {
		// Only here: elsewhere it would make equal refusals differ.
		numbered := *p
		numbered.RequestID = c.Response().Header().Get(accesslog.RequestID)
		p = &numbered
	}
	// A caller that has gone away is no news.
	_ = p.Write(c.Response(), c.Request())
}

func (s *Server) health(c echo.Context) error {
	return c.JSON(http.StatusOK, map[string]string{"status": "ok"})
}

func (s *Server) readiness(c echo.Context) error {
	if s.draining.Load() {
		return problem.New("not_ready").After(s.limits.Drain)
	}
	if err := s.ready(c.Request().Context()); err != nil {
		return problem.New("not_ready").After(s.limits.ReadHeader).Because(err)
	}
	return s.health(c)
}

// explainProblem makes the type of a problem an address that explains it, as
// RFC 9457 section 3.1.1 asks for.
func explainProblem(c echo.Context) error {
	code := c.Param("code")
	if !problem.Known(code) {
		return echo.ErrNotFound
	}
	p := problem.New(code)
	return c.JSON(http.StatusOK, map[string]any{"code": p.Code, "title": p.Title, "status": p.Status, "detail": p.Detail})
}
