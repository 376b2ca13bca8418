package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"otpravka/internal/backoff"
	"otpravka/webhook/events"
)

// receiverTime is how long the receiver may take to answer, which is what an
// endpoint in production gets.
const receiverTime = 15 * time.Second

// receiver is the developer's own app. An address of this machine is what it
// is for, so nothing guards where it leads.
type receiver struct {
	address string
	signer  *events.Signer
	http    http.Client
	outage  *outage
	screen  *screen
}

func newReceiver(address string, signer *events.Signer, s *screen) *receiver {
	return &receiver{
		address: address, signer: signer, screen: s, http: http.Client{CheckRedirect: stay, Timeout: receiverTime},
		outage: &outage{peer: address, screen: s, then: "trying again, and newer events wait behind this one"},
	}
}

// deliver repeats the event until the receiver takes it, with any 2xx, and
// reports false when ctx ended before that.
func (r *receiver) deliver(ctx context.Context, e *heard) bool {
	for {
		began := time.Now()
		status, err := r.post(ctx, e, began)
		if err == nil {
			r.outage.over()
			r.screen.notice("  → %s in %d ms", status, time.Since(began).Milliseconds())
			return true
		}
		if ctx.Err() != nil || !r.outage.wait(ctx, err) {
			return false
		}
	}
}

func (r *receiver) post(ctx context.Context, e *heard, at time.Time) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.address, bytes.NewReader(e.body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "otpravka/"+Version)
	if err := r.signer.Sign(req.Header, e.ID, at, e.body); err != nil {
		return "", err
	}
	res, err := r.http.Do(req)
	if err != nil {
		return "", reason(err)
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.CopyN(io.Discard, res.Body, answerSize) // the connection serves the next event
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return "", fmt.Errorf("it answered %s", res.Status)
	}
	return res.Status, nil
}

// again is the pace of repeats. Five seconds are short enough for somebody who
// looks at the screen.
var again = backoff.Pace{First: 250 * time.Millisecond, Most: 5 * time.Second}

// outage keeps count of one peer's failures, and speaks when the trouble
// begins, changes or ends, so that an hour of it is two lines.
type outage struct {
	peer   string
	then   string // what happens meanwhile
	screen *screen

	failures int
	said     string
}

// wait pauses before the next try and reports false when ctx ended meanwhile.
func (o *outage) wait(ctx context.Context, err error) bool {
	o.failures++
	if why := err.Error(); why != o.said {
		o.said = why
		o.screen.notice("%s failed: %s; %s", o.peer, why, o.then)
	}
	return backoff.Sleep(ctx, again.Pause(o.failures))
}

func (o *outage) over() {
	if o.failures > 0 {
		o.screen.notice("%s is back, after %d tries", o.peer, o.failures+1)
	}
	o.failures, o.said = 0, ""
}
