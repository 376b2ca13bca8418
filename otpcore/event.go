package otpcore

import (
	"strings"
	"time"
)

// EventType names a fact that happened, in the past tense.
type EventType string

// The events that businesses may subscribe to.
const (
	EventVerificationStarted  EventType = "verification.started"
	EventVerificationApproved EventType = "verification.approved"
	EventVerificationExpired  EventType = "verification.expired"
	EventVerificationCanceled EventType = "verification.canceled"
	EventVerificationFailed   EventType = "verification.failed"
	EventVerificationReported EventType = "verification.reported"
	EventDeliverySent         EventType = "delivery.sent"
	EventDeliveryDelivered    EventType = "delivery.delivered"
	EventDeliveryRead         EventType = "delivery.read"
	EventDeliveryFailed       EventType = "delivery.failed"
	EventLinkCreated          EventType = "link.created"
	EventLinkReplaced         EventType = "link.replaced"
	EventLinkRevoked          EventType = "link.revoked"
	EventLinkStale            EventType = "link.stale"
	EventOrderUpdated         EventType = "order.updated"
	EventBotStateChanged      EventType = "bot.state_changed"
	EventWebhookDisabled      EventType = "webhook.disabled"
	EventWebhookTest          EventType = "webhook.test" // never happened: a business asked to see one
)

// EventTypes lists every event in the order of docs/events.md.
var EventTypes = []EventType{
	EventVerificationStarted, EventVerificationApproved, EventVerificationExpired, EventVerificationCanceled,
	EventVerificationFailed, EventVerificationReported,
	EventDeliverySent, EventDeliveryDelivered, EventDeliveryRead, EventDeliveryFailed,
	EventLinkCreated, EventLinkReplaced, EventLinkRevoked, EventLinkStale,
	EventOrderUpdated, EventBotStateChanged,
	EventWebhookDisabled, EventWebhookTest,
}

// IsNote reports whether only the timeline of a verification shows the type.
func (t EventType) IsNote() bool { return strings.HasPrefix(string(t), "note.") }

// ofVerification reports whether the event is about a verification itself.
func (t EventType) ofVerification() bool { return strings.HasPrefix(string(t), "verification.") }

// The notes that only the timeline of a verification shows: they explain why
// a message went the way it went.
const (
	NoteDeliveryQueued  EventType = "note.delivery_queued"
	NoteDeliverySkipped EventType = "note.delivery_skipped"
	NoteDeliveryRetry   EventType = "note.delivery_retry"
	NoteDeliveryUnknown EventType = "note.delivery_unknown"
	NoteDeliveryWaiting EventType = "note.delivery_waiting_link"
	NoteFallbackMoved   EventType = "note.fallback_moved"
	NoteFallbackStopped EventType = "note.fallback_stopped"
	NoteCheckFailed     EventType = "note.check_failed"
	NoteMessageEdited   EventType = "note.message_edited"
	NoteLateReceipt     EventType = "note.late_receipt"
	NoteCostRefunded    EventType = "note.cost_refunded"
)

// Event is one row of a verification's timeline. It holds ids and words, never
// a phone, a code or a text that was sent.
type Event struct {
	ID             ID
	BusinessID     ID
	Mode           Mode
	Type           EventType
	VerificationID ID
	DeliveryID     ID
	At             time.Time
	Data           map[string]string // channel, cause, class, message, provider, reason, …
}
