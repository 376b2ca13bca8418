package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"
)

// batchTime is what the answer to a batch may take.
const batchTime = 30 * time.Second

func (s *orderSender) call(ctx context.Context, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, batchTime)
	defer cancel()
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+"/v1/order-updates/batch", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+s.key.Reveal())
	req.Header.Set("Content-Type", "application/json")
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
