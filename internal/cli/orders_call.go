package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"
)

// batchTime is what an answer may take, that to a batch included.
const batchTime = 30 * time.Second

// call asks the API; in is the body, or nil.
func (s *orderSender) call(ctx context.Context, method, path string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, batchTime)
	defer cancel()
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, s.base+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+s.key.Reveal())
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := s.http.Do(req)
	if err != nil {
		return reason(err)
	}
	defer func() { _ = res.Body.Close() }()
	said, err := io.ReadAll(io.LimitReader(res.Body, answerSize))
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		r := &refusal{}
		_ = json.Unmarshal(said, r) // a stranger's answer has no detail
		r.Status = res.StatusCode
		return r
	}
	return json.Unmarshal(said, out)
}
