package otpcore

import (
	"encoding/json"
	"time"
)

// BotKind is a kind of connector.
type BotKind string

// The kinds of bots.
const (
	BotTelegram        BotKind = "telegram"
	BotTelegramGateway BotKind = "telegram_gateway" // Telegram's own delivery of codes to a number
	BotWhatsAppCloud   BotKind = "whatsapp_cloud"   // a number at the WhatsApp Business Cloud API
	BotWhatsAppDevice  BotKind = "whatsapp_device"  // a phone's own WhatsApp, with us as a linked device
)

// Channel returns the channel that bots of the kind carry.
func (k BotKind) Channel() Channel {
	switch k {
	case BotWhatsAppCloud, BotWhatsAppDevice:
		return WhatsApp
	}
	return Telegram
}

// ByPhone reports whether bots of the kind reach a bare number and so need no
// link.
func (k BotKind) ByPhone() bool { return k == BotTelegramGateway || k == BotWhatsAppCloud }

// HasChats reports whether people can write to bots of the kind, and link.
func (k BotKind) HasChats() bool { return k != BotTelegramGateway }

// Quiet reports whether bots of the kind answer nobody but those who came with a
// token that is alive or hold a link: somebody uses the account for talks of
// their own.
func (k BotKind) Quiet() bool { return k == BotWhatsAppDevice }

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
	BotRestricted     BotState = "restricted"      // the chat network has closed the account, or wants to be paid
	// BotUnapproved is a bot that answers who writes to it, and reaches no bare
	// number until the chat network has approved its text.
	BotUnapproved     BotState = "waiting_for_template_approval"
	BotTextsRefused   BotState = "templates_refused" // reaches no bare number, and somebody has to see to its text
	BotLimited        BotState = "limited"           // sends nothing for a while, because people complained
	BotPairing        BotState = "pairing"           // no phone is linked yet
	BotPasskeyNeeded  BotState = "passkey_required"  // the account links no device of ours
	BotLoggedOut      BotState = "logged_out"        // the phone was unlinked, or its account closed
	BotBanned         BotState = "banned"            // by the chat network, for a while
	BotReplaced       BotState = "replaced"          // another program runs with the same keys
	BotOutdated       BotState = "outdated"          // the chat network refuses this version
	BotPhoneSilent    BotState = "phone_silent"      // works, and will be unlinked unless its phone comes online
	BotReachOutLocked BotState = "reach_out_locked"  // writes only to those who wrote first
)

// Usable reports whether a bot in this state may be handed messages. One that
// somebody else reads can still write.
func (s BotState) Usable() bool {
	switch s {
	case BotBadCredentials, BotStopped, BotRestricted, BotPairing, BotPasskeyNeeded, BotLoggedOut, BotBanned, BotReplaced, BotOutdated:
		return false
	}
	return true
}

// Worked reports whether a bot that was last heard of in this state did all that it
// is for, but for trouble that passes.
func (s BotState) Worked() bool {
	return s == BotConnected || s == BotReconnecting || s == BotLimited
}

// Bot is a registered connector with its credential.
type Bot struct {
	ID         ID
	BusinessID ID // empty for a shared bot, which is the operator's
	Kind       BotKind
	Account    string // the chat network's id of the bot, unique among live bots
	Username   string // without "@", of a WhatsApp bot the number's digits; empty for a bot that nobody can write to
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
	Token       string        // the credential that the chat network gave the owner
	Cloud       *CloudAccount // of BotWhatsAppCloud, and only there
	Takeover    bool          // cut off another service that reads the bot's input
	Idempotency *IdempotencyKey
}

// CloudAccount is a number at the WhatsApp Business Cloud API.
type CloudAccount struct {
	PhoneNumberID string       `json:"phone_number_id"`
	AccountID     string       `json:"account_id"` // of the WhatsApp Business Account
	AppSecret     string       `json:"app_secret"` // signs what Meta posts
	Button        string       `json:"button,omitempty"`
	Apps          []AndroidApp `json:"apps,omitempty"`
	Token         string       `json:"token"` // filled in from the request's
}

// AndroidApp may take a code over from a message.
type AndroidApp struct {
	Package   string `json:"package_name"`
	Signature string `json:"signature_hash"`
}

// Credential is what the connector of the bot gets, and what is sealed: the token
// alone, or with all of a Cloud account.
func (r *BotRequest) Credential() (string, error) {
	switch {
	case (r.Kind == BotWhatsAppCloud) != (r.Cloud != nil):
		return "", invalid("bot_account_invalid", "/whatsapp", "Send whatsapp with phone_number_id, business_account_id and app_secret for a bot of kind whatsapp_cloud, and for no other.")
	case r.Cloud == nil:
		return r.Token, nil
	}
	account := *r.Cloud
	account.Token = r.Token
	raw, err := json.Marshal(account)
	return string(raw), err
}
