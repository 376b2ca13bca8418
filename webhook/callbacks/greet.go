package callbacks

import (
	"net/http"
	"regexp"

	"github.com/labstack/echo/v4"

	"otpravka/otpcore"
)

// challengeForm is all of a challenge that is ever sent back: a page that a
// stranger makes up must not come from this server.
var challengeForm = regexp.MustCompile(`^[0-9]{1,64}$`)

const greetingRefused = "whatsapp handshake refused"

// greet answers the call by which Meta makes sure that an address is its owner's
// (https://developers.facebook.com/docs/graph-api/webhooks/getting-started).
func (c *Callbacks) greet(ctx echo.Context) error {
	query := ctx.QueryParams()
	word, challenge := query["hub.verify_token"], query["hub.challenge"]
	if len(word) != 1 || len(challenge) != 1 || query.Get("hub.mode") != "subscribe" {
		word, challenge = []string{""}, []string{""}
	}
	switch err := c.cfg.WhatsApp.Greet(ctx.Param("key"), word[0]); otpcore.KindOf(err) {
	case "":
	case otpcore.KindNotFound:
		return c.refuse(ctx, http.StatusNotFound, greetingRefused, err)
	default:
		return c.refuse(ctx, http.StatusForbidden, greetingRefused, err)
	}
	if !challengeForm.MatchString(challenge[0]) {
		return ctx.NoContent(http.StatusBadRequest)
	}
	return ctx.Blob(http.StatusOK, echo.MIMETextPlainCharsetUTF8, []byte(challenge[0]))
}
