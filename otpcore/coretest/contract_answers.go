package coretest

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"otpravka/otpcore"
)

func testAccepted(t *testing.T, h SenderHarness) {
	tr := newTrial(t, h)
	got := tr.send(t.Context())
	if got.err != nil {
		t.Fatalf("send: %v", got.err)
	}
	if got.accepted.MessageID != h.MessageID || got.accepted.Provider == "" {
		t.Errorf("accepted as %q by %q, want id %q and a provider", got.accepted.MessageID, got.accepted.Provider, h.MessageID)
	}
	tr.checkLeaks(nil)
}

func testStatuses(t *testing.T, h SenderHarness) {
	for status := 300; status <= 599; status++ {
		for _, answer := range []struct {
			name   string
			manner http.HandlerFunc
		}{
			{"own format", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "/elsewhere")
				h.Refuse(w, Refusal{Status: status, Text: "Something is wrong."})
			}},
			{"HTML", func(w http.ResponseWriter, _ *http.Request) { writeHTML(w, status) }},
			{"empty", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }},
		} {
			t.Run(fmt.Sprintf("%d %s", status, answer.name), func(t *testing.T) {
				tr := newTrial(t, h)
				tr.behave(answer.manner)
				e := tr.refused(tr.send(t.Context()).err)
				if n := tr.calls.Load(); n > 1 {
					t.Errorf("%d requests were made, want 1: senders never repeat or follow", n)
				}
				checkClass(t, h, status, e.Class)
			})
		}
	}
}

func checkClass(t *testing.T, h SenderHarness, status int, got otpcore.ErrorClass) {
	t.Helper()
	want := h.Classes[status]
	switch {
	case want != "":
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		want = otpcore.ClassAuth
	case status == http.StatusTooManyRequests:
		want = otpcore.ClassThrottled
	case status >= 500:
		want = otpcore.ClassProviderDown
	case got == otpcore.ClassAmbiguous, got == otpcore.ClassThrottled:
		t.Errorf("class is %s, but status %d is a definite refusal", got, status)
		return
	default:
		return
	}
	if got != want {
		t.Errorf("class is %s, want %s", got, want)
	}
}

func testThrottled(t *testing.T, h SenderHarness) {
	tr := newTrial(t, h)
	tr.behave(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		h.Refuse(w, Refusal{Status: http.StatusTooManyRequests, Text: "Too many requests", RetryAfter: 7 * time.Second})
	})
	e := tr.refused(tr.send(t.Context()).err)
	if e.Class != otpcore.ClassThrottled || e.RetryAfter != 7*time.Second {
		t.Errorf("class is %s with retry after %v, want throttled with 7s", e.Class, e.RetryAfter)
	}
}

// testUnreadable answers with success and a body that says nothing: the
// message may well be on its way, so it is either accepted without id or
// ambiguous, and never refused.
func testUnreadable(t *testing.T, h SenderHarness) {
	for name, manner := range map[string]http.HandlerFunc{
		"empty":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) },
		"no content": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"HTML":       func(w http.ResponseWriter, _ *http.Request) { writeHTML(w, http.StatusOK) },
		"half JSON": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"ok":tr`)
		},
		"cut short": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			h.Accept(w, r)
			panic(http.ErrAbortHandler)
		},
		"endless": writeEndless,
	} {
		t.Run(name, func(t *testing.T) {
			tr := newTrial(t, h)
			tr.behave(manner)
			checkMaybeSent(tr, tr.send(t.Context()))
		})
	}
}

func checkMaybeSent(tr *trial, got outcome) {
	tr.Helper()
	if got.err == nil {
		return
	}
	if e := tr.refused(got.err); e.Class != otpcore.ClassAmbiguous {
		tr.Errorf("class is %s, want ambiguous or an acceptance", e.Class)
	}
}

func writeHTML(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	if status != http.StatusNotModified {
		_, _ = io.WriteString(w, "<html><body><h1>nginx</h1></body></html>")
	}
}

// writeEndless writes until the sender hangs up, as it must some time.
func writeEndless(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	spaces := strings.Repeat(" ", 32<<10)
	for {
		if _, err := io.WriteString(w, spaces); err != nil {
			return
		}
	}
}

// testEcho lets the provider send back everything it got, as some do in their
// error texts: nothing of it may come out of the sender.
func testEcho(t *testing.T, h SenderHarness) {
	for _, status := range []int{200, 302, 400, 401, 403, 404, 429, 500} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			tr := newTrial(t, h)
			tr.behave(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-Echo", tr.echo(r))
				w.Header().Set("Location", "/"+url.PathEscape(tr.echo(r)))
				h.Refuse(w, Refusal{Status: status, Text: tr.echo(r)})
			})
			got := tr.send(t.Context())
			tr.checkLeaks(got.err)
			if got.err != nil {
				tr.refused(got.err)
			}
		})
	}
	// What net/http cannot parse, it quotes in its errors.
	for name, format := range map[string]string{
		"no HTTP":    "%s\r\n\r\n",
		"bad status": "HTTP/1.1 %s\r\n\r\n",
		"bad header": "HTTP/1.1 200 OK\r\n%s\r\n\r\n",
		"bad length": "HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n",
		"bad chunk":  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%s\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			tr := newTrial(t, h)
			tr.behave(func(w http.ResponseWriter, r *http.Request) {
				conn, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					panic(err)
				}
				_, _ = fmt.Fprintf(conn, format, tr.echo(r))
				_ = conn.Close()
			})
			got := tr.send(t.Context())
			tr.checkLeaks(got.err)
			checkMaybeSent(tr, got)
		})
	}
}

// echo returns the request and all secrets on one line.
func (tr *trial) echo(r *http.Request) string {
	body, _ := io.ReadAll(r.Body)
	line := fmt.Sprintf("%v %s %s %v %s", tr.secrets(), r.Method, r.URL, r.Header, body)
	return strings.NewReplacer("\r", " ", "\n", " ").Replace(line)
}
