package smssim

import (
	"cmp"
	"net"
	"net/http"
	"time"
)

// Options of a [Server]; the zero value suits most tests.
type Options struct {
	// Listener is what Listen serves on; nil means a free port of 127.0.0.1.
	// A loopback.Memory makes the server usable inside a synctest bubble.
	Listener net.Listener
	// Path of the send endpoint; empty means /send.
	Path string
	// Fields are the names of the fields of a send.
	Fields Fields
	// Auth is what a send must bring; the zero value lets everybody send.
	Auth Auth
	// Accepted is the answer to a good send.
	Accepted Answer
	// Reports say what becomes of every accepted message that names a callback
	// address; [Server.ReportsFor] makes exceptions for one phone.
	Reports Reports
	// ReportFields are the names of the fields of a delivery report.
	ReportFields ReportFields
	// Client posts delivery reports; nil means a client of the server's own,
	// with a time-out of 10 s.
	Client *http.Client
	// Quiet keeps no request log and only the newest 50 messages of a phone, so
	// that a benchmark measures the caller and not this server.
	Quiet bool
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Fields names the fields of a send; an empty name means the default.
type Fields struct {
	To       string // default "to"
	Text     string // default "text"
	From     string // default "from"
	Ref      string // the sender's own id; default "ref"
	Callback string // where delivery reports go; default "callback"
}

// ReportFields names the fields of a delivery report; an empty name means the
// default, "-" leaves the field out.
type ReportFields struct {
	ID     string // default "id"
	Status string // default "status"
	To     string // default "to"
	Ref    string // default "ref"
}

// Auth is HTTP Basic where User is set, else a bearer token where Bearer is set.
type Auth struct {
	User, Password string
	Bearer         string
}

// Answer is an HTTP answer. In Body, {id}, {to}, {ref} and {from} stand for the
// message's values, escaped for a JSON string.
type Answer struct {
	Status      int    // 0 means 200
	ContentType string // empty means application/json
	Body        string // empty means {"status":"accepted","id":"{id}"}
}

// Reports describe the delivery reports of one message. The zero value posts
// "delivered" at once, as JSON.
type Reports struct {
	// Never posts none.
	Never bool
	// Words are posted one after the other, such as "sent", "delivered"; or
	// "failed". Empty means "delivered" only. An out-of-order provider is
	// {"delivered", "sent"}.
	Words []string
	// Delay is the pause before each report.
	Delay time.Duration
	// Twice posts every report two times.
	Twice bool
	// Form posts URL-encoded fields instead of JSON.
	Form bool
}

func (o Options) withDefaults() Options {
	o.Path = cmp.Or(o.Path, "/send")
	o.Fields = Fields{
		To: cmp.Or(o.Fields.To, "to"), Text: cmp.Or(o.Fields.Text, "text"), From: cmp.Or(o.Fields.From, "from"),
		Ref: cmp.Or(o.Fields.Ref, "ref"), Callback: cmp.Or(o.Fields.Callback, "callback"),
	}
	o.ReportFields = ReportFields{
		ID: cmp.Or(o.ReportFields.ID, "id"), Status: cmp.Or(o.ReportFields.Status, "status"),
		To: cmp.Or(o.ReportFields.To, "to"), Ref: cmp.Or(o.ReportFields.Ref, "ref"),
	}
	o.Accepted = Answer{
		Status:      cmp.Or(o.Accepted.Status, http.StatusOK),
		ContentType: cmp.Or(o.Accepted.ContentType, "application/json"),
		Body:        cmp.Or(o.Accepted.Body, `{"status":"accepted","id":"{id}"}`),
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}
