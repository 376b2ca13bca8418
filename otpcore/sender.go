package otpcore

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Capabilities are what a channel can do with a message.
type Capabilities struct {
	CanEdit   bool // a sent message can get another text
	CanButton bool // buttons come back to us when pressed
	FreeText  bool // any text may be sent, not approved templates only
	Receipts  bool // the provider tells of delivery later

	// CanRevoke tells that a sent message can be taken back, as long as nobody
	// has read it. Where CanEdit is not set, Edit does that and nothing else.
	CanRevoke bool
	// CodeDigits is the longest code of the only codes that can be carried,
	// which are of digits; zero: any code.
	CodeDigits int
	// ReplyWindow is how long after a person's last message a chat takes texts of
	// ours; zero: any time.
	ReplyWindow time.Duration
	// ApprovedNews tells that news of an order goes into a chat whose window is
	// closed, for money, in a text that the network has approved.
	ApprovedNews bool
}

// Outgoing is one message on its way to one recipient.
type Outgoing struct {
	DeliveryID ID // goes out as client reference where the provider takes one
	BusinessID ID
	BotID      ID
	Chat       string // the chat's address, for chat channels
	Phone      Phone  // for channels that reach phones
	Message    Message
	Locale     string
	// OpenUntil is, for news of an order, until when the chat takes any text; after
	// it the news has to go in one that the network has approved. Zero: any time.
	OpenUntil time.Time
	// Useful is how long the message with a code is of use: until the next
	// channel takes over, or the code ends. Zero: nobody knows.
	Useful  time.Duration
	Refused []string // providers not to ask again
}

// Accepted is a provider's word that it took a message.
type Accepted struct {
	Provider  string
	MessageID string // empty when the answer could not be read
	Cost      Cost
}

// Sender passes one message on. Implementations are safe for concurrent use,
// honour ctx, never retry by themselves (the domain owns the clock) and return
// a *SendError for every failure. Neither the error nor any log may hold the
// text, the code, a credential or the full phone.
type Sender interface {
	Capabilities() Capabilities
	// Send passes the message on and returns when the provider took or
	// refused it.
	Send(ctx context.Context, o Outgoing) (Accepted, error)
	// Edit replaces the text and the buttons of a message sent before, or takes
	// it back where the sender can do no more. Senders without CanEdit and
	// CanRevoke return an error of class unsupported.
	Edit(ctx context.Context, messageID string, o Outgoing) error
}

// Confirmer is a Sender whose provider wants to hear that the reader typed the
// right code, for its statistics. Nothing depends on it.
type Confirmer interface {
	Confirm(ctx context.Context, messageID string, code Code) error
}

// ErrorClass is what a provider said, in words shared by all channels.
type ErrorClass string

// The classes of send errors.
const (
	ClassProviderDown     ErrorClass = "provider_down"   // failing or unreachable
	ClassThrottled        ErrorClass = "throttled"       // the provider's rate limit
	ClassNoFunds          ErrorClass = "no_funds"        // our balance there is empty
	ClassAuth             ErrorClass = "auth"            // our credential was refused
	ClassNoRoute          ErrorClass = "no_route"        // no road to this destination
	ClassBadNumber        ErrorClass = "bad_number"      // no such number
	ClassLandline         ErrorClass = "landline"        // cannot take SMS
	ClassBlocked          ErrorClass = "blocked_by_user" // the recipient blocked or left
	ClassUnreachable      ErrorClass = "unreachable"     // handset absent
	ClassNotOnChannel     ErrorClass = "not_on_channel"  // the number has no account at the chat network
	ClassDuplicate        ErrorClass = "duplicate"       // the provider saw this message before
	ClassContentRejected  ErrorClass = "content_rejected"
	ClassSenderNotAllowed ErrorClass = "sender_not_allowed"
	ClassTemplateMissing  ErrorClass = "template_missing"
	ClassUnsupported      ErrorClass = "unsupported" // the channel cannot do this at all
	ClassAmbiguous        ErrorClass = "ambiguous"   // no answer was read: it may have been sent
	ClassUnknown          ErrorClass = "unknown"     // a refusal that nobody mapped
)

// SendError is a send that was not accepted.
type SendError struct {
	Class      ErrorClass
	RetryAfter time.Duration // the provider's wish with ClassThrottled; zero: none
	OfChat     bool          // with ClassThrottled: the wish is about this recipient alone
	Provider   string        // who said it
	Elsewhere  bool          // another provider of the channel can take it at once
	Message    string        // one sentence that may be shown; no raw provider text
	Err        error         // cause for the log, redacted
}

// Error returns the class, the sentence and the cause.
func (e *SendError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Class, strings.TrimSuffix(e.Message, "."), e.Err)
	}
	return fmt.Sprintf("%s: %s", e.Class, e.Message)
}

// Unwrap returns the cause.
func (e *SendError) Unwrap() error { return e.Err }

// Temporary reports whether the same provider may take the same message later.
func (e *SendError) Temporary() bool {
	return e.Class == ClassProviderDown || e.Class == ClassThrottled
}

// EndsLink reports whether the chat is gone until the person comes back.
func (e *SendError) EndsLink() bool { return e.Class == ClassBlocked }

// Receipt is a provider's later word on a message.
type Receipt struct {
	Provider  string
	MessageID string         // the provider's id
	Reference ID             // our delivery id, where the provider echoes it
	BotID     ID             // the bot that it is about, whose owner alone vouches for it; empty: the operator does
	Status    DeliveryStatus // Sent, Delivered, Read or FailedDlv; empty: only the cost is news
	Class     ErrorClass     // with FailedDlv
	At        time.Time      // zero: now
	Cost      Cost
}
