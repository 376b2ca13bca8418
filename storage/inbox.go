package storage

import (
	"encoding/json"
	"errors"

	"otpravka/otpcore"
)

const (
	seeUpdate    = `INSERT INTO inbox (bot_id, update_id, at) VALUES ($1, $2, $3) ON CONFLICT (bot_id, update_id) DO NOTHING`
	selectOffset = `SELECT next_update FROM bot_offsets WHERE bot_id = $1`
	upsertOffset = `INSERT INTO bot_offsets (bot_id, next_update) VALUES ($1, $2)
		ON CONFLICT (bot_id) DO UPDATE SET next_update = excluded.next_update`
	receiptColumns = `provider, message_id, reference, status, class, cost, at`
	selectReceipt  = `SELECT ` + receiptColumns + ` FROM kept_receipts WHERE provider = $1 AND message_id = $2`
	upsertReceipt  = `INSERT INTO kept_receipts (` + receiptColumns + `, kept_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (provider, message_id) DO UPDATE SET reference = excluded.reference, status = excluded.status,
			class = excluded.class, cost = excluded.cost, at = excluded.at, kept_at = excluded.kept_at`
	takeReceipt = `DELETE FROM kept_receipts WHERE provider = $1 AND message_id = $2 AND kept_at > $3
		RETURNING ` + receiptColumns
)

func (t *transaction) firstSight(bot otpcore.ID, update int64) (bool, error) {
	n, err := t.exec(seeUpdate, string(bot), update, millis(t.now))
	return n == 1, err
}

func (s *session) setOffset(bot otpcore.ID, offset int64) error {
	_, err := s.exec(upsertOffset, string(bot), offset)
	return err
}

func (s *session) offset(bot otpcore.ID) (int64, error) {
	next, err := value[int64](s, selectOffset, string(bot))
	if errors.Is(err, otpcore.ErrNotFound) {
		return 0, nil
	}
	return next, err
}

// keepReceipt holds the furthest word on a message: of receipts that overtake
// each other, the one that says more stays.
func (t *transaction) keepReceipt(r *otpcore.Receipt) error {
	kept, err := one(&t.session, scanReceipt, selectReceipt, r.Provider, r.MessageID)
	switch {
	case errors.Is(err, otpcore.ErrNotFound):
	case err != nil:
		return err
	case progress(kept.Status) > progress(r.Status):
		return nil
	}
	_, err = t.exec(upsertReceipt, r.Provider, r.MessageID, string(r.Reference), string(r.Status), string(r.Class),
		jsonOrNull(r.Cost, r.Cost.IsZero()), millis(r.At), millis(t.now))
	return err
}

// progress orders what receipts may say. A failure speaks against a message
// that was sent, but not against one that was delivered.
func progress(s otpcore.DeliveryStatus) int {
	switch s {
	case otpcore.FailedDlv:
		return 1
	case otpcore.Delivered:
		return 2
	case otpcore.Read:
		return 3
	}
	return 0
}

// takeReceipt returns the kept receipt and forgets it; nil when none is kept.
func (t *transaction) takeReceipt(provider, messageID string) (*otpcore.Receipt, error) {
	t.wrote = true
	r, err := one(&t.session, scanReceipt, takeReceipt, provider, messageID, millis(t.now.Add(-receiptsKept)))
	if errors.Is(err, otpcore.ErrNotFound) {
		return nil, nil
	}
	return r, err
}

func scanReceipt(scan func(...any) error) (*otpcore.Receipt, error) {
	var r otpcore.Receipt
	var cost *string
	var at int64
	err := scan(&r.Provider, &r.MessageID, (*string)(&r.Reference), (*string)(&r.Status), (*string)(&r.Class), &cost, &at)
	if err == nil && cost != nil {
		err = json.Unmarshal([]byte(*cost), &r.Cost)
	}
	r.At = fromMillis(at)
	return &r, err
}

func (t *transaction) useToken(source otpcore.ID) (bool, error) {
	n, err := t.exec(useToken, string(source), millis(t.now))
	return n == 1, err
}
