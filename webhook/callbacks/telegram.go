package callbacks

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"otpravka/otpcore"
	"otpravka/webhook/problem"
)

// comeAgain is told to a network whose post could not be stored, where nobody
// knows better. Telegram waits as long as Retry-After says.
const comeAgain = 2 * time.Second

// telegram stores the update first and answers then. The body of the answer is
// always empty: Telegram would carry out a method that it names.
func (c *Callbacks) telegram(ctx echo.Context) error {
	r := ctx.Request()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return ctx.NoContent(problem.FromRead(err).Status)
	}
	err = c.cfg.Telegram.Receive(r.Context(), ctx.Param("key"), r.Header, body)
	switch otpcore.KindOf(err) {
	case "":
		return ctx.NoContent(http.StatusOK)
	case otpcore.KindNotFound:
		return c.refuse(ctx, http.StatusNotFound, err)
	case otpcore.KindUnauthorized:
		return c.refuse(ctx, http.StatusUnauthorized, err)
	}
	after := comeAgain
	if e, ok := errors.AsType[*otpcore.Error](err); ok && e.RetryAfter > 0 {
		after = e.RetryAfter
	}
	ctx.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(int((after+time.Second-1)/time.Second)))
	return c.refuse(ctx, http.StatusServiceUnavailable, err)
}

func (c *Callbacks) refuse(ctx echo.Context, status int, err error) error {
	c.refused.note(ctx.Request().Context(), "telegram post refused", status, err)
	return ctx.NoContent(status)
}
