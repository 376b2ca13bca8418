package otpcore

import "time"

// BotKind is a kind of connector.
type BotKind string

// The kinds of bots.
const (
	BotTelegram        BotKind = "telegram"
	BotTelegramGateway BotKind = "telegram_gateway" // Telegram's own delivery of codes to a number
	BotWhatsAppDevice  BotKind = "whatsapp_device"  // a phone's own WhatsApp, with us as a linked device
)

// Channel returns the channel that bots of the kind carry.
func (k BotKind) Channel() Channel { return Telegram }

// ByPhone reports whether bots of the kind reach a bare number and so need no
// link. Nobody can write to them.
func (k BotKind) ByPhone() bool { return k == BotTelegramGateway }

// BotState is how a connector is doing. Each state goes with one sentence for
// people.
type BotState string

// The states of a bot.
const (
	BotConnecting     BotState = "connecting"
	BotConnected      BotState = "connected"
	BotReconnecting   BotState = "reconnecting"    // passing trouble, tried again by itself
	BotBadCredentials BotState = "bad_credentials" // needs a new token
	BotConflict       BotState = "conflict"        // another program reads this bot's messages
	BotInUse          BotState = "in_use"          // another service has them sent to its address
	BotStopped        BotState = "stopped"         // nothing here can run it

	BotPairing        BotState = "pairing"          // no phone is linked yet
	BotLoggedOut      BotState = "logged_out"       // the phone was unlinked, or its account closed
	BotBanned         BotState = "banned"           // by the chat network, for a while
	BotReplaced       BotState = "replaced"         // another program runs with the same keys
	BotOutdated       BotState = "outdated"         // the chat network refuses this version
	BotReachOutLocked BotState = "reach_out_locked" // writes only to those who wrote first
)

// Usable reports whether a bot in this state may be handed messages. One that
// somebody else reads can still write.
func (s BotState) Usable() bool {
	switch s {
	case BotBadCredentials, BotStopped, BotPairing, BotLoggedOut, BotBanned, BotReplaced, BotOutdated:
		return false
	}
	return true
}

// Bot is a registered connector with its credential.
type Bot struct {
	ID         ID
	BusinessID ID // empty for a shared bot, which is the operator's
	Kind       BotKind
	Account    string // the chat network's id of the bot, unique among live bots
	Username   string // without "@"; empty for a bot that nobody can write to
	Name       string
	Token      []byte // sealed credential
	State      BotState
	StateText  string // one sentence: what is wrong and what to do
	StateAt    time.Time
	CreatedAt  time.Time
}

// Shared reports whether the bot is the operator's and speaks for several
// businesses.
func (b *Bot) Shared() bool { return b.BusinessID == "" }

// BotRequest asks to take a bot into service.
type BotRequest struct {
	BusinessID  ID
	Kind        BotKind
	Token       string // the credential that the chat network gave the owner
	Takeover    bool   // cut off another service that reads the bot's input
	Idempotency *IdempotencyKey
}
