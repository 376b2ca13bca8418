package docs_test

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

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"otpravka/webhook/api"
)

// screenshots is where the test leaves what it saw; git ignores it.
const screenshots = "../../screenshots"

// witness notes what a page does that it should not.
type witness struct {
	base string

	mu     sync.Mutex
	amiss  []string
	loaded int
}

func (w *witness) listen(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		w.loaded++
		if !strings.HasPrefix(e.Request.URL, w.base+"/") {
			w.amiss = append(w.amiss, "a request to "+e.Request.URL)
		}
	case *runtime.EventExceptionThrown:
		w.amiss = append(w.amiss, e.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			w.amiss = append(w.amiss, e.Entry.Text)
		}
	}
}

func (w *witness) verdict(t testing.TB) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, what := range w.amiss {
		t.Error(what)
	}
	if w.loaded < 2 {
		t.Errorf("%d requests were seen, want the page and its style", w.loaded)
	}
}

func TestPageInABrowser(t *testing.T) {
	for _, width := range []int64{360, 1280} {
		for _, scheme := range []string{"light", "dark"} {
			t.Run(fmt.Sprintf("%d-%s", width, scheme), func(t *testing.T) { visit(t, width, scheme) })
		}
	}
}

func visit(t *testing.T, width int64, scheme string) {
	t.Helper()
	ctx := browser(t)
	w := &witness{base: serve(t, api.Contract)}
	if err := chromedp.Listen(ctx, w.listen); err != nil {
		t.Fatal(err)
	}
	do(t, ctx, chromedp.Steps(
		chromedp.EmulateViewport(width, 800),
		chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
			prefers := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}
			_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: prefers})
			return err
		}),
		chromedp.Navigate(w.base+"/docs"), chromedp.WaitReady(chromedp.CSS("#problems")),
	))
	if over := eval(t, ctx, `document.documentElement.scrollWidth - innerWidth`); over != "0" {
		t.Errorf("the page is %s px wider than its window", over)
	}
	if paper := eval(t, ctx, `getComputedStyle(document.body).backgroundColor`); (paper == "rgb(18, 22, 27)") != (scheme == "dark") {
		t.Errorf("in %s mode the paper is %s", scheme, paper)
	}
	keep(t, ctx, "top")
	// Opening everything must not widen the page either.
	eval(t, ctx, `document.querySelectorAll("details").forEach(d => d.open = true)`)
	if over := eval(t, ctx, `document.documentElement.scrollWidth - innerWidth`); over != "0" {
		t.Errorf("with its refusals open the page is %s px wider than its window", over)
	}
	do(t, ctx, chromedp.Click(chromedp.CSS(`nav a[href="#problems"]`), chromedp.NodeVisible))
	if at := eval(t, ctx, `location.hash`); at != "#problems" {
		t.Errorf("the contents lead to %q", at)
	}
	eval(t, ctx, `document.querySelector("#startVerification").scrollIntoView()`)
	keep(t, ctx, "operation")
	eval(t, ctx, `document.querySelector("#cancelVerification pre.shell").scrollIntoView()`)
	keep(t, ctx, "answers")
	eval(t, ctx, `document.querySelector("#cancelVerification details").scrollIntoView()`)
	keep(t, ctx, "refusals")
	w.verdict(t)
}

// browser starts a browser of its own, or skips the test where there is none.
func browser(t testing.TB) context.Context {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
			chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(t.TempDir()))
		alloc, stop := chromedp.NewExecAllocator(context.Background(), flags...)
		t.Cleanup(stop)
		ctx, leave := chromedp.NewContext(alloc)
		t.Cleanup(leave)
		ctx, late := context.WithTimeout(ctx, 2*time.Minute)
		t.Cleanup(late)
		return ctx
	}
	t.Skip("no chromium in PATH")
	return nil
}

func do[T any](t testing.TB, ctx context.Context, action chromedp.Action[T]) T {
	t.Helper()
	v, err := chromedp.Run(ctx, action)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func eval(t testing.TB, ctx context.Context, expression string) string {
	t.Helper()
	return do(t, ctx, chromedp.Evaluate[string](`String(`+expression+`)`))
}

// keep saves a picture of the window.
func keep(t testing.TB, ctx context.Context, name string) {
	t.Helper()
	png := do(t, ctx, chromedp.CaptureScreenshot())
	if err := os.MkdirAll(screenshots, 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(screenshots, strings.ReplaceAll(t.Name(), "/", "-")+"-"+name+".png")
	if err := os.WriteFile(file, png, 0o644); err != nil {
		t.Fatal(err)
	}
}
