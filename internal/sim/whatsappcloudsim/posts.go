package whatsappcloudsim

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// ErrUnknown is a message, an account or a template that is not there.
var ErrUnknown = errors.New("unknown")

// Enter makes the address that of the number's posts, if it answers the first call
// as Meta wants it.
func (s *Server) Enter(ctx context.Context, phoneNumberID, address, verifyToken string) error {
	challenge := strconv.Itoa(1_000_000 + int(time.Now().UnixNano()%1_000_000))
	query := url.Values{"hub.mode": {"subscribe"}, "hub.challenge": {challenge}, "hub.verify_token": {verifyToken}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"?"+query.Encode(), http.NoBody)
	if err != nil {
		return err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || string(body) != challenge {
		return fmt.Errorf("handshake answered %d: %w", resp.StatusCode, errors.Join(err, ErrUnknown))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[phoneNumberID]
	if a == nil {
		return ErrUnknown
	}
	a.hook = address
	return nil
}

// Sign returns the headers of a post: an HMAC of the body under the app's secret.
func Sign(secret string, body []byte) http.Header {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return http.Header{"Content-Type": {"application/json"}, "X-Hub-Signature-256": {"sha256=" + hex.EncodeToString(mac.Sum(nil))}}
}

// Post sends the value as a change of the field to the number's address and
// returns the status of the answer.
func (s *Server) Post(ctx context.Context, phoneNumberID, field string, value map[string]any) (int, error) {
	s.mu.Lock()
	a := s.accounts[phoneNumberID]
	if a == nil || a.hook == "" || !a.subscribed {
		s.mu.Unlock()
		return 0, fmt.Errorf("address of number %s: %w", phoneNumberID, ErrUnknown)
	}
	hook, secret, accountID := a.hook, a.AppSecret, a.AccountID
	s.mu.Unlock()
	if field == "messages" {
		value["messaging_product"] = "whatsapp"
		value["metadata"] = map[string]string{"display_phone_number": a.Display, "phone_number_id": phoneNumberID}
	}
	body, err := json.Marshal(map[string]any{"object": "whatsapp_business_account", "entry": []any{
		map[string]any{"id": accountID, "changes": []any{map[string]any{"field": field, "value": value}}},
	}})
	if err != nil {
		return 0, err
	}
	return s.deliver(ctx, hook, Sign(secret, body), body)
}

func (s *Server) deliver(ctx context.Context, address string, header http.Header, body []byte) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header = header
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, nil
}

// Report posts a status of the message: sent, delivered, read or failed, the last
// with Meta's code.
func (s *Server) Report(ctx context.Context, messageID, word string, code int) (int, error) {
	s.mu.Lock()
	var m *Message
	for i := range s.messages {
		if s.messages[i].ID == messageID {
			m = &s.messages[i]
		}
	}
	s.mu.Unlock()
	if m == nil {
		return 0, fmt.Errorf("message %q: %w", messageID, ErrUnknown)
	}
	recipient := m.Phone
	if recipient[0] == '+' {
		recipient = recipient[1:]
	}
	status := map[string]any{
		"id": m.ID, "status": word, "timestamp": strconv.FormatInt(time.Now().Unix(), 10), "recipient_id": recipient,
		"pricing": map[string]any{"billable": word != "failed", "pricing_model": "PMP", "category": m.Category},
	}
	if !s.opts.Silent {
		status["biz_opaque_callback_data"] = m.Reference
	}
	if word == "failed" {
		status["errors"] = []any{map[string]any{"code": code, "title": "Message undeliverable"}}
	}
	return s.Post(ctx, m.From, "messages", map[string]any{"statuses": []any{status}})
}

func (s *Server) startReports(messageID string, absent bool) {
	if !absent && len(s.opts.Reports) == 0 {
		return
	}
	s.host.Go(func() {
		if absent {
			_, _ = s.Report(s.life, messageID, "failed", 131026)
			return
		}
		for _, word := range s.opts.Reports {
			if _, err := s.Report(s.life, messageID, word, 0); err != nil {
				return
			}
		}
	})
}

// Incoming begins a message of a person, to be completed and given to Hear. An
// empty number is a person of whom only an id is told.
func Incoming(number, kind string) map[string]any {
	m := map[string]any{"id": "wamid.IN" + rand.Text(), "timestamp": strconv.FormatInt(time.Now().Unix(), 10), "type": kind}
	if number == "" {
		m["from_user_id"] = "US.13491208655302741918"
	} else {
		m["from"] = number[1:]
	}
	return m
}

// Hear posts a message of a person to the number's address, and opens the window
// for answers.
func (s *Server) Hear(ctx context.Context, phoneNumberID string, message map[string]any) (int, error) {
	from := "US.13491208655302741918"
	if number, ok := message["from"].(string); ok {
		from = "+" + number
	}
	s.mu.Lock()
	s.wrote[phoneNumberID+from] = time.Now()
	s.mu.Unlock()
	return s.Post(ctx, phoneNumberID, "messages", map[string]any{"messages": []any{message}})
}

// Says posts a text of a person.
func (s *Server) Says(ctx context.Context, phoneNumberID, number, text string) (int, error) {
	m := Incoming(number, "text")
	m["text"] = map[string]string{"body": text}
	return s.Hear(ctx, phoneNumberID, m)
}
