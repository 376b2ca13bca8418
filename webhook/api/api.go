// Package api is the business API. openapi.yaml is its contract: types and
// routing are generated from it, requests are checked against it, and scopes
// are read from it. Handlers translate between the contract and the domain and
// decide nothing.
package api

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"otpravka/otpcore"
	"otpravka/webhook/ratelimit"
	"otpravka/webhook/strictjson"
)

//go:generate go tool oapi-codegen -config oapi-codegen.yaml openapi.yaml

// Authenticator finds who stands behind an API key.
type Authenticator interface {
	// Authenticate returns the key and its business if the key is usable now.
	// Every other key gets the same error of kind unauthorized; an error of
	// kind unavailable means that storage could not be asked.
	Authenticate(ctx context.Context, text otpcore.KeyText) (*otpcore.APIKey, *otpcore.Business, error)
}

// API serves the contract.
type API struct {
	handlers   StrictServerInterface
	auth       Authenticator
	operations map[string]operation
	codec      *strictjson.Codec
	calls      *ratelimit.Limiter
	misses     *ratelimit.Limiter
}

// CallsPerSecond is what a key may ask for unless New is told otherwise; twice
// as many in one burst.
const CallsPerSecond = 50

// New returns the API over its handlers. Calls is what each key may ask for in
// a second; zero is CallsPerSecond. An error means that the contract that was
// built in cannot be read.
func New(handlers StrictServerInterface, auth Authenticator, calls int) (*API, error) {
	operations, codec, err := readContract(Contract)
	if err != nil {
		return nil, err
	}
	return &API{
		handlers: handlers, auth: auth, operations: operations, codec: codec,
		calls:  ratelimit.New("key", 2*cmp.Or(calls, CallsPerSecond), 2*time.Second),
		misses: ratelimit.New("not-found", 60, time.Minute),
	}, nil
}

// Mount adds the routes of the contract, each behind its guard.
func (a *API) Mount(e *echo.Echo) {
	// The generated code decodes bodies through these two, and so does nothing
	// else: callbacks read raw bytes.
	e.Binder, e.JSONSerializer = a.codec, a.codec
	RegisterHandlersWithOptions(e, NewStrictHandler(a.handlers, nil), RegisterHandlersOptions{OperationMiddlewares: a.guards()})
	e.Match([]string{http.MethodGet, http.MethodHead}, "/openapi.yaml", func(c echo.Context) error {
		return c.Blob(http.StatusOK, "application/yaml", Contract)
	})
}

// guards returns the guard of each operation, by operationId.
func (a *API) guards() map[string][]echo.MiddlewareFunc {
	guards := map[string][]echo.MiddlewareFunc{}
	for id, op := range a.operations {
		guards[id] = []echo.MiddlewareFunc{a.guard(op)}
	}
	return guards
}
