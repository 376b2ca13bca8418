package coretest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"otpravka/otpcore"
)

// patience bounds how long the contract waits for something that should happen
// at once; it only passes when a test fails.
const patience = 10 * time.Second

// trial is one sender with its provider. The provider answers like Accept
// until behave gives it another manner.
type trial struct {
	testing.TB
	h      SenderHarness
	sender otpcore.Sender
	server *httptest.Server
	logs   *lockedBuffer
	calls  atomic.Int64
	manner atomic.Pointer[http.HandlerFunc]
	ending chan struct{} // closed when the trial is over: ends stalled answers
}

func newTrial(t testing.TB, h SenderHarness) *trial {
	tr := &trial{TB: t, h: h, logs: new(lockedBuffer), ending: make(chan struct{})}
	tr.behave(h.Accept)
	tr.server = httptest.NewUnstartedServer(http.HandlerFunc(tr.serve))
	tr.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	tr.server.Start()
	t.Cleanup(tr.server.Close)
	t.Cleanup(func() { close(tr.ending) })
	tr.sender = h.New(t, tr.server.URL, NewLog(tr.logs))
	return tr
}

func (tr *trial) behave(manner http.HandlerFunc) { tr.manner.Store(&manner) }

func (tr *trial) serve(w http.ResponseWriter, r *http.Request) {
	tr.calls.Add(1)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	(*tr.manner.Load())(w, r)
}

// outcome is what a Send came to.
type outcome struct {
	accepted otpcore.Accepted
	err      error
}

func (tr *trial) send(ctx context.Context) outcome {
	tr.Helper()
	return tr.await(tr.sendAside(ctx))
}

func (tr *trial) sendAside(ctx context.Context) <-chan outcome {
	done := make(chan outcome, 1)
	go func() {
		a, err := tr.sender.Send(ctx, tr.h.Outgoing)
		done <- outcome{a, err}
	}()
	return done
}

func (tr *trial) await(done <-chan outcome) outcome {
	tr.Helper()
	select {
	case o := <-done:
		return o
	case <-time.After(patience):
		tr.Fatalf("send has not returned after %v", patience)
		return outcome{}
	}
}

// refused returns the SendError behind err, after checking what holds for
// every one of them.
func (tr *trial) refused(err error) *otpcore.SendError {
	tr.Helper()
	if err == nil {
		tr.Fatal("send was accepted, want an error")
	}
	e, ok := errors.AsType[*otpcore.SendError](err)
	if !ok {
		tr.Fatalf("error is a %T (%v), want a *otpcore.SendError", err, err)
	}
	if !known[e.Class] {
		tr.Errorf("class is %q, which is none of the classes", e.Class)
	}
	if e.Provider == "" || e.Message == "" {
		tr.Errorf("error names provider %q and sentence %q, want both", e.Provider, e.Message)
	}
	if e.RetryAfter < 0 {
		tr.Errorf("retry after %v lies in the past", e.RetryAfter)
	}
	tr.checkLeaks(err)
	return e
}

// checkLeaks looks for secrets in the error, however it is printed, and in
// what the sender has logged so far.
func (tr *trial) checkLeaks(err error) {
	tr.Helper()
	places := map[string]string{"the log": tr.logs.String()}
	for e := err; e != nil; e = errors.Unwrap(e) {
		places["the error"] += fmt.Sprintf("%v %+v\n", e, e)
	}
	for place, content := range places {
		for name, secret := range tr.secrets() {
			if secret != "" && strings.Contains(content, secret) {
				tr.Errorf("%s holds the %s: %q", place, name, content)
			}
		}
	}
}

func (tr *trial) secrets() map[string]string {
	o := tr.h.Outgoing
	secrets := map[string]string{
		"text": o.Message.Text, "code": CodeIn(o),
		"phone": o.Phone.E164(), "phone's digits": strings.TrimPrefix(o.Phone.E164(), "+"),
	}
	for i, c := range tr.h.Credentials {
		secrets[fmt.Sprintf("credential %d", i)] = c
	}
	return secrets
}

// known lists the classes that a sender may answer with.
var known = map[otpcore.ErrorClass]bool{
	otpcore.ClassProviderDown: true, otpcore.ClassThrottled: true, otpcore.ClassNoFunds: true,
	otpcore.ClassAuth: true, otpcore.ClassNoRoute: true, otpcore.ClassBadNumber: true,
	otpcore.ClassLandline: true, otpcore.ClassBlocked: true, otpcore.ClassUnreachable: true,
	otpcore.ClassDuplicate: true, otpcore.ClassContentRejected: true, otpcore.ClassSenderNotAllowed: true,
	otpcore.ClassTemplateMissing: true, otpcore.ClassUnsupported: true, otpcore.ClassAmbiguous: true,
	otpcore.ClassUnknown: true,
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
