package storage

import (
	"time"

	"otpravka/otpcore"
)

// What was said of an order, and to whom, is kept for as long as other persons
// are, counted from the last word on it. Orders do not ripen in the order of
// their making, so their table is walked round and round.
const (
	heldOrders = `SELECT id, updated_at <= $2 AND phone_sealed IS NOT NULL OR updated_at <= $3 OR phone_sealed IS NULL AND ` + tellsOf + `
		FROM orders WHERE id > $1 ORDER BY id LIMIT $4`
	// A message that was on its way when its person was erased says where it went
	// once it has arrived.
	tellsOf = `EXISTS (SELECT 1 FROM deliveries d WHERE d.order_ref = orders.id AND d.due_at IS NULL
		AND (d.target IS NOT NULL OR d.message_id IS NOT NULL OR d.link_id <> ''))`
	eraseOrder = `UPDATE orders SET phone_index = NULL, phone_sealed = NULL, news = '{}' WHERE id = $1`
	eraseTitle = `UPDATE order_updates SET title = '' WHERE order_ref = $1`
	eraseSent  = `UPDATE deliveries SET ` + noMessage + ` WHERE order_ref = $1 AND due_at IS NULL`
	countSent  = `SELECT COUNT(*) FROM deliveries WHERE order_ref = $1`
	orderAge   = `SELECT updated_at, phone_sealed IS NULL FROM orders WHERE id = $1`

	deleteOrder        = `DELETE FROM orders WHERE id = $1`
	deleteOrderUpdates = `DELETE FROM order_updates WHERE order_ref = $1`
)

// ordersAtOnce are few, because each has several updates and messages.
const ordersAtOnce = 20

func readOrders(s *session, from string, now time.Time) ([]ripening, error) {
	return all(s, scanRipening, heldOrders, from, millis(now.Add(-personKept)), millis(now.Add(-rowsKept)), ordersAtOnce)
}

type ageOfOrder struct {
	updated int64
	erased  bool // there is no person in it any more
}

func scanOrderAge(scan func(...any) error) (a ageOfOrder, err error) {
	err = scan(&a.updated, &a.erased)
	return a, err
}

// takeOrders looks at each order again: there may be news of it since.
func takeOrders(t *transaction, p page) (int64, string, error) {
	var n int64
	for _, id := range p.full() {
		age, err := one(&t.session, scanOrderAge, orderAge, id)
		if err != nil {
			return 0, "", err
		}
		switch at := fromMillis(age.updated); {
		case !at.After(p.now.Add(-rowsKept)):
			if _, err = t.exec(deleteOrderUpdates, id); err == nil {
				_, err = t.exec(deleteOrder, id)
			}
		case age.erased, !at.After(p.now.Add(-personKept)):
			err = t.eraseOrder(id)
		default:
			continue
		}
		if err != nil {
			return 0, "", err
		}
		n++
	}
	return n, p.last(), nil
}

// eraseOrder leaves what says nothing of the person: number, status and times.
// A message that is under way keeps its address for as long as any other does.
func (t *transaction) eraseOrder(id string) error {
	for _, query := range []string{eraseOrder, eraseTitle, eraseSent} {
		if _, err := t.exec(query, id); err != nil {
			return err
		}
	}
	return nil
}

// OrderTraces implements otpcore.OrderTx.
func (x tx) OrderTraces(q otpcore.PhoneQuery) ([]otpcore.ID, error) {
	return all(&x.t.session, scanID, ordersOfPhone, q.Phone[:], string(q.BusinessID), string(q.Mode), q.Limit)
}

// EraseOrder implements otpcore.OrderTx.
func (x tx) EraseOrder(id otpcore.ID) (int, error) {
	if err := x.t.eraseOrder(string(id)); err != nil {
		return 0, err
	}
	n, err := value[int64](&x.t.session, countSent, string(id))
	return int(n), err
}
