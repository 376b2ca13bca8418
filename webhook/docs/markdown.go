package docs

import (
	"bytes"
	"html/template"

	"github.com/yuin/goldmark"
)

// markdown renders a description (CommonMark, as OpenAPI has it). Raw HTML is
// left out by the renderer, so nothing but its own tags reaches the page.
func markdown(text string) template.HTML {
	var out bytes.Buffer
	if err := goldmark.Convert([]byte(text), &out); err != nil {
		return template.HTML(template.HTMLEscapeString(text)) //nolint:gosec // escaped
	}
	return template.HTML(out.String()) //nolint:gosec // goldmark escapes what it is given
}
