package otpcore

import (
	"context"
	"time"
)

// testTime bounds a test: somebody waits for its answer.
const testTime = 10 * time.Second

// Test posts an event that did not happen, and gives what came of it; a repeat
// under the same idempotency key posts nothing. It says nothing about the
// endpoint's health, and works on a disabled one. One test of an endpoint runs
// at a time: it is no way to flood a stranger.
func (s *Endpoints) Test(ctx context.Context, by Caller, id ID, key *IdempotencyKey) (*Posting, error) {
	e, err := s.Get(ctx, by, id)
	if err != nil {
		return nil, err
	}
	if _, running := s.testing.LoadOrStore(id, true); running {
		return nil, limited("rate_limited", time.Second, "A test of this endpoint is under way. Wait for its answer.")
	}
	defer s.testing.Delete(id)
	once := key.Once("endpoints.test:" + string(id))
	if known, err := s.tested(ctx, by, once); known != nil || err != nil {
		return known, err
	}
	now := s.ledger.Now()
	what := Event{
		ID: NewID(PrefixEvent, now), BusinessID: e.BusinessID, Mode: e.Mode, Type: EventWebhookTest, At: now,
		Data: map[string]string{"webhook_id": string(e.ID)},
	}
	p := newPosting(e, &what, PostedTest, now)
	within, done := context.WithTimeout(ctx, testTime)
	defer done()
	result := s.postman.Post(within, e.URL, s.secrets(e, now), ToldEvent{Event: what})
	result.At = s.ledger.Now()
	p.settle(result)
	err = WriteOnce(ctx, s.ledger, by.Business.ID, by.Mode, once, func(tx Tx, _ ID) (ID, error) { return p.ID, tx.SavePosting(p) })
	return p, err
}

// tested gives what an earlier test under the key came to, or nil.
func (s *Endpoints) tested(ctx context.Context, by Caller, once *Once) (*Posting, error) {
	if once == nil {
		return nil, nil
	}
	var known *Posting
	err := s.ledger.Write(ctx, func(tx Tx) error {
		var ref startedRef
		if _, err := answered(tx, by.Business.ID, by.Mode, once, &ref); err != nil || ref.ID == "" {
			return err
		}
		var err error
		known, err = tx.Posting(ref.ID)
		return err
	})
	if err != nil {
		return nil, err // the transaction of a caller that left may still write to known
	}
	return known, nil
}
