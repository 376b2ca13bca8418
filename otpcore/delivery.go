package otpcore

import "time"

// DeliveryKind says what a delivery carries.
type DeliveryKind string

// The kinds of deliveries.
const (
	DeliverCode  DeliveryKind = "code"  // the message with the code
	DeliverEdit  DeliveryKind = "edit"  // a new text for a message sent before
	DeliverReply DeliveryKind = "reply" // a bot's answer in the linking conversation
	// DeliverRenewal offers to share the number again, since the link that the
	// code has just used will soon be too old.
	DeliverRenewal DeliveryKind = "renewal"
	DeliverOrder   DeliveryKind = "order" // news of an order, rendered when they leave
)

// DeliveryStatus is how far a delivery came. Receipts only move it forward.
type DeliveryStatus string

// The states of a delivery.
const (
	WaitingLink DeliveryStatus = "waiting_link" // held until somebody links the phone
	Queued      DeliveryStatus = "queued"       // to be sent at DueAt
	Sending     DeliveryStatus = "sending"      // leased by a process until DueAt
	Unknown     DeliveryStatus = "unknown"      // may or may not have left; not repeated any more
	Sent        DeliveryStatus = "sent"         // accepted by the provider
	Delivered   DeliveryStatus = "delivered"
	Read        DeliveryStatus = "read"
	FailedDlv   DeliveryStatus = "failed"
	Skipped     DeliveryStatus = "skipped" // overtaken before it left
)

// Live reports whether the delivery has carried the code or still may.
func (s DeliveryStatus) Live() bool { return s != FailedDlv && s != Skipped }

// Arrived reports whether the provider took the message.
func (s DeliveryStatus) Arrived() bool { return s == Sent || s == Delivered || s == Read }

// rank orders the states that receipts may report.
func (s DeliveryStatus) rank() int {
	switch s {
	case Sent:
		return 1
	case Delivered:
		return 2
	case Read:
		return 3
	}
	return 0
}

// Cause says why a delivery exists, for the timeline.
type Cause string

// The causes of deliveries.
const (
	CauseStart         Cause = "start"
	CauseUndeliverable Cause = "undeliverable" // the channel before it failed
	CauseTimeout       Cause = "timeout"       // unconfirmed at fallback_at
	CauseNoLink        Cause = "no_link"       // the chat channel has no usable link
	CauseResend        Cause = "resend"
	CauseLinked        Cause = "linked" // the phone was linked while the code lived
	CauseEnd           Cause = "end"    // the message must not keep its code readable
	CauseRenewal       Cause = "renewal"
	CauseNews          Cause = "news" // of an order
)

// Wanted is the text that an edit puts in place of a message.
type Wanted string

// The texts of edits.
const (
	WantUsed     Wanted = "used"
	WantExpired  Wanted = "expired"
	WantCanceled Wanted = "canceled"
	WantReported Wanted = "reported"
	WantAlsoSMS  Wanted = "also_sms" // the code stays, a note says that an SMS is on its way

	// WantHeld is no text: it marks news of an order that came in quiet hours and
	// have not left since.
	WantHeld Wanted = "held"
	// WantCode is none either: it marks news of an order that left with the
	// hand-over code, which has to be taken out again.
	WantCode Wanted = "code"
)

// DeliveryError is what went wrong, in a form that may be shown.
type DeliveryError struct {
	Class   ErrorClass
	Message string // one sentence of ours, never the provider's raw text
}

// Delivery is one message on one channel.
type Delivery struct {
	ID             ID
	BusinessID     ID
	VerificationID ID // empty for replies
	Mode           Mode
	Kind           DeliveryKind
	Channel        Channel
	BotID          ID // the connector, for chat channels
	LinkID         ID
	Target         []byte // sealed chat address, with the language chosen there; nil for phones
	Content        []byte // sealed Message of a reply; nil where the text is rendered on sending
	Edits          ID     // the delivery whose message an edit changes
	Order          ID     // the order that it tells of; empty: of none
	Revision       int64  // of the order, as of its last try
	Wanted         Wanted
	Cause          Cause

	Status    DeliveryStatus
	Try       int      // calls to providers so far, the one in hand included
	Repeated  bool     // an unknown result has used its one repeat
	Refused   []string // providers that refused and must not be asked again
	Provider  string   // the carrier that took it, or was asked last
	MessageID string   // the provider's id; empty: unknown, cannot be edited
	Error     *DeliveryError
	Cost      Cost

	BootID      ID        // owner while sending
	DueAt       time.Time // queued: when to send; sending: when the lease ends; else zero
	QueuedAt    time.Time
	SentAt      time.Time
	DeliveredAt time.Time
	ReadAt      time.Time
	FailedAt    time.Time
}
