// Package patience bounds how long a request waits inside, so that it is
// answered before the server gives its connection up: a client that is cut off
// learns neither what became of its request nor what to do next.
package patience

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"
)

type unboundKey struct{}

// Middleware ends the context of every request after the time.
func Middleware(most time.Duration) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			unbound := c.Request().Context()
			ctx, done := context.WithTimeout(context.WithValue(unbound, unboundKey{}, unbound), most)
			defer done()
			c.SetRequest(c.Request().WithContext(ctx))
			return next(c)
		}
	}
}

// Lift returns the context of before the bound, for a request that is meant to
// wait. What was added to the context since is not in it.
func Lift(ctx context.Context) context.Context {
	if unbound, ok := ctx.Value(unboundKey{}).(context.Context); ok {
		return unbound
	}
	return ctx
}
