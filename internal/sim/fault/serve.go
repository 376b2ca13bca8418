package fault

import (
	"bytes"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// Call is one request as the plan sees it.
type Call struct {
	Method string
	Target string
	// Closing ends every wait early; a simulator closes it when it shuts down.
	Closing <-chan struct{}
	// Render builds the service's own error body for a rule that brings none.
	Render func(Rule) (contentType string, body []byte)
	// Process carries the call out and writes the true answer.
	Process func(http.ResponseWriter)
}

// Serve answers one request, with the fault that the plan holds for it or, most
// often, simply by calling Process.
//
// A cut connection is done by panicking with [http.ErrAbortHandler], which
// net/http turns into a closed connection; so drops need a real server around
// the handler and cannot be tried on a response recorder.
func (p *Plan) Serve(w http.ResponseWriter, r *http.Request, call Call) {
	rule, ok := p.Take(call.Method, call.Target)
	if !ok {
		call.Process(w)
		return
	}
	if !wait(r, call.Closing, rule.Delay) || rule.Drop == DropBefore {
		panic(http.ErrAbortHandler)
	}
	truth := &recorder{header: make(http.Header), status: http.StatusOK}
	if !rule.HasAnswer() || rule.Processed || rule.Drop != NoDrop {
		call.Process(truth)
	}
	if !wait(r, call.Closing, rule.AnswerDelay) || rule.Drop == DropAfter {
		panic(http.ErrAbortHandler)
	}
	if rule.HasAnswer() {
		truth.replace(rule, call.Render)
	}
	if rule.Drop == DropMidBody {
		truth.sendHalf(w)
		panic(http.ErrAbortHandler)
	}
	truth.send(w)
}

// wait reports whether the time went by undisturbed.
func wait(r *http.Request, closing <-chan struct{}, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	case <-closing:
		return false
	}
}

// recorder holds an answer back until it is known what becomes of it.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }

func (r *recorder) replace(rule Rule, render func(Rule) (string, []byte)) {
	r.header = make(http.Header)
	r.status = rule.StatusCode()
	r.body.Reset()
	if s := rule.RetrySeconds(); s > 0 {
		r.header.Set("Retry-After", strconv.Itoa(s))
	}
	if rule.Empty {
		return
	}
	contentType, body := rule.ContentType, []byte(rule.Body)
	if rule.Body == "" {
		contentType, body = render(rule)
	}
	if contentType == "" {
		contentType = "text/html"
	}
	r.header.Set("Content-Type", contentType)
	r.body.Write(body)
}

func (r *recorder) send(w http.ResponseWriter) {
	r.sendHead(w)
	_, _ = w.Write(r.body.Bytes())
}

func (r *recorder) sendHalf(w http.ResponseWriter) {
	r.sendHead(w)
	_, _ = w.Write(r.body.Bytes()[:r.body.Len()/2])
	_ = http.NewResponseController(w).Flush()
}

func (r *recorder) sendHead(w http.ResponseWriter) {
	maps.Copy(w.Header(), r.header)
	w.Header().Set("Content-Length", strconv.Itoa(r.body.Len()))
	w.WriteHeader(r.status)
}
