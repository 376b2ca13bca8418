package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"otpravka/otpcore"
	"otpravka/webhook/accesslog"
	"otpravka/webhook/patience"
	"otpravka/webhook/problem"
)

// client is who sent a request.
type client struct {
	key    *otpcore.APIKey
	caller otpcore.Caller
}

type clientKey struct{}

// clientOf returns who sent the request that ctx belongs to. Every operation
// stands behind a guard, so handlers always find one.
func clientOf(ctx context.Context) client { return ctx.Value(clientKey{}).(client) }

// guard lets a request through to its operation: who asks, how often, whether
// the key may, and whether the parameters have the form of the contract. It
// runs before the body is read, so that strangers cannot make us parse.
func (a *API) guard(op operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			from, err := a.authenticate(c.Request())
			if err != nil {
				return err
			}
			key := from.key
			ctx := c.Request().Context()
			if op.longPoll {
				ctx = patience.Lift(ctx)
			}
			ctx = context.WithValue(ctx, clientKey{}, from)
			accesslog.Identify(ctx, key.BusinessID, key.ID)
			standing := a.calls.Take(string(key.ID))
			standing.Announce(c.Response().Header())
			if !standing.Allowed {
				return problem.New("rate_limited").After(standing.Wait)
			}
			if err := op.permits(key); err != nil {
				return err
			}
			if err := op.checkParameters(c.Request()); err != nil {
				return err
			}
			c.SetRequest(c.Request().WithContext(ctx))
			if op.longPoll {
				linger(c.Response())
			}
			if !op.byID() {
				return next(c)
			}
			return a.lookUp(op, next, c)
		}
	}
}

// lingerTime is the longest wait that the contract allows, and time to send
// the answer after it.
const lingerTime = 45 * time.Second

// linger moves the deadlines of a connection whose answer may come late. The
// one for reading counts as well: when it passes, the request is given up. A
// connection without deadlines needs none.
func linger(w http.ResponseWriter) {
	connection := http.NewResponseController(w)
	until := time.Now().Add(lingerTime)
	_ = connection.SetReadDeadline(until)
	_ = connection.SetWriteDeadline(until)
}

// lookUp bounds how many ids that do not exist a key may ask for. Once the
// bound is reached the key is refused before the look, so that it learns
// nothing from the refusal.
func (a *API) lookUp(op operation, next echo.HandlerFunc, c echo.Context) error {
	key := string(clientOf(c.Request().Context()).key.ID)
	if s := a.misses.Look(key); !s.Allowed {
		return problem.New("rate_limited").After(s.Wait)
	}
	err := error(otpcore.ErrNotFound)
	if op.knownID(c.Param) {
		err = next(c)
	}
	if otpcore.KindOf(err) == otpcore.KindNotFound {
		a.misses.Take(key)
	}
	return err
}

// authenticate reads the credential (RFC 6750 section 2.1). A key whose
// checksum is wrong is refused before anybody looks it up, and all refusals are
// the same one, so that nobody learns what was wrong with a key.
func (a *API) authenticate(r *http.Request) (client, error) {
	given := r.Header.Values("Authorization")
	if len(given) != 1 {
		return client{}, problem.New("unauthorized")
	}
	scheme, credential, _ := strings.Cut(given[0], " ")
	text, ok := otpcore.ParseKey(credential)
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return client{}, problem.New("unauthorized")
	}
	key, business, err := a.auth.Authenticate(r.Context(), text)
	if otpcore.KindOf(err) == otpcore.KindUnauthorized {
		return client{}, problem.New("unauthorized").Because(err)
	}
	if err != nil {
		return client{}, err
	}
	return client{key: key, caller: otpcore.Caller{Business: business, Mode: key.Mode}}, nil
}

// permits refuses keys without the scope or of the wrong mode.
func (op operation) permits(key *otpcore.APIKey) error {
	if !key.Allows(op.scope) {
		return problem.New("missing_scope").At("header/Authorization", "Use a key with the scope "+string(op.scope)+".")
	}
	if op.liveOnly && key.Mode != otpcore.Live {
		return problem.New("wrong_mode")
	}
	return nil
}
