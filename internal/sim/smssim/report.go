package smssim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"otpravka/internal/sim/feed"
)

// ErrUnknownSMS is the answer to a report on a message that was never accepted
// or, in quiet mode, is not remembered.
var ErrUnknownSMS = errors.New("no such message")

// Report is a delivery report that was posted.
type Report struct {
	ID     string // the message's id
	Word   string // such as "delivered"
	Status int    // the receiver's HTTP status; 0 where the connection failed
	Time   time.Time
}

// ReportsFor makes the reports of one phone's next messages differ from the
// server's own.
func (s *Server) ReportsFor(phone string, plan Reports) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plans[digits(phone)] = plan
}

// Report posts one delivery report now and returns when the receiver has
// answered. Form is taken from the phone's plan; any word may be reported at
// any time, which is how a test plays a late or a contradicting report.
func (s *Server) Report(ctx context.Context, id, word string) (Report, error) {
	s.mu.Lock()
	m, ok := s.byID[id]
	plan, special := s.plans[digits(m.To)]
	s.mu.Unlock()
	if !ok || m.Callback == "" {
		return Report{}, fmt.Errorf("report on %q: %w", id, ErrUnknownSMS)
	}
	if !special {
		plan = s.opts.Reports
	}
	return s.post(ctx, m, word, plan.Form), nil
}

// Posted returns the delivery reports posted so far. A quiet server keeps none.
func (s *Server) Posted() []Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.reports)
}

// WaitPosted blocks until n reports were posted and answered since New. It does
// not work in quiet mode.
func (s *Server) WaitPosted(ctx context.Context, n int) error {
	_, err := feed.Await(ctx, &s.posted, s.host.Closing(), func() (int, bool) {
		count := len(s.Posted())
		return count, count >= n
	})
	return err
}

// startReports posts the reports of a plan in a goroutine of their own.
func (s *Server) startReports(m SMS, plan Reports) {
	if plan.Never || m.Callback == "" {
		return
	}
	words := plan.Words
	if len(words) == 0 {
		words = []string{"delivered"}
	}
	s.host.Go(func() {
		for _, word := range words {
			if !s.sleep(plan.Delay) {
				return
			}
			s.post(s.life, m, word, plan.Form)
			if plan.Twice {
				s.post(s.life, m, word, plan.Form)
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

func (s *Server) post(ctx context.Context, m SMS, word string, form bool) Report {
	report := Report{ID: m.ID, Word: word, Status: s.call(ctx, m, word, form), Time: s.opts.Now()}
	if !s.opts.Quiet {
		s.mu.Lock()
		s.reports = append(s.reports, report)
		s.mu.Unlock()
	}
	s.posted.Notify()
	return report
}

// call makes the request and returns the status, or 0.
func (s *Server) call(ctx context.Context, m SMS, word string, form bool) int {
	contentType, body := s.reportBody(m, word, form)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.Callback, bytes.NewReader(body))
	if err != nil {
		return 0
	}
	req.Header.Set("Content-Type", contentType)
	resp, err := s.client.Do(req)
	if err != nil {
		return 0
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

func (s *Server) reportBody(m SMS, word string, form bool) (contentType string, body []byte) {
	f := s.opts.ReportFields
	values := map[string]string{f.ID: m.ID, f.Status: word, f.To: m.To, f.Ref: m.Ref}
	delete(values, "-")
	if form {
		encoded := make(url.Values, len(values))
		for name, value := range values {
			encoded.Set(name, value)
		}
		return "application/x-www-form-urlencoded", []byte(encoded.Encode())
	}
	body, err := json.Marshal(values)
	if err != nil {
		panic(err) // A map of strings always encodes.
	}
	return "application/json", body
}
