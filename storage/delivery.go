package storage

import (
	"encoding/json"

	"otpravka/otpcore"
)

const (
	deliveryColumns = `id, business_id, mode, kind, channel, bot_id, link_id, target, content, edits, cause, queued_at,
		wanted, status, tries, repeated, refused, provider, error, cost, boot_id, sent_at, delivered_at, read_at, failed_at,
		message_id, due_at, verification_id, order_ref, revision`
	selectDelivery = `SELECT ` + deliveryColumns + ` FROM deliveries WHERE id = $1`
	deliveriesOf   = `SELECT ` + deliveryColumns + ` FROM deliveries WHERE verification_id = $1`
	insertDelivery = `INSERT INTO deliveries (` + deliveryColumns + `, day)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
			$25, $26, $27, $28, $29, $30, $31)`
	updateDelivery = `UPDATE deliveries SET wanted = $1, status = $2, tries = $3, repeated = $4, refused = $5, provider = $6,
			error = $7, cost = $8, boot_id = $9, sent_at = $10, delivered_at = $11, read_at = $12, failed_at = $13,
			message_id = $14, due_at = $15, revision = $16
		WHERE id = $17`
	findDelivery = `SELECT id, COALESCE(verification_id, ''), COALESCE(order_ref, '') FROM deliveries WHERE id = $1`
	findSent     = `SELECT id, COALESCE(verification_id, ''), COALESCE(order_ref, '') FROM deliveries
		WHERE day = $1 AND message_id = $2 AND provider = $3 ORDER BY id DESC LIMIT 1`
)

func scanDelivery(scan func(...any) error) (*otpcore.Delivery, error) {
	var d otpcore.Delivery
	var refused, problem, cost, message, verification, order *string
	var queued, sent, delivered, read, failed int64
	var due *int64
	err := scan((*string)(&d.ID), (*string)(&d.BusinessID), (*string)(&d.Mode), (*string)(&d.Kind), (*string)(&d.Channel),
		(*string)(&d.BotID), (*string)(&d.LinkID), &d.Target, &d.Content, (*string)(&d.Edits), (*string)(&d.Cause), &queued,
		(*string)(&d.Wanted), (*string)(&d.Status), &d.Try, &d.Repeated, &refused, &d.Provider, &problem, &cost,
		(*string)(&d.BootID), &sent, &delivered, &read, &failed, &message, &due, &verification, &order, &d.Revision)
	if err != nil {
		return nil, err
	}
	d.QueuedAt, d.SentAt, d.DeliveredAt = fromMillis(queued), fromMillis(sent), fromMillis(delivered)
	d.ReadAt, d.FailedAt = fromMillis(read), fromMillis(failed)
	if due != nil {
		d.DueAt = fromMillis(*due)
	}
	if message != nil {
		d.MessageID = *message
	}
	if verification != nil {
		d.VerificationID = otpcore.ID(*verification)
	}
	if order != nil {
		d.Order = otpcore.ID(*order)
	}
	return &d, decodeOutcome(&d, refused, problem, cost)
}

func decodeOutcome(d *otpcore.Delivery, refused, problem, cost *string) error {
	if refused != nil {
		if err := json.Unmarshal([]byte(*refused), &d.Refused); err != nil {
			return err
		}
	}
	if problem != nil {
		if err := json.Unmarshal([]byte(*problem), &d.Error); err != nil {
			return err
		}
	}
	if cost != nil {
		return json.Unmarshal([]byte(*cost), &d.Cost)
	}
	return nil
}

func putDelivery(d *otpcore.Delivery) write {
	return write{query: insertDelivery, insert: true, args: []any{
		string(d.ID), string(d.BusinessID), string(d.Mode), string(d.Kind), string(d.Channel),
		string(d.BotID), string(d.LinkID), d.Target, d.Content, string(d.Edits), string(d.Cause), millis(d.QueuedAt),
		string(d.Wanted), string(d.Status), d.Try, d.Repeated, jsonOrNull(d.Refused, len(d.Refused) == 0), d.Provider,
		jsonOrNull(d.Error, d.Error == nil), jsonOrNull(d.Cost, d.Cost.IsZero()), string(d.BootID),
		millis(d.SentAt), millis(d.DeliveredAt), millis(d.ReadAt), millis(d.FailedAt),
		orNull(d.MessageID), orNull(millis(d.DueAt)), orNull(string(d.VerificationID)),
		orNull(string(d.Order)), d.Revision, dayOf(d.QueuedAt),
	}}
}

func changeDelivery(d *otpcore.Delivery) write {
	return write{query: updateDelivery, args: []any{
		string(d.Wanted), string(d.Status), d.Try, d.Repeated,
		jsonOrNull(d.Refused, len(d.Refused) == 0), d.Provider, jsonOrNull(d.Error, d.Error == nil),
		jsonOrNull(d.Cost, d.Cost.IsZero()), string(d.BootID), millis(d.SentAt), millis(d.DeliveredAt),
		millis(d.ReadAt), millis(d.FailedAt), orNull(d.MessageID), orNull(millis(d.DueAt)), d.Revision, string(d.ID),
	}}
}

// storedDelivery returns the delivery as its row gives it back.
func storedDelivery(d *otpcore.Delivery) *otpcore.Delivery {
	s := *d
	s.DueAt, s.QueuedAt, s.SentAt = stored(d.DueAt), stored(d.QueuedAt), stored(d.SentAt)
	s.DeliveredAt, s.ReadAt, s.FailedAt = stored(d.DeliveredAt), stored(d.ReadAt), stored(d.FailedAt)
	return &s
}

// findDelivery returns the case that a delivery belongs to.
func (s *session) findDelivery(id otpcore.ID) (otpcore.Ref, error) {
	found, err := one(s, scanSent, findDelivery, string(id))
	return found.ref, err
}

// receiptDays is how late a receipt may come: providers try a handset that is
// off for up to three days.
const receiptDays = 3

// findSent looks for a provider's message in the deliveries of the last days,
// newest first: providers may use an id again after a while.
func (t *transaction) findSent(provider, messageID string) (otpcore.Ref, otpcore.ID, error) {
	today := dayOf(t.now)
	for day := today; day >= today-receiptDays; day-- {
		found, err := all(&t.session, scanSent, findSent, day, messageID, provider)
		if err != nil {
			return otpcore.Ref{}, "", err
		}
		if len(found) > 0 {
			return found[0].ref, found[0].id, nil
		}
	}
	return otpcore.Ref{}, "", otpcore.ErrNotFound
}

type sentMessage struct {
	ref otpcore.Ref
	id  otpcore.ID
}

func scanSent(scan func(...any) error) (m sentMessage, err error) {
	err = scan((*string)(&m.id), (*string)(&m.ref.Verification), (*string)(&m.ref.Order))
	if m.ref == (otpcore.Ref{}) {
		m.ref.Delivery = m.id
	}
	return m, err
}
