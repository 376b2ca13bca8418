package whatsappcloudsim

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"otpravka/internal/sim/calls"
	"otpravka/internal/sim/fault"
)

var pathForm = regexp.MustCompile(`^/v[0-9]+\.[0-9]+/([0-9]+)(?:/([a-z_]+))?$`)

// ServeHTTP answers /VERSION/ID and /VERSION/ID/EDGE.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.host.Enter() {
		panic(http.ErrAbortHandler)
	}
	defer s.host.Leave()
	raw, err := io.ReadAll(r.Body)
	parts := pathForm.FindStringSubmatch(r.URL.Path)
	if err != nil || parts == nil {
		refuse(w, http.StatusBadRequest, 2500)
		return
	}
	id, edge := parts[1], parts[2]
	if edge == "" {
		edge = "number"
	}
	var body map[string]any
	_ = json.Unmarshal(raw, &body)
	to, _ := body["to"].(string)
	if to != "" {
		to = "+" + to
	}
	s.log.Record(calls.Call{Time: time.Now(), Method: edge, Target: to, Params: map[string]string{"body": string(raw), "id": id}, Header: r.Header})
	s.faults.Serve(w, r, fault.Call{
		Method: edge, Target: to, Closing: s.host.Closing(), Render: renderFault,
		Process: func(w http.ResponseWriter) { s.answer(w, r, id, edge, raw) },
	})
}

func renderFault(rule fault.Rule) (string, []byte) {
	code, err := strconv.Atoi(rule.Description)
	if err != nil {
		code = 131000
	}
	return "application/json", errorBody(code)
}

func errorBody(code int) []byte {
	return fmt.Appendf(nil, `{"error":{"message":"(#%d) Refused","type":"OAuthException","code":%d,"error_data":{"messaging_product":"whatsapp","details":"Refused"},"fbtrace_id":"Az8or2yhqkZfEZ"}}`, code, code)
}

func refuse(w http.ResponseWriter, status, code int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(errorBody(code))
}

func accept(w http.ResponseWriter, answer any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

// of finds the account that the token belongs to and the id names.
func (s *Server) of(r *http.Request, id string) (a *account, known bool) {
	bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.accounts {
		if one.Token == "" || one.Token != bearer {
			continue
		}
		known = true
		if one.PhoneNumberID == id || one.AccountID == id || s.template(one.AccountID, id) != nil {
			return one, true
		}
	}
	return nil, known
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, id, edge string, raw []byte) {
	a, known := s.of(r, id)
	switch {
	case !known:
		refuse(w, http.StatusUnauthorized, 190)
		return
	case a == nil:
		refuse(w, http.StatusBadRequest, 100)
		return
	}
	// Every app here requires the app secret, as a careful owner's does.
	mac := hmac.New(sha256.New, []byte(a.AppSecret))
	mac.Write([]byte(a.Token))
	if r.URL.Query().Get("appsecret_proof") != hex.EncodeToString(mac.Sum(nil)) {
		refuse(w, http.StatusBadRequest, 100)
		return
	}
	switch call := r.Method + " " + edge; {
	case call == "GET number" && id == a.PhoneNumberID:
		accept(w, map[string]string{"id": id, "display_phone_number": a.Display, "verified_name": a.Name})
	case call == "GET phone_numbers" && id == a.AccountID:
		accept(w, map[string]any{"data": s.numbersOf(id)})
	case call == "POST subscribed_apps" && id == a.AccountID:
		s.mu.Lock()
		a.subscribed = true
		s.mu.Unlock()
		accept(w, map[string]bool{"success": true})
	case call == "GET message_templates" && id == a.AccountID:
		accept(w, map[string]any{"data": s.list(id, r.URL.Query().Get("name"))})
	case call == "POST message_templates" && id == a.AccountID:
		s.make(w, id, raw)
	case call == "POST number" && s.isTemplate(a.AccountID, id):
		s.edit(w, id, raw)
	case call == "POST messages" && id == a.PhoneNumberID:
		s.send(w, a, raw)
	default:
		refuse(w, http.StatusBadRequest, 100)
	}
}

func (s *Server) numbersOf(accountID string) []map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []map[string]string
	for _, a := range s.accounts {
		if a.AccountID == accountID {
			list = append(list, map[string]string{"id": a.PhoneNumberID})
		}
	}
	return list
}

// outgoing is the body of a send.
type outgoing struct {
	Product   string `json:"messaging_product"`
	To        string `json:"to"`
	Recipient string `json:"recipient"`
	Type      string `json:"type"`
	Text      struct {
		Body string `json:"body"`
	} `json:"text"`
	Interactive struct {
		Body struct {
			Text string `json:"text"`
		} `json:"body"`
		Action struct {
			Buttons []struct {
				Reply struct{ ID, Title string } `json:"reply"`
			} `json:"buttons"`
		} `json:"action"`
	} `json:"interactive"`
	Template struct {
		Name     string                `json:"name"`
		Language struct{ Code string } `json:"language"`

		Components []struct {
			Type       string `json:"type"`
			Parameters []struct {
				Text string `json:"text"`
				Name string `json:"parameter_name"`
			} `json:"parameters"`
		} `json:"components"`
	} `json:"template"`
	Reference string `json:"biz_opaque_callback_data"`
}

const window = 24 * time.Hour

// send checks what Meta documents of messages.
func (s *Server) send(w http.ResponseWriter, a *account, raw []byte) {
	var in outgoing
	if json.NewDecoder(bytes.NewReader(raw)).Decode(&in) != nil || in.Product != "whatsapp" || in.To == "" && in.Recipient == "" {
		refuse(w, http.StatusBadRequest, 100)
		return
	}
	m := Message{From: a.PhoneNumberID, Phone: "+" + in.To, Type: in.Type, Category: "service", Reference: in.Reference, Buttons: map[string]string{}}
	if in.To == "" {
		m.Phone = in.Recipient
	}
	s.mu.Lock()
	code := s.judge(a, &in, &m)
	if code == 0 {
		m.ID = fmt.Sprintf("wamid.HBgM%06d", len(s.messages)+1)
		s.messages = append(s.messages, m)
	}
	absent := s.absent[m.Phone]
	s.mu.Unlock()
	if code != 0 {
		refuse(w, http.StatusBadRequest, code)
		return
	}
	s.changed.Notify()
	accept(w, map[string]any{
		"messaging_product": "whatsapp", "contacts": []map[string]string{{"input": in.To, "wa_id": in.To}},
		"messages": []map[string]string{{"id": m.ID, "message_status": "accepted"}},
	})
	s.startReports(m.ID, absent)
}

// judge fills in what the phone shows, or answers Meta's code of a refusal. The
// caller holds the lock.
func (s *Server) judge(a *account, in *outgoing, m *Message) int {
	switch in.Type {
	case "template":
		return s.judgeTemplate(a, in, m)
	case "text":
		m.Text = in.Text.Body
	case "interactive":
		m.Text = in.Interactive.Body.Text
		for _, b := range in.Interactive.Action.Buttons {
			if len([]rune(b.Reply.Title)) > 20 || b.Reply.ID == "" {
				return 131009
			}
			m.Buttons[b.Reply.Title] = b.Reply.ID
		}
		if len(m.Buttons) == 0 || len(m.Buttons) > 3 || len([]rune(m.Text)) > 1024 {
			return 131009
		}
	default:
		return 131051
	}
	switch {
	case m.Text == "":
		return 131008
	case time.Since(s.wrote[a.PhoneNumberID+m.Phone]) > window:
		return 131047
	}
	return 0
}
