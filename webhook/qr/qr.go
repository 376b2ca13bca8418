// Package qr shows addresses that open a bot's chat as QR codes, for screens
// and for print. Whoever has the name of a code has the address in it: the name
// is the token of a link, or the id of a bot, whose address is public.
package qr

import (
	"context"
	"net/http"
	"path"
	"strings"

	"github.com/labstack/echo/v4"

	"otpravka/webhook/problem"
)

// Addresses tells what a QR code of the name holds, or otpcore.ErrNotFound.
type Addresses interface {
	Address(ctx context.Context, name string) (string, error)
}

// Codes is the room.
type Codes struct{ addresses Addresses }

// New returns the room.
func New(a Addresses) *Codes { return &Codes{a} }

// pictures are the forms of a code, by the ending of its address.
var pictures = map[string]struct {
	media string
	draw  func(modules) ([]byte, error)
}{
	".png": {"image/png", modules.png},
	".svg": {"image/svg+xml", modules.svg},
}

// PNG draws the code of a text.
func PNG(text string) ([]byte, error) {
	code, err := encode(text)
	if err != nil {
		return nil, err
	}
	return code.png()
}

// Mount adds the route.
func (c *Codes) Mount(e *echo.Echo) {
	e.Match([]string{http.MethodGet, http.MethodHead}, "/qr/:file", c.show)
}

func (c *Codes) show(ctx echo.Context) error {
	file := ctx.Param("file")
	ending := path.Ext(file)
	picture, ok := pictures[ending]
	if !ok {
		return problem.New("not_found")
	}
	address, err := c.addresses.Address(ctx.Request().Context(), strings.TrimSuffix(file, ending))
	if err != nil {
		return err
	}
	code, err := encode(address)
	if err != nil {
		return err
	}
	drawn, err := picture.draw(code)
	if err != nil {
		return err
	}
	// The shop's own page shows it. Nobody keeps it: it may stop working at any
	// moment, and then must not be shown any more.
	ctx.Response().Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
	return ctx.Blob(http.StatusOK, picture.media, drawn)
}
