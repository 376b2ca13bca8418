package smssim

import (
	"crypto/subtle"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"otpravka/internal/sim/calls"
	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/fields"
)

// quietInbox is how many messages a phone keeps in quiet mode.
const quietInbox = 50

// ServeHTTP takes a message.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.host.Enter() {
		panic(http.ErrAbortHandler)
	}
	defer s.host.Leave()
	if r.URL.Path != s.opts.Path {
		refuse(w, http.StatusNotFound, "no such endpoint")
		return
	}
	found, err := fields.Read(r)
	m := s.message(found)
	s.log.Record(calls.Call{Time: m.Time, Method: "send", Target: digits(m.To), Params: found, Header: r.Header})
	s.faults.Serve(w, r, fault.Call{
		Method: "send", Target: digits(m.To), Closing: s.host.Closing(), Render: renderFault,
		Process: func(w http.ResponseWriter) {
			switch {
			case !s.authorized(r):
				w.Header().Set("WWW-Authenticate", s.challenge())
				refuse(w, http.StatusUnauthorized, "unauthorized")
			case err != nil:
				refuse(w, http.StatusBadRequest, err.Error())
			case digits(m.To) == "":
				refuse(w, http.StatusBadRequest, "missing field "+s.opts.Fields.To)
			case m.Text == "":
				refuse(w, http.StatusBadRequest, "missing field "+s.opts.Fields.Text)
			default:
				s.accept(w, m)
			}
		},
	})
}

func (s *Server) message(found map[string]string) SMS {
	f := s.opts.Fields
	return SMS{
		To: found[f.To], Text: found[f.Text], From: found[f.From], Ref: found[f.Ref],
		Callback: found[f.Callback], Time: s.opts.Now(),
	}
}

// accept puts the message on the phone, answers, and lets the reports follow.
func (s *Server) accept(w http.ResponseWriter, m SMS) {
	s.mu.Lock()
	s.lastID++
	m.ID = "sms-" + strconv.Itoa(s.lastID)
	box := s.inbox(m.To)
	box.messages = append(box.messages, m)
	if s.opts.Quiet && len(box.messages) >= 2*quietInbox {
		box.messages = slices.Clone(box.messages[len(box.messages)-quietInbox:])
	}
	if !s.opts.Quiet {
		s.byID[m.ID] = m
	}
	plan, ok := s.plans[digits(m.To)]
	if !ok {
		plan = s.opts.Reports
	}
	s.mu.Unlock()

	s.inboxes.Publish(m)
	box.arrived.Notify()
	answer := s.opts.Accepted
	body := fill(answer.Body, m)
	w.Header().Set("Content-Type", answer.ContentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(answer.Status)
	_, _ = io.WriteString(w, body)
	// The answer leaves before the first report, so that the sender knows the
	// id. Where a fault holds the answer back there is nothing to flush, and the
	// report comes first.
	_ = http.NewResponseController(w).Flush()
	s.startReports(m, plan)
}

// fill puts the message's values into an answer's body.
func fill(body string, m SMS) string {
	return strings.NewReplacer(
		"{id}", m.ID, "{to}", escape(m.To), "{ref}", escape(m.Ref), "{from}", escape(m.From),
	).Replace(body)
}

func escape(value string) string {
	quoted, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(quoted[1 : len(quoted)-1])
}

func (s *Server) authorized(r *http.Request) bool {
	switch a := s.opts.Auth; {
	case a.User != "":
		user, password, ok := r.BasicAuth()
		return ok && same(user, a.User) && same(password, a.Password)
	case a.Bearer != "":
		return same(r.Header.Get("Authorization"), "Bearer "+a.Bearer)
	}
	return true
}

func (s *Server) challenge() string {
	if s.opts.Auth.User != "" {
		return `Basic realm="sms"`
	}
	return "Bearer"
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func refuse(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(errorBody(text))
}

func errorBody(text string) []byte {
	return []byte(`{"status":"error","error":"` + escape(text) + `"}`)
}

func renderFault(rule fault.Rule) (string, []byte) {
	text := rule.Description
	if text == "" {
		text = strings.ToLower(http.StatusText(rule.StatusCode()))
	}
	return "application/json", errorBody(text)
}
