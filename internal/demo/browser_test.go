package demo

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// screenshots is where the tests leave what they saw; git ignores it.
const screenshots = "../../screenshots"

// sight bounds every wait for something to show.
const sight = 25 * time.Second

// tab is a browser showing the demo. Whatever the page does that it should not
// (an exception, a refusal by its own policy, a request to anywhere else)
// fails the test.
type tab struct {
	testing.TB
	ctx   context.Context
	width int
	dir   string // prefix of its screenshots

	mu     sync.Mutex
	amiss  []string
	loaded int
}

// needBrowser returns a browser's path, or skips the test where there is none.
func needBrowser(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no chromium in PATH")
	return ""
}

// openTab serves a demo in English and opens it in a browser of its own.
func openTab(t testing.TB, fallback time.Duration, width, height int) *tab {
	t.Helper()
	return openTabIn(t, "en", fallback, width, height)
}

func openTabIn(t testing.TB, lang string, fallback time.Duration, width, height int) *tab {
	t.Helper()
	path := needBrowser(t)
	url := servePage(t, lang, fallback)
	flags := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(width, height),
	)
	alloc, stop := chromedp.NewExecAllocator(context.Background(), flags...)
	t.Cleanup(stop)
	ctx, leave := chromedp.NewContext(alloc)
	t.Cleanup(leave)
	b := &tab{TB: t, ctx: ctx, width: width, dir: fmt.Sprintf("%s-%d", strings.ReplaceAll(t.Name(), "/", "-"), width)}
	if err := chromedp.Listen(ctx, func(event any) { b.listen(event, url) }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.verdict)
	b.do("open", chromedp.EmulateViewport(int64(width), int64(height)), chromedp.Navigate(url),
		chromedp.WaitReady(chromedp.CSS(`body[data-live="yes"]`)))
	b.until("the phone", `document.querySelector("#own-number").textContent`)
	return b
}

func (b *tab) listen(event any, url string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.loaded++
		if !strings.HasPrefix(e.Request.URL, url) {
			b.amiss = append(b.amiss, "a request to "+e.Request.URL)
		}
	case *runtime.EventExceptionThrown:
		what := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			what += " " + e.ExceptionDetails.Exception.Description
		}
		b.amiss = append(b.amiss, what)
	case *log.EventEntryAdded:
		// The browser reports refusals (409, 429) as errors; the page shows them.
		if e.Entry.Level == log.EntryLevelError && e.Entry.Source != log.EntrySourceNetwork {
			b.amiss = append(b.amiss, string(e.Entry.Source)+": "+e.Entry.Text)
		}
	}
}

func (b *tab) verdict() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, what := range b.amiss {
		b.Error(what)
	}
	if b.loaded == 0 {
		b.Error("no request was seen, so nothing was guarded")
	}
}

func (b *tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	run(b, what, chromedp.Steps(steps...))
}

func run[T any](b *tab, what string, action chromedp.Action[T]) T {
	b.Helper()
	ctx, done := context.WithTimeout(b.ctx, sight)
	defer done()
	v, err := chromedp.Run(ctx, action)
	if err != nil {
		b.shot("failed")
		b.Fatalf("%s: %v", what, err)
	}
	return v
}

// narrow tells whether the page shows one part at a time.
func (b *tab) narrow() bool { return b.width < 700 }

// at brings a part of the page to the front where that is needed.
func (b *tab) at(part string) *tab {
	b.Helper()
	if b.narrow() {
		b.click(`.views [data-view="` + part + `"]`)
	}
	return b
}

func (b *tab) click(selector string) {
	b.Helper()
	css := chromedp.CSS(selector)
	b.do("click "+selector, chromedp.WaitEnabled(css), chromedp.Click(css, chromedp.NodeVisible))
}

// flip turns a trouble on or off. What arrives meanwhile may move the switch away
// from under the pointer: then it is pressed again.
func (b *tab) flip(trouble string, on bool) {
	b.Helper()
	selector := fmt.Sprintf(`[data-fault=%q]`, trouble)
	b.click(selector)
	b.until("the switch "+trouble, fmt.Sprintf(`(box => box.checked === %t || (box.click(), false))(document.querySelector(%q))`, on, selector))
}

// push clicks the newest button with this label inside the part.
func (b *tab) push(part, label string) {
	b.Helper()
	path := fmt.Sprintf(`(//*[@id=%q]//button[normalize-space()=%q])[last()]`, part, label)
	b.do("push "+label, chromedp.Click(chromedp.Search(path), chromedp.NodeVisible))
}

func (b *tab) fill(selector, text string) {
	b.Helper()
	css := chromedp.CSS(selector)
	b.do("fill "+selector, chromedp.Clear(css), chromedp.SendKeys(css, text))
}

// sees waits until the part, as it is visible, holds the text.
func (b *tab) sees(selector, text string) {
	b.Helper()
	b.until(fmt.Sprintf("%s to show %q", selector, text),
		fmt.Sprintf(`[...document.querySelectorAll(%q)].some(e => e.checkVisibility() && e.innerText.includes(%q))`, selector, text))
}

// until waits for a JavaScript condition.
func (b *tab) until(what, condition string) {
	b.Helper()
	run(b, "wait for "+what, chromedp.Poll[bool]("!!("+condition+")", chromedp.WithPollingInterval(30*time.Millisecond), chromedp.WithPollingTimeout(0)))
}

func (b *tab) eval(expression string) string {
	b.Helper()
	return run(b, expression, chromedp.Evaluate[string](`String(`+expression+`)`))
}

// code reads the newest code on the phone's screen.
func (b *tab) code(log string) string {
	b.Helper()
	b.until("a code in "+log, fmt.Sprintf(`document.querySelector("#%s .code")`, log))
	return b.eval(fmt.Sprintf(`[...document.querySelectorAll("#%s .code")].at(-1).textContent`, log))
}

// fits fails where the page is wider than its window.
func (b *tab) fits() {
	b.Helper()
	if over := b.eval(`document.documentElement.scrollWidth - innerWidth`); over != "0" {
		b.Errorf("the page is %s px wider than its window", over)
	}
}

// shot keeps a picture of the page.
func (b *tab) shot(name string) {
	b.Helper()
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.Logf("no screenshot: %v", err)
		return
	}
	keep(b, filepath.Join(screenshots, b.dir+"-"+name+".png"), png)
}

func keep(t testing.TB, path string, png []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, png, 0o644); err != nil {
		t.Fatal(err)
	}
}
