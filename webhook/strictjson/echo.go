package strictjson

import (
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/labstack/echo/v4"

	"otpravka/webhook/problem"
)

var (
	_ echo.Binder         = (*Codec)(nil)
	_ echo.JSONSerializer = (*Codec)(nil)
)

// Bind decodes the body, and only the body, into v. Echo's own binder also
// fills fields from the path and the query, which lets a URL override a body.
func (c *Codec) Bind(v any, ctx echo.Context) error { return c.Deserialize(ctx, v) }

// Deserialize reads the whole body, whose size the server has limited, and
// decodes it.
func (c *Codec) Deserialize(ctx echo.Context, v any) error {
	body, err := io.ReadAll(ctx.Request().Body)
	if err != nil {
		return problem.FromRead(err)
	}
	if len(body) > 0 && !isJSON(ctx.Request().Header) {
		return problem.New("unsupported_media_type")
	}
	return c.Decode(body, v)
}

// Serialize writes v as JSON.
func (c *Codec) Serialize(ctx echo.Context, v any, _ string) error {
	return json.MarshalWrite(ctx.Response(), v, json.Deterministic(true))
}

// isJSON accepts application/json, with UTF-8 as the only charset: RFC 8259
// section 8.1 knows no other.
func isJSON(h http.Header) bool {
	types := h.Values("Content-Type")
	if len(types) != 1 {
		return false
	}
	if types[0] == "application/json" {
		return true // as nearly everybody writes it
	}
	media, params, err := mime.ParseMediaType(types[0])
	if err != nil || media != "application/json" {
		return false
	}
	charset, given := params["charset"]
	return !given || strings.EqualFold(charset, "utf-8")
}
