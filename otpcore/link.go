package otpcore

import "time"

// Proof is how sure we are that the person in a chat holds the phone.
type Proof string

// The proofs, weakest first.
const (
	ProofContact Proof = "contact" // the messenger's word; the number may have been recycled since
	ProofSMS     Proof = "sms"     // a code sent by SMS to the phone was approved
)

// Satisfies reports whether p is at least as strong as need.
func (p Proof) Satisfies(need Proof) bool { return need != ProofSMS || p == ProofSMS }

// LinkStatus is where a link stands.
type LinkStatus string

// The states of a link.
const (
	LinkPending  LinkStatus = "pending"  // asked for, no chat yet
	LinkActive   LinkStatus = "active"   // carries codes
	LinkInactive LinkStatus = "inactive" // the chat blocked or stopped the bot; comes back with it
	LinkRevoked  LinkStatus = "revoked"  // replaced or withdrawn, for good
	LinkExpired  LinkStatus = "expired"  // asked for and never used
)

// Chat is a conversation of one bot with one person, as the connector names
// it. The index finds it, the sealed value addresses it.
type Chat struct {
	Index  Index
	Sealed []byte
}

// Link ties a phone to a chat, for one business and one bot.
type Link struct {
	ID         ID
	BusinessID ID
	BotID      ID
	Channel    Channel
	Phone      SealedPhone // zero Index while pending without a given phone
	Chat       Chat        // zero while pending
	Proof      Proof
	Status     LinkStatus
	Locale     string // the person's language in this chat, as the network tells it
	Language   string // the one that the person chose there; empty: none
	TokenHash  []byte // of a pending link's token
	CreatedAt  time.Time
	ExpiresAt  time.Time // of a pending link's token
	VerifiedAt time.Time
	EndedAt    time.Time
	EndReason  string // replaced, stopped, blocked, deleted

	ReturnURL string    // of a requested link: where the person goes back to; may be empty
	OfferedAt time.Time // when its chat was last offered to renew it; zero: never
	Muted     bool      // its person wants no new messages about orders
	ActedAt   time.Time // last sign of its person in the chat, by the network's clock in whole seconds
}

// held reports whether the link ties its chat, whether or not the chat can be
// reached right now.
func (l *Link) held() bool { return l.Status == LinkActive || l.Status == LinkInactive }

// sinceThen reports whether the chat was heard of after the time. Notices of
// blocking travel apart from messages and overtake each other; an older one
// says nothing about now. A time that the network does not tell is now.
func (l *Link) sinceThen(at time.Time) bool { return !at.IsZero() && at.Before(l.ActedAt) }

// spoken is the language for texts to the link's chat.
func (l *Link) spoken() string { return or(l.Language, l.Locale) }

// LinkSession is what a chat is in the middle of: it pressed Start and has
// been asked for its number. There is at most one per chat.
type LinkSession struct {
	BotID      ID
	Chat       Index
	BusinessID ID           // empty: a shared bot was not told yet which
	Phone      *SealedPhone // the phone the business waits for; nil: any
	Source     ID           // the link or verification whose token opened it; empty: a bare start
	Language   string       // the one that the person chose; empty: none
	ExpiresAt  time.Time
}
