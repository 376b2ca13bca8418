package storage

import (
	"cmp"
	"errors"
	"time"

	"otpravka/otpcore"
)

var (
	errStaleVerification = errors.New("verification has ended already")
	errNoOnce            = errors.New("case remembers a result without an idempotency key")
)

// changes adds the statements for what a decision did to the list, and only that.
func changes(list []write, c *otpcore.Case, ch *otpcore.Changes, once *otpcore.Once) ([]write, error) {
	switch {
	case ch.NewOrder != nil:
		list = append(list, putOrder(ch.NewOrder))
	case ch.Order != nil:
		list = append(list, changeOrder(ch.Order))
	}
	if ch.OrderUpdate != nil {
		list = append(list, putOrderUpdate(ch.OrderUpdate))
	}
	if ch.NewVerification != nil {
		list = append(list, putVerification(ch.NewVerification))
	}
	if ch.Verification != nil {
		list = append(list, changeVerification(ch.Verification))
	}
	for _, d := range ch.NewDeliveries {
		list = append(list, putDelivery(d))
	}
	for _, d := range ch.Aside {
		list = append(list, putDelivery(d))
	}
	for _, d := range ch.Deliveries {
		list = append(list, changeDelivery(d))
	}
	for _, l := range ch.Links {
		list = append(list, putLink(l))
	}
	if ch.Standing != nil {
		list = append(list, putStanding(ch.Standing))
	}
	for i := range ch.Events {
		list = append(list, putEvent(&ch.Events[i]))
	}
	switch {
	case ch.Remember == nil:
	case once == nil:
		return list, errNoOnce
	default:
		list = append(list, putOnce(c.BusinessID, c.Mode, once, ch.Remember, c.Now))
	}
	return list, nil
}

// after is the file as the changes leave it. What a decision changed in its
// case without saying so is not in it, as it is not in the rows.
func (f *file) after(ch *otpcore.Changes) *file {
	next := *f
	if f.ofOrder {
		// Nothing of an order is remembered, but what others remember of its code
		// and of its phone may be older now.
		next.stale = append(next.stale, f.verification, ch.NewVerification, ch.Verification)
		next.staleLinks = ch.Links
		return &next
	}
	if v := cmp.Or(ch.NewVerification, ch.Verification); v != nil {
		next.verification = storedVerification(v)
	}
	for _, d := range ch.Deliveries {
		next.deliveries = replaced(next.deliveries, storedDelivery(d), deliveryID)
	}
	for _, d := range ch.NewDeliveries {
		next.deliveries = inserted(next.deliveries[:len(next.deliveries):len(next.deliveries)], storedDelivery(d), deliveryID)
	}
	for _, l := range ch.Links {
		next.links = replaced(next.links, storedLink(l), linkID)
	}
	if ch.Standing != nil {
		next.standing = storedStanding(ch.Standing)
	}
	return &next
}

// replaced returns the list with v in place of the value with its id.
func replaced[T any](list []*T, v *T, id func(*T) otpcore.ID) []*T {
	next := make([]*T, len(list))
	for i, old := range list {
		if next[i] = old; id(old) == id(v) {
			next[i] = v
		}
	}
	return next
}

// stored returns a time as it comes back from its column.
func stored(t time.Time) time.Time { return fromMillis(millis(t)) }
