package demo

import (
	"flag"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

var picture = flag.String("picture", filepath.Join(screenshots, "demo.png"), "write the picture of the README to this file")

// TestPicture makes the README's picture, for docs/ when asked:
//
//	go test ./internal/demo -run TestPicture -picture ../../docs/demo.png
func TestPicture(t *testing.T) {
	b := openTab(t, pageFallback, 1200, 830)
	b.link()
	b.click("#get-code")
	code := b.code("chat")
	b.fill("#code", turned(code))
	b.click("#confirm")
	b.sees("#enter-said", "4 attempts are left")
	b.sees("#timeline", "The SMS waits a little longer, once.")
	b.eval(`document.activeElement.blur()`)
	b.until("the animations to end", `document.getAnimations().length === 0`)
	keep(t, *picture, run(b, "the picture", chromedp.FullScreenshot(100)))
}
