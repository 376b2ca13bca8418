// Package problem gives every refusal of the HTTP side one shape: an RFC 9457
// document with a stable code and a sentence that names the fix. It is the only
// place that turns an error into an HTTP status.
package problem

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ContentType is the media type of every refusal (RFC 9457 section 3).
const ContentType = "application/problem+json"

// TypeBase stands before the code in a problem's type. It is a relative
// reference, which resolves under the public URL of the installation.
const TypeBase = "/problems/"

// Problem is a refusal. It is an error, so that transport and handlers return
// it like any other.
type Problem struct {
	Type       string  `json:"type"`
	Title      string  `json:"title"`
	Status     int     `json:"status"`
	Code       string  `json:"code"`
	Detail     string  `json:"detail"`
	RetryAfter int     `json:"retry_after,omitempty"` // seconds
	RequestID  string  `json:"request_id,omitempty"`
	Errors     []Field `json:"errors,omitempty"`

	cause error
}

// Field points at one place in the request that is wrong. Pointer is an RFC
// 6901 pointer into the body, or "query/name" or "header/Name".
type Field struct {
	Pointer string `json:"pointer"`
	Code    string `json:"code"`
	Detail  string `json:"detail"`
}

// New returns the problem that the table holds for code. A code that the table
// lacks gives the problem of our own mistake, never a made-up one.
func New(code string) *Problem {
	e, ok := table[code]
	if !ok {
		code, e = "internal", table["internal"]
	}
	return e.problem(code)
}

// At adds a place in the request that shows this problem.
func (p *Problem) At(pointer, detail string) *Problem {
	return p.Found(Field{Pointer: pointer, Code: p.Code, Detail: detail})
}

// Found adds a finding. One alone is what the problem says, because many
// clients show nothing but the detail; several share the sentence of the table.
func (p *Problem) Found(f Field) *Problem {
	p.Errors = append(p.Errors, f)
	if p.Detail = table[p.Code].detail; len(p.Errors) == 1 {
		p.Detail = strings.TrimPrefix(f.Pointer+": "+f.Detail, ": ")
	}
	return p
}

// After sets when a repeat may succeed, in whole seconds and at least one.
func (p *Problem) After(d time.Duration) *Problem {
	p.RetryAfter = max(1, int(math.Ceil(d.Seconds())))
	return p
}

// Because keeps the cause for the log. It never reaches the caller.
func (p *Problem) Because(err error) *Problem {
	p.cause = err
	return p
}

// Error returns the code and the cause.
func (p *Problem) Error() string {
	if p.cause != nil {
		return p.Code + ": " + p.cause.Error()
	}
	return p.Code
}

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.cause }

// Write answers with the problem. HEAD requests get the headers alone.
func (p *Problem) Write(w http.ResponseWriter, r *http.Request) error {
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", ContentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	w.WriteHeader(p.Status)
	if r.Method == http.MethodHead {
		return nil
	}
	_, err = w.Write(body)
	return err
}
