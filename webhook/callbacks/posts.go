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

// post stores what is posted first and answers then. The body of the answer is
// always empty: Telegram would carry out a method that it names. Refusals are
// logged under the message.
func (c *Callbacks) post(ctx echo.Context, to Posts, message string) error {
	r := ctx.Request()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return ctx.NoContent(problem.FromRead(err).Status)
	}
	err = to.Receive(r.Context(), ctx.Param("key"), r.Header, body)
	switch otpcore.KindOf(err) {
	case "":
		return ctx.NoContent(http.StatusOK)
	case otpcore.KindNotFound:
		return c.refuse(ctx, http.StatusNotFound, message, err)
	case otpcore.KindUnauthorized:
		return c.refuse(ctx, http.StatusUnauthorized, message, err)
	}
	return c.comeAgain(ctx, message, err)
}

// comeAgain asks the network to post once more.
func (c *Callbacks) comeAgain(ctx echo.Context, message string, err error) error {
	after := comeAgain
	if e, ok := errors.AsType[*otpcore.Error](err); ok && e.RetryAfter > 0 {
		after = e.RetryAfter
	}
	ctx.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(int((after+time.Second-1)/time.Second)))
	return c.refuse(ctx, http.StatusServiceUnavailable, message, err)
}

func (c *Callbacks) refuse(ctx echo.Context, status int, message string, err error) error {
	c.refused.note(ctx.Request().Context(), message, status, err)
	return ctx.NoContent(status)
}
