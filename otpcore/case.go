package otpcore

import (
	"encoding/json"
	"slices"
	"time"
)

// Case is all that one decision may look at: a verification with its
// deliveries, the links and the standing of its phone. A storage loads it
// inside a transaction, hands it to the decision, and writes what the decision
// changed; nothing else writes to a verification.
//
// A case with neither verification nor phone holds one reply of a bot.
type Case struct {
	Now        time.Time // the storage's clock at the start of the transaction
	Epoch      int64     // the recovery epoch in force
	Boot       ID        // this process; owner of the leases it hands out
	Mode       Mode
	BusinessID ID

	Order        *Order        // of news of an order, whose hand-over code is then the verification
	Verification *Verification // nil until a start makes one
	Deliveries   []*Delivery   // oldest first
	Links        []*Link       // of the phone at the business, whatever their status
	Standing     *Standing     // of the phone at the business
	Everywhere   *Standing     // of the phone at all businesses; starts only
	Begun        []Begun       // the phone's live starts of at least the last 24 h at all businesses; starts only
	Remembered   *Remembered   // what the op's idempotency key has answered before

	changed changeSet
	keyGone bool // the code cannot be made: its key is not in the ring
}

// Remembered is the stored outcome of an earlier request with the same
// idempotency key.
type Remembered struct {
	Fingerprint [32]byte
	Result      json.RawMessage // never holds a secret
}

// Changes is what a decision did to a case. Storage writes all of it or
// nothing.
type Changes struct {
	NewOrder        *Order        // to insert
	Order           *Order        // to update
	OrderUpdate     *OrderUpdate  // to insert
	NewVerification *Verification // to insert
	Verification    *Verification // to update
	NewDeliveries   []*Delivery
	Deliveries      []*Delivery
	Aside           []*Delivery // to insert, of another case
	Links           []*Link     // to update
	Standing        *Standing
	Events          []Event
	Remember        *Remembered // under the op's idempotency key
}

type changeSet struct {
	order, newOrder      bool
	orderUpdate          *OrderUpdate
	former               *Verification // the hand-over code that a new one replaces
	aside                []*Delivery
	verification, insert bool
	standing             bool
	newDeliveries        []*Delivery
	deliveries           []*Delivery
	leased               []*Delivery
	links                []*Link
	events               []Event
	remember             *Remembered
}

// Changes returns what the decision did, in the order to write it.
func (c *Case) Changes() Changes {
	ch := Changes{
		Events: c.changed.events, Remember: c.changed.remember, NewDeliveries: c.changed.newDeliveries,
		Aside: c.changed.aside, OrderUpdate: c.changed.orderUpdate,
	}
	switch {
	case c.changed.newOrder:
		ch.NewOrder = c.Order
	case c.changed.order:
		ch.Order = c.Order
	}
	switch {
	case c.changed.insert:
		ch.NewVerification, ch.Verification = c.Verification, c.changed.former
	case c.changed.verification:
		ch.Verification = c.Verification
	}
	for _, d := range c.Deliveries {
		if slices.Contains(c.changed.deliveries, d) {
			ch.Deliveries = append(ch.Deliveries, d)
		}
	}
	for _, l := range c.Links {
		if slices.Contains(c.changed.links, l) {
			ch.Links = append(ch.Links, l)
		}
	}
	if c.changed.standing {
		ch.Standing = c.Standing
	}
	return ch
}

// Leased lists the deliveries that the decision put into this process's hands.
// Once they are committed, the dispatcher gets them without another query. One that
// was in its hands before is not among them, whatever else became of it: it would be
// sent twice.
func (c *Case) Leased() []*Delivery {
	var leased []*Delivery
	for _, d := range c.Deliveries {
		if d.Status == Sending && d.BootID == c.Boot && (slices.Contains(c.changed.leased, d) || c.isNew(d)) {
			leased = append(leased, d)
		}
	}
	return leased
}

// Remember stores result as the answer to the op's idempotency key. It must
// not hold a secret: a repeated request makes its answer from it anew.
func (c *Case) Remember(fingerprint [32]byte, result any) error {
	raw, err := json.Marshal(result)
	if err != nil {
		return err
	}
	c.changed.remember = &Remembered{Fingerprint: fingerprint, Result: raw}
	return nil
}

// AddReply makes the case that of a reply which was just stored, so that the
// storage can tell of it like of any other case.
func (c *Case) AddReply(d *Delivery) { c.insertDelivery(d) }

// AddEvent makes the case that of an event which belongs to no verification and
// was just stored, so that the storage can tell of it like of any other case.
func (c *Case) AddEvent(e Event) { c.changed.events = append(c.changed.events, e) }

// happened reports whether the decision made an event that businesses hear of.
func (c *Case) happened() bool {
	for i := range c.changed.events {
		if !c.changed.events[i].Type.IsNote() {
			return true
		}
	}
	return false
}

// over reports whether the verification has ended or is past its time. A row
// of an older recovery epoch came out of a backup: it is dead whatever it says.
func (c *Case) over() bool {
	v := c.Verification
	return v.Status.Terminal() || v.Epoch != c.Epoch || !c.Now.Before(v.ExpiresAt)
}

// Delivery returns the delivery with the id, or nil.
func (c *Case) Delivery(id ID) *Delivery {
	for _, d := range c.Deliveries {
		if d.ID == id {
			return d
		}
	}
	return nil
}

// Link returns the link of the case with the id, or nil.
func (c *Case) Link(id ID) *Link {
	for _, l := range c.Links {
		if l.ID == id {
			return l
		}
	}
	return nil
}

func (c *Case) isNew(d *Delivery) bool { return slices.Contains(c.changed.newDeliveries, d) }

func (c *Case) insertVerification(v *Verification) {
	c.Verification, c.changed.insert = v, true
}

func (c *Case) touchOrder() { c.changed.order = true }

func (c *Case) touchVerification() { c.changed.verification = true }

func (c *Case) insertDelivery(d *Delivery) {
	c.Deliveries = append(c.Deliveries, d)
	c.changed.newDeliveries = append(c.changed.newDeliveries, d)
}

func (c *Case) touchDelivery(d *Delivery) {
	if !c.isNew(d) && !slices.Contains(c.changed.deliveries, d) {
		c.changed.deliveries = append(c.changed.deliveries, d)
	}
}

func (c *Case) touchLink(l *Link) {
	if !slices.Contains(c.changed.links, l) {
		c.changed.links = append(c.changed.links, l)
	}
}

// note adds a row to the verification's timeline; replies and orders have none,
// but businesses hear of what happens to an order's messages. Pairs are
// keys and values of its data; empty values are left out.
func (c *Case) note(t EventType, d *Delivery, pairs ...string) {
	if c.Verification == nil && c.Order == nil || c.Order != nil && t.IsNote() {
		return
	}
	e := Event{
		ID: NewID(PrefixEvent, c.Now), BusinessID: c.BusinessID, Mode: c.Mode, Type: t, At: c.Now,
		Data: make(map[string]string, len(pairs)/2+1),
	}
	if c.Order == nil || t.ofVerification() {
		e.VerificationID = c.Verification.ID
	} else {
		e.Data["order_id"] = c.Order.Number
	}
	if d != nil {
		e.DeliveryID = d.ID
		e.Data["channel"] = string(d.Channel)
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			e.Data[pairs[i]] = pairs[i+1]
		}
	}
	c.changed.events = append(c.changed.events, e)
}
