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
	Locale     string // the person's language in this chat
	TokenHash  []byte // of a pending link's token
	CreatedAt  time.Time
	ExpiresAt  time.Time // of a pending link's token
	VerifiedAt time.Time
	EndedAt    time.Time
	EndReason  string // replaced, stopped, blocked, deleted
}

// LinkSession is what a chat is in the middle of: it pressed Start and has
// been asked for its number. There is at most one per chat.
type LinkSession struct {
	BotID      ID
	Chat       Index
	BusinessID ID
	Phone      *SealedPhone // the phone the business waits for; nil: any
	Source     ID           // the link or verification whose token opened it; empty: a bare start
	ExpiresAt  time.Time
}
