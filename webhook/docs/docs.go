// Package docs shows the contract to people: one page at /docs, written from
// openapi.yaml, without scripts and without anything from another host.
package docs

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
)

var (
	//go:embed page.html
	layout string
	//go:embed style.css
	style []byte
)

// policy lets the page have its own style and nothing else. A page without
// scripts needs no more, and none can be smuggled into it.
const policy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Page serves the documentation.
type Page struct {
	render func() (*asset, error)
}

// New returns the page of a contract whose examples call the server at base.
// The page is written when somebody asks for it first.
func New(contract []byte, base string) *Page {
	return &Page{render: sync.OnceValues(func() (*asset, error) { return render(contract, base) })}
}

// Mount adds the routes.
func (p *Page) Mount(e *echo.Echo) {
	reading := []string{http.MethodGet, http.MethodHead}
	e.Match(reading, "/docs", func(c echo.Context) error {
		html, err := p.render()
		if err != nil {
			return err
		}
		c.Response().Header().Set("Content-Security-Policy", policy)
		return html.serve(c)
	})
	e.Match(reading, "/docs/style.css", newAsset("text/css; charset=utf-8", style).serve)
	// 303 makes whoever follows it drop a body and a query (RFC 9110 section
	// 15.4.4), and an address without a host stays here.
	onward := func(c echo.Context) error { return c.Redirect(http.StatusSeeOther, "/docs") }
	e.Match(reading, "/", onward)
	e.Match(reading, "/docs/", onward)
}

// asset is content that changes only with the program.
type asset struct {
	media, tag string
	content    []byte
}

func newAsset(media string, content []byte) *asset {
	sum := sha256.Sum256(content)
	return &asset{media: media, tag: `"` + hex.EncodeToString(sum[:8]) + `"`, content: content}
}

// serve lets a browser keep the content as long as it asks whether it still
// holds.
func (a *asset) serve(c echo.Context) error {
	h := c.Response().Header()
	h.Set("Content-Type", a.media)
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", a.tag)
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, bytes.NewReader(a.content))
	return nil
}

func render(contract []byte, base string) (*asset, error) {
	view, err := read(contract, base)
	if err != nil {
		return nil, fmt.Errorf("api page: %w", err)
	}
	page, err := template.New("page").Parse(layout)
	if err != nil {
		return nil, fmt.Errorf("api page: %w", err)
	}
	var out bytes.Buffer
	if err := page.Execute(&out, view); err != nil {
		return nil, fmt.Errorf("api page: %w", err)
	}
	return newAsset("text/html; charset=utf-8", out.Bytes()), nil
}
