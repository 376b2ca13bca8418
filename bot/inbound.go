package bot

import (
	"fmt"
	"log/slog"
	"time"

	"otpravka/otpcore"
)

// InboundKind says what a person did in a chat.
type InboundKind string

// The kinds of input.
const (
	Start          InboundKind = "start"           // opened the bot, perhaps through a link
	Contact        InboundKind = "contact"         // shared the own number, by the network's rules
	RefusedContact InboundKind = "refused_contact" // shared a number that proves nothing
	Text           InboundKind = "text"            // wrote anything else
	Command        InboundKind = "command"         // wrote "/name"
	Press          InboundKind = "press"           // pressed a button under a message
	Blocked        InboundKind = "blocked"         // blocked the bot
	Unblocked      InboundKind = "unblocked"
	Moved          InboundKind = "moved" // another person or phone may hold the account now
)

// Inbound is one update of a chat network that means something to us. A
// connector hands it in only for a private chat with one person.
type Inbound struct {
	BotID  otpcore.ID
	Update int64  // the network's number of the update; handled once
	Posted bool   // came without being asked for, and perhaps before an earlier one: it moves no offset
	Chat   string // the chat's address
	Locale string // the person's language as the network tells it, may be empty
	Kind   InboundKind
	At     time.Time // when the person did it, in whole seconds; zero: the network does not say

	Payload string         // with Start: what the link carried
	Number  string         // with Contact: "+" and digits, proven to be the sender's own; of WhatsApp with everything, where it is known
	Why     string         // with RefusedContact: the broken rule, for the log
	Text    string         // with Text
	Command string         // with Command: the name without "/", in lower case
	Action  otpcore.Action // with Press; without an id it is about the message below, or the newest code
	About   string         // with Press: the network's id of the message that is answered, where it tells
}

// writes reports whether the person wrote into the chat, which takes a bot that
// is not blocked. /stop does not count: what it takes away must not come back
// first. A press has no date and may be on its way for long.
func (in Inbound) writes() bool {
	switch in.Kind {
	case Start, Contact, RefusedContact, Text:
		return true
	case Command:
		return !in.stops()
	}
	return false
}

func (in Inbound) stops() bool { return in.Command == "stop" || in.Command == "unlink" }

// LogValue names the update and leaves out what the person wrote.
func (in Inbound) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("bot_id", string(in.BotID)), slog.Int64("update", in.Update),
		slog.String("kind", string(in.Kind)), slog.String("why", in.Why),
	)
}

// Format prints what LogValue shows, under every verb: texts and numbers must
// not slip into an error.
func (in Inbound) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "%s of %s, update %d", in.Kind, in.BotID, in.Update)
}
