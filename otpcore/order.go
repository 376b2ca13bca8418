package otpcore

import (
	"slices"
	"time"
)

// OrderStatus is where an order stands, in the business's words. Besides the
// ones below a business may use statuses of its own, each with a title.
type OrderStatus string

// The statuses that have texts in every language.
const (
	OrderPlaced         OrderStatus = "placed"
	OrderConfirmed      OrderStatus = "confirmed"
	OrderPaid           OrderStatus = "paid"
	OrderPacked         OrderStatus = "packed"
	OrderShipped        OrderStatus = "shipped"
	OrderOutForDelivery OrderStatus = "out_for_delivery"
	OrderReadyForPickup OrderStatus = "ready_for_pickup"
	OrderDelivered      OrderStatus = "delivered"
	OrderCanceled       OrderStatus = "canceled"
	OrderRefunded       OrderStatus = "refunded"
)

// OrderStatuses lists them in the order in which an order goes through them.
var OrderStatuses = []OrderStatus{
	OrderPlaced, OrderConfirmed, OrderPaid, OrderPacked, OrderShipped, OrderOutForDelivery, OrderReadyForPickup,
	OrderDelivered, OrderCanceled, OrderRefunded,
}

// Rings reports whether the status is worth a new message, which makes a
// sound: somebody has to open a door or to go somewhere, or waits for something
// that will not come or has come. Everything else changes the message that is
// there.
func (s OrderStatus) Rings() bool {
	switch s {
	case OrderOutForDelivery, OrderReadyForPickup, OrderDelivered, OrderCanceled, OrderRefunded:
		return true
	}
	return false
}

// final reports whether nothing is left to hand over.
func (s OrderStatus) final() bool {
	return s == OrderDelivered || s == OrderCanceled || s == OrderRefunded
}

func (s OrderStatus) known() bool { return slices.Contains(OrderStatuses, s) }

// Order is what a business last said of an order, and how far the customer's
// chat has followed.
type Order struct {
	ID         ID
	BusinessID ID
	Mode       Mode
	Number     string // the business's own, unique within business and mode
	Phone      SealedPhone
	Status     OrderStatus
	News       OrderNews
	OccurredAt time.Time // of the update that is in force
	UpdateID   ID        // that update
	Updates    int       // how many there were

	// Revision grows with everything that changes the message, so that it can be
	// told whether a chat is up to date. NewsRevision is that of the last update
	// in force, RingRevision that of the last one that asked for a new message.
	Revision, NewsRevision, RingRevision int64

	VerificationID ID // the hand-over code that was issued last; empty: none
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// OrderNews is what the message of an order shows, and by which rules. What an
// update leaves out of the first group stays as it was.
type OrderNews struct {
	Items       []OrderItem `json:"items,omitempty"`
	Total       *Money      `json:"total,omitempty"`
	TrackingURL string      `json:"tracking_url,omitempty"`
	Locale      string      `json:"locale,omitempty"`

	Title       string                `json:"title,omitempty"` // of a status of the business's own
	Template    string                `json:"template,omitempty"`
	WordsIn     string                `json:"words_in,omitempty"` // locale that the update asks for, out of those
	Words       map[string]OrderWords `json:"words,omitempty"`    // of the template, by locale
	Channels    []Channel             `json:"channels,omitempty"`
	SMSFallback bool                  `json:"sms_fallback,omitempty"` // where no chat takes it, an SMS does
	Paid        bool                  `json:"paid,omitempty"`         // the phone's country is on the business's list
	LinkProof   Proof                 `json:"link_proof,omitempty"`
	LinkMaxAge  time.Duration         `json:"link_max_age,omitempty"`
	Quiet       QuietHours            `json:"quiet,omitzero"`
}

// over puts what an update says over what is known; locale is for an order that
// has none.
func (n OrderNews) over(known OrderNews, locale string) OrderNews {
	if n.Items == nil {
		n.Items = known.Items
	}
	if n.Total == nil {
		n.Total = known.Total
	}
	n.TrackingURL = or(n.TrackingURL, known.TrackingURL)
	n.Locale = or(n.Locale, or(known.Locale, locale))
	return n
}

// OrderItem is one line of an order.
type OrderItem struct {
	Name     string `json:"name"`
	Quantity int    `json:"quantity,omitempty"` // zero: not told
	Price    *Money `json:"price,omitempty"`    // of the whole line
}

// OrderUpdate is one row of an order's history.
type OrderUpdate struct {
	ID         ID
	OrderID    ID
	BusinessID ID
	Status     OrderStatus
	Title      string
	OccurredAt time.Time
	ReceivedAt time.Time
	Shown      bool // it was the newest when it came
}

// OrderOutcome is how far an order's chat has come.
type OrderOutcome string

// The outcomes.
const (
	OutcomeSending   OrderOutcome = "sending"   // on its way
	OutcomeQueued    OrderOutcome = "queued"    // goes when the message before it has left
	OutcomeHeld      OrderOutcome = "held"      // waits for the end of quiet hours, or for /unmute
	OutcomeNoLink    OrderOutcome = "no_link"   // the phone has no chat; a link that comes later gets it
	OutcomeOutdated  OrderOutcome = "outdated"  // older than what is in force: only the history has it
	OutcomeUnchanged OrderOutcome = "unchanged" // says what was said before
	OutcomeSent      OrderOutcome = "sent"      // the chat shows it
	OutcomeFailed    OrderOutcome = "failed"    // every way refused it
)

func orderPhonePlace(o *Order) Place {
	return Place{Table: "orders", Column: "phone", Row: o.ID, Business: o.BusinessID}
}

// orderLists is how many orders of a phone are brought into a chat that was
// linked, or that wants to hear of them again.
const orderLists = 5

// orderLooks is among how many of them those are looked for: regular customers have
// many that are over, and one that came before these may still be under way.
const orderLooks = 30

// stillNews reports whether somebody who comes to the chat now wants to see the
// order.
func (o *Order) stillNews(now time.Time) bool {
	return !o.Status.final() || now.Sub(o.UpdatedAt) < day
}
