// Package fault makes a simulator answer badly on purpose: with an error, late,
// with garbage, or not at all, before or after the call had its effect.
//
// A simulator owns a [Plan]; a test adds [Rule] values to it. Every rule says
// which calls it catches and what becomes of them:
//
//	plan.Add(fault.Rule{Method: "sendMessage", Status: 429, RetryAfter: 3 * time.Second})
//	plan.Add(fault.Rule{Method: "sendMessage", Drop: fault.DropAfter})      // done, but the answer is lost
//	plan.Add(fault.Rule{Times: fault.Always, Every: 10, Status: 502, Body: fault.GatewayPage(502)})
package fault

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Always, as the Times of a [Rule], lets it fire until it is lifted.
const Always = -1

// Drop says at which point the connection is cut.
type Drop int

const (
	// NoDrop leaves the connection alone.
	NoDrop Drop = iota
	// DropBefore cuts the connection before the call has any effect.
	DropBefore
	// DropAfter lets the call take effect and cuts the connection before the
	// first byte of the answer: the caller cannot know that it worked.
	DropAfter
	// DropMidBody lets the call take effect, sends the head and half of the
	// answer's body, and cuts the connection.
	DropMidBody
)

// Rule describes one fault. The zero value of each field means "does not
// matter" or "as usual", so Rule{Status: 500} fails the next call, whatever it is.
type Rule struct {
	// Method is the call to catch: a Bot API method in any case, or "send" for
	// the SMS simulator. Empty catches all.
	Method string
	// Target narrows the rule to one bot's username (Telegram) or one phone
	// number (SMS). Empty catches all.
	Target string

	// After lets this many matching calls pass first. Calls that an earlier
	// rule caught are not counted.
	After int
	// Every fires on each n-th matching call only; 0 and 1 mean on each.
	Every int
	// Times is how often the rule fires before it is used up: 0 means once,
	// [Always] means until it is lifted.
	Times int

	// Delay waits before the call has any effect. A caller that hangs up
	// meanwhile leaves the call without effect.
	Delay time.Duration
	// AnswerDelay waits between the effect and the answer. A caller whose time
	// runs out meanwhile has caused the effect all the same.
	AnswerDelay time.Duration
	// Drop cuts the connection.
	Drop Drop

	// Processed lets the call take effect although the answer below claims
	// otherwise. Without it a rule that gives its own answer prevents the effect.
	Processed bool
	// Status is the HTTP status of the answer. It defaults to 429 where
	// RetryAfter is set and to 200 where only Body, or Empty, is.
	Status int
	// Description is the error text in the simulator's own error format;
	// empty means the text that the real service uses with this status.
	Description string
	// RetryAfter is sent in whole seconds, rounded up, as header and, where the
	// service has a field for it, in the body.
	RetryAfter time.Duration
	// Body replaces the whole body, for garbage and for gateway pages.
	Body string
	// ContentType goes with Body and defaults to text/html.
	ContentType string
	// Empty answers with no body at all.
	Empty bool
}

// HasAnswer reports whether the rule replaces the true answer by its own.
func (r Rule) HasAnswer() bool {
	return r.Status != 0 || r.RetryAfter > 0 || r.Body != "" || r.Empty
}

// StatusCode returns the HTTP status of the rule's own answer.
func (r Rule) StatusCode() int {
	switch {
	case r.Status != 0:
		return r.Status
	case r.RetryAfter > 0:
		return http.StatusTooManyRequests
	}
	return http.StatusOK
}

// RetrySeconds returns RetryAfter in whole seconds, rounded up as servers do it.
func (r Rule) RetrySeconds() int {
	return int((r.RetryAfter + time.Second - 1) / time.Second)
}

func (r Rule) matches(method, target string) bool {
	return (r.Method == "" || strings.EqualFold(r.Method, method)) && (r.Target == "" || r.Target == target)
}

// GatewayPage returns the HTML page that a proxy in front of a service shows
// when the service is away. Clients that expect JSON must survive it.
func GatewayPage(status int) string {
	title := fmt.Sprintf("%d %s", status, http.StatusText(status))
	return "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" +
		title + "</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
}
