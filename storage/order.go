package storage

import (
	"encoding/json"

	"otpravka/otpcore"
)

const (
	orderColumns = `id, business_id, mode, number, phone_index, phone_sealed, phone_region, status, news, occurred_at,
		update_id, updates, revision, news_revision, ring_revision, verification_id, created_at, updated_at`
	byNumber          = `business_id = $1 AND mode = $2 AND number = $3`
	selectOrder       = `SELECT ` + orderColumns + ` FROM orders WHERE id = $1`
	selectOrderNumber = `SELECT ` + orderColumns + ` FROM orders WHERE ` + byNumber
	insertOrder       = `INSERT INTO orders (` + orderColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`
	updateOrder = `UPDATE orders SET phone_index = $1, phone_sealed = $2, phone_region = $3, status = $4, news = $5,
			occurred_at = $6, update_id = $7, updates = $8, revision = $9, news_revision = $10, ring_revision = $11,
			verification_id = $12, updated_at = $13
		WHERE id = $14`

	deliveriesOfOrder         = `SELECT ` + deliveryColumns + ` FROM deliveries WHERE order_ref = $1`
	deliveriesOfOrderNumber   = `SELECT ` + deliveryColumns + ` FROM deliveries WHERE order_ref = (SELECT id FROM orders WHERE ` + byNumber + `)`
	verificationOfOrder       = `SELECT ` + verificationColumns + ` FROM verifications WHERE id = (SELECT verification_id FROM orders WHERE id = $1)`
	verificationOfOrderNumber = `SELECT ` + verificationColumns + ` FROM verifications
		WHERE id = (SELECT verification_id FROM orders WHERE ` + byNumber + `)`

	orderUpdateColumns = `id, order_ref, business_id, status, title, occurred_at, received_at, shown`
	insertOrderUpdate  = `INSERT INTO order_updates (` + orderUpdateColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	updatesOfOrder     = `SELECT ` + orderUpdateColumns + ` FROM order_updates WHERE order_ref = $1 ORDER BY id`

	ordersAfter = `SELECT ` + orderColumns + ` FROM orders WHERE business_id = $1 AND mode = $2 AND number > $3
		ORDER BY number LIMIT $4`

	ordersOfPhone = `SELECT id FROM orders WHERE phone_index = $1 AND business_id = $2 AND mode = $3 ORDER BY id DESC LIMIT $4`
)

func scanOrder(scan func(...any) error) (*otpcore.Order, error) {
	var o otpcore.Order
	var phone []byte
	var news string
	var occurred, created, updated int64
	err := scan((*string)(&o.ID), (*string)(&o.BusinessID), (*string)(&o.Mode), &o.Number, &phone, &o.Phone.Sealed,
		&o.Phone.Region, (*string)(&o.Status), &news, &occurred, (*string)(&o.UpdateID), &o.Updates, &o.Revision,
		&o.NewsRevision, &o.RingRevision, (*string)(&o.VerificationID), &created, &updated)
	if err != nil {
		return nil, err
	}
	o.Phone.Index = toIndex(phone)
	o.OccurredAt, o.CreatedAt, o.UpdatedAt = fromMillis(occurred), fromMillis(created), fromMillis(updated)
	return &o, json.Unmarshal([]byte(news), &o.News)
}

func putOrder(o *otpcore.Order) write {
	return write{query: insertOrder, insert: true, args: []any{
		string(o.ID), string(o.BusinessID), string(o.Mode), o.Number, indexOrNull(o.Phone.Index), o.Phone.Sealed,
		o.Phone.Region, string(o.Status), toJSON(o.News), millis(o.OccurredAt), string(o.UpdateID), o.Updates, o.Revision,
		o.NewsRevision, o.RingRevision, string(o.VerificationID), millis(o.CreatedAt), millis(o.UpdatedAt),
	}}
}

func changeOrder(o *otpcore.Order) write {
	return write{query: updateOrder, args: []any{
		indexOrNull(o.Phone.Index), o.Phone.Sealed, o.Phone.Region, string(o.Status), toJSON(o.News), millis(o.OccurredAt),
		string(o.UpdateID), o.Updates, o.Revision, o.NewsRevision, o.RingRevision, string(o.VerificationID),
		millis(o.UpdatedAt), string(o.ID),
	}}
}

func scanOrderUpdate(scan func(...any) error) (*otpcore.OrderUpdate, error) {
	var u otpcore.OrderUpdate
	var occurred, received int64
	err := scan((*string)(&u.ID), (*string)(&u.OrderID), (*string)(&u.BusinessID), (*string)(&u.Status), &u.Title,
		&occurred, &received, &u.Shown)
	u.OccurredAt, u.ReceivedAt = fromMillis(occurred), fromMillis(received)
	return &u, err
}

func putOrderUpdate(u *otpcore.OrderUpdate) write {
	return write{query: insertOrderUpdate, insert: true, args: []any{
		string(u.ID), string(u.OrderID), string(u.BusinessID), string(u.Status), u.Title,
		millis(u.OccurredAt), millis(u.ReceivedAt), u.Shown,
	}}
}

// readOrder reads the case of an order by its id.
func (f *file) readOrder(id otpcore.ID, list *reads) {
	f.ofOrder = true
	want(list, scanOrder, f.setOrder, selectOrder, string(id))
	want(list, scanDelivery, f.addDelivery, deliveriesOfOrder, string(id))
	want(list, scanVerification, f.setVerification, verificationOfOrder, string(id))
	want(list, scanLink, f.addLink, linksOfOrder, string(id))
}

// readOrderNumber reads it by the business's own number, with the links of the
// phone that the update names: the order may not be there yet.
func (f *file) readOrderNumber(op *otpcore.Op, list *reads) {
	f.ofOrder = true
	business, mode := string(op.BusinessID), string(op.Mode)
	want(list, scanOrder, f.setOrder, selectOrderNumber, business, mode, op.OrderNumber)
	want(list, scanDelivery, f.addDelivery, deliveriesOfOrderNumber, business, mode, op.OrderNumber)
	want(list, scanVerification, f.setVerification, verificationOfOrderNumber, business, mode, op.OrderNumber)
	want(list, scanLink, f.addLink, linksOfPhone, business, op.Phone[:])
}

func (f *file) setOrder(o *otpcore.Order) { f.order = o }

func (f *file) setVerification(v *otpcore.Verification) { f.verification = v }

func (s *session) orderUpdates(order otpcore.ID) ([]*otpcore.OrderUpdate, error) {
	return all(s, scanOrderUpdate, updatesOfOrder, string(order))
}

// OrdersOf implements otpcore.OrderTx.
func (x tx) OrdersOf(business otpcore.ID, phone otpcore.Index, limit int) ([]otpcore.ID, error) {
	return all(&x.t.session, scanID, ordersOfPhone, phone[:], string(business), string(otpcore.Live), limit)
}
