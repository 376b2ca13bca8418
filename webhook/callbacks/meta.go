package callbacks

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"otpravka/otpcore"
)

// Meta's posts may be large. The memory for them is bounded: whoever owns a bot knows
// an address, and could have a body of megabytes read on every connection there is.
const (
	largePost   = 256 << 10 // bytes; what people do at a time takes a few thousand
	largeAtOnce = 16
)

var errManyLarge = &otpcore.Error{Kind: otpcore.KindUnavailable, Code: "overloaded", RetryAfter: comeAgain, Detail: "Too many large posts are being handled."}

// posted takes a post of Meta's. Whoever does not know the address of a bot is refused
// before anything of it is read.
func (c *Callbacks) posted(ctx echo.Context) error {
	const refused = "whatsapp post refused"
	if err := c.cfg.WhatsApp.Greet(ctx.Param("key"), ""); otpcore.KindOf(err) == otpcore.KindNotFound {
		return c.refuse(ctx, http.StatusNotFound, refused, err)
	}
	if size := ctx.Request().ContentLength; size < 0 || size > largePost {
		select {
		case c.large <- struct{}{}:
			defer func() { <-c.large }()
		default:
			ctx.Response().Header().Set("Connection", "close") // the body stays unread
			return c.comeAgain(ctx, refused, errManyLarge)
		}
	}
	return c.post(ctx, c.cfg.WhatsApp, refused)
}
