package demo

import (
	"context"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// pale lists the visible texts whose contrast to what is behind them is below
// 4.5, the least of WCAG 2.2 (success criterion 1.4.3); what is disabled is
// exempt there.
const pale = `(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
  const over = (below, color) => {
    canvas.fillStyle = below; canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    return "rgb(" + [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3) + ")";
  };
  const behind = (e) => e ? over(behind(e.parentElement), getComputedStyle(e).backgroundColor) : "white";
  const luminance = (color) => color.match(/\d+/g).map((n) => n / 255)
    .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const found = [];
  for (const e of document.querySelectorAll("body *")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || !e.checkVisibility() || e.closest(":disabled")) continue;
    const ground = behind(e);
    const [light, dark] = [luminance(over(ground, getComputedStyle(e).color)), luminance(ground)].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < 4.5) found.push(e.textContent.trim() + " " + ratio.toFixed(2));
  }
  return [...new Set(found)].join("; ");
})()`

func TestTextsAreReadable(t *testing.T) {
	needBrowser(t)
	for _, scheme := range []string{"light", "dark"} {
		t.Run(scheme, func(t *testing.T) {
			b := openTab(t, soon, 1280, 830)
			b.prefer(scheme)
			b.legible("the first screen")
			b.link()
			b.click("#get-code")
			code := b.code("chat")
			b.fill("#code", turned(code))
			b.click("#confirm")
			b.sees("#enter-said", "4 attempts are left")
			b.legible("a code")
			b.fill("#code", code)
			b.click("#confirm")
			b.sees("#end", "You are signed in")
			b.shot("end")
			b.legible("the end")
		})
	}
}

func (b *tab) prefer(scheme string) {
	b.Helper()
	b.do("prefer "+scheme, func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return chromedp.Void{}, err
	})
}

func (b *tab) legible(screen string) {
	b.Helper()
	b.until("the animations to end", `document.getAnimations().length === 0`)
	if found := b.eval(pale); found != "" {
		b.Errorf("%s is hard to read: %s", screen, found)
	}
}
