package telegramgatewaysim

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// ErrUnknownMessage is the answer to a report on a message that was never sent,
// or that asked for no reports.
var ErrUnknownMessage = errors.New("no such message")

// Report moves the message to the status and posts it, returning the receiver's
// HTTP status, or 0 where the connection failed. Any word may be reported at any
// time. One that expires undelivered gets its money back.
func (s *Server) Report(ctx context.Context, requestID, word string) (int, error) {
	s.mu.Lock()
	var m *entry
	for _, e := range s.messages {
		if e.RequestID == requestID {
			m = e
		}
	}
	if m == nil || m.Callback == "" {
		s.mu.Unlock()
		return 0, fmt.Errorf("report on %q: %w", requestID, ErrUnknownMessage)
	}
	if word == Expired && m.Status == Sent && !m.Refunded {
		m.Refunded = true
		s.balances[m.token] += price
	}
	m.Status = word
	body, err := json.Marshal(s.status(m))
	s.mu.Unlock()
	if err != nil {
		return 0, err
	}
	s.changed.Notify()
	status := s.post(ctx, m.Callback, m.token, body)
	for range s.opts.Retries {
		if status == http.StatusOK || !s.sleep(s.opts.RetryPause) {
			break
		}
		status = s.post(ctx, m.Callback, m.token, body)
	}
	if status == http.StatusOK {
		s.mu.Lock()
		m.Told = word
		s.mu.Unlock()
		s.changed.Notify()
	}
	return status, nil
}

// Sign returns the headers of a report: the time and an HMAC of time and body
// under the SHA-256 of the token.
func Sign(token string, at time.Time, body []byte) http.Header {
	stamp := strconv.FormatInt(at.Unix(), 10)
	key := sha256.Sum256([]byte(token))
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte(stamp + "\n"))
	mac.Write(body)
	return http.Header{
		"Content-Type":        {"application/json"},
		"X-Request-Timestamp": {stamp},
		"X-Request-Signature": {hex.EncodeToString(mac.Sum(nil))},
	}
}

// startReports posts the reports that the options ask for, one after the other.
func (s *Server) startReports(requestID string) {
	if len(s.opts.Reports) == 0 {
		return
	}
	s.host.Go(func() {
		for _, word := range s.opts.Reports {
			if _, err := s.Report(s.life, requestID, word); err != nil {
				return
			}
		}
	})
}

func (s *Server) sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.life.Done():
		return false
	}
}

// post makes the request and returns the status, or 0.
func (s *Server) post(ctx context.Context, address, token string, body []byte) int {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0
	}
	req.Header = Sign(token, s.opts.Now(), body)
	resp, err := s.client.Do(req)
	if err != nil {
		return 0
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}
