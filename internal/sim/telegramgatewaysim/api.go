package telegramgatewaysim

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"otpravka/internal/sim/calls"
	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/fields"
)

// ServeHTTP answers the methods of the API: /METHOD by GET or POST.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.host.Enter() {
		panic(http.ErrAbortHandler)
	}
	defer s.host.Leave()
	method := strings.TrimPrefix(r.URL.Path, "/")
	params, err := fields.Read(r)
	phone := params["phone_number"]
	s.log.Record(calls.Call{Time: s.opts.Now(), Method: method, Target: phone, Params: params, Header: r.Header})
	s.faults.Serve(w, r, fault.Call{
		Method: method, Target: phone, Closing: s.host.Closing(), Render: renderFault,
		Process: func(w http.ResponseWriter) {
			if err != nil {
				refuse(w, "BAD_REQUEST")
				return
			}
			s.answer(w, method, tokenOf(r, params), params)
		},
	})
}

func tokenOf(r *http.Request, params map[string]string) string {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return token
	}
	return params["access_token"]
}

func (s *Server) answer(w http.ResponseWriter, method, token string, params map[string]string) {
	s.mu.Lock()
	_, known := s.balances[token]
	s.mu.Unlock()
	switch {
	case token == "":
		refuse(w, "ACCESS_TOKEN_REQUIRED")
		return
	case !known:
		refuse(w, "ACCESS_TOKEN_INVALID")
		return
	}
	switch method {
	case "sendVerificationMessage":
		s.send(w, token, params)
	case "checkSendAbility":
		s.checkAbility(w, token, params)
	case "checkVerificationStatus":
		s.checkStatus(w, token, params)
	case "revokeVerificationMessage":
		s.revoke(w, token, params)
	default:
		refuse(w, "UNKNOWN_METHOD")
	}
}

var (
	phoneForm = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	codeForm  = regexp.MustCompile(`^[0-9]{4,8}$`)
)

// send checks what Telegram documents about the parameters.
func (s *Server) send(w http.ResponseWriter, token string, p map[string]string) {
	ttl, err := strconv.Atoi(or(p["ttl"], "60"))
	switch {
	case !phoneForm.MatchString(p["phone_number"]):
		refuse(w, "PHONE_NUMBER_INVALID")
	case !codeForm.MatchString(p["code"]):
		refuse(w, "CODE_INVALID")
	case err != nil || ttl < 30 || ttl > 3600:
		refuse(w, "TTL_INVALID")
	case len(p["payload"]) > 128:
		refuse(w, "PAYLOAD_INVALID")
	case len(p["callback_url"]) > 256:
		refuse(w, "CALLBACK_URL_INVALID")
	default:
		s.deliver(w, token, Message{
			RequestID: rand.Text(), Phone: p["phone_number"], Code: p["code"], TTL: time.Duration(ttl) * time.Second,
			Payload: p["payload"], Callback: p["callback_url"], Time: s.opts.Now(), Status: Sent,
		})
	}
}

func (s *Server) deliver(w http.ResponseWriter, token string, m Message) {
	s.mu.Lock()
	switch {
	case s.absent[m.Phone]:
		s.mu.Unlock()
		refuse(w, "PHONE_NUMBER_NOT_FOUND")
		return
	case s.balances[token] < price:
		s.mu.Unlock()
		refuse(w, "BALANCE_NOT_ENOUGH")
		return
	}
	s.balances[token] -= price
	e := &entry{Message: m, token: token}
	s.messages = append(s.messages, e)
	status := s.status(e)
	s.mu.Unlock()
	s.changed.Notify()
	accept(w, status)
	// The answer leaves before the first report. Where a fault holds it back
	// there is nothing to flush, and the report comes first.
	_ = http.NewResponseController(w).Flush()
	s.startReports(m.RequestID)
}

// checkAbility charges for the answer, as Telegram does. Nobody who sends codes
// needs it, and whoever asks about numbers in rows loses the account.
func (s *Server) checkAbility(w http.ResponseWriter, token string, p map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.absent[p["phone_number"]] {
		refuse(w, "PHONE_NUMBER_NOT_FOUND")
		return
	}
	s.balances[token] -= price
	accept(w, map[string]any{"request_id": rand.Text(), "phone_number": p["phone_number"], "request_cost": price})
}

func (s *Server) checkStatus(w http.ResponseWriter, token string, p map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.find(token, p["request_id"])
	if m == nil {
		refuse(w, "REQUEST_ID_INVALID")
		return
	}
	if code := p["code"]; code != "" {
		m.Verification = "code_invalid"
		if code == m.Code {
			m.Verification = "code_valid"
		}
		s.changed.Notify()
	}
	accept(w, s.status(m))
}

func (s *Server) revoke(w http.ResponseWriter, token string, p map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.find(token, p["request_id"])
	if m == nil {
		refuse(w, "REQUEST_ID_INVALID")
		return
	}
	if m.Status == Sent || m.Status == Delivered {
		m.Status = Revoked
		s.changed.Notify()
	}
	accept(w, true)
}

// status is the message's RequestStatus. The caller holds the lock.
func (s *Server) status(m *entry) map[string]any {
	now := s.opts.Now().Unix()
	out := map[string]any{
		"request_id": m.RequestID, "phone_number": m.Phone, "request_cost": price, "remaining_balance": s.balances[m.token],
		"delivery_status": map[string]any{"status": m.Status, "updated_at": now}, "payload": m.Payload,
	}
	if m.Refunded {
		out["is_refunded"] = true
	}
	if m.Verification != "" {
		out["verification_status"] = map[string]any{"status": m.Verification, "updated_at": now}
	}
	return out
}

func or(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

func accept(w http.ResponseWriter, result any) {
	write(w, http.StatusOK, map[string]any{"ok": true, "result": result})
}

func refuse(w http.ResponseWriter, name string) {
	write(w, http.StatusOK, map[string]any{"ok": false, "error": name})
}

func write(w http.ResponseWriter, status int, answer any) {
	body, err := json.Marshal(answer)
	if err != nil {
		panic(err) // plain values always encode
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// renderFault writes a fault in the API's own form. Its text is the error's
// name, such as BALANCE_NOT_ENOUGH.
func renderFault(rule fault.Rule) (string, []byte) {
	name := rule.Description
	if name == "" {
		name = strings.ToUpper(strings.ReplaceAll(http.StatusText(rule.StatusCode()), " ", "_"))
	}
	return "application/json", []byte(`{"ok":false,"error":` + strconv.Quote(name) + `}`)
}
