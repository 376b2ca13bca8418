package otpcore

import "time"

// Mode separates real traffic from trials. Every row has one, and an API key
// sees only its own.
type Mode string

// The modes.
const (
	Live Mode = "live"
	Test Mode = "test"
)

// Channel is what an API caller names as the road of a code.
type Channel string

// The channels.
const (
	Telegram Channel = "telegram"
	WhatsApp Channel = "whatsapp"
	SMS      Channel = "sms"
)

// Channels lists every channel in the default order of a route.
var Channels = []Channel{Telegram, WhatsApp, SMS}

// IsChat reports whether the channel writes into a chat that a person linked.
func (c Channel) IsChat() bool { return c == Telegram || c == WhatsApp }

// Paid reports whether each message costs the business money, so that its
// country list and the budgets apply.
func (c Channel) Paid() bool { return c == SMS }

// Business is one customer of this installation.
type Business struct {
	ID        ID
	Name      string // shown to end users as the brand
	Settings  Settings
	CreatedAt time.Time
}

// WhenUnlinked says what a start does with a chat channel when the phone has
// no usable link.
type WhenUnlinked string

// The ways to treat an unlinked phone.
const (
	SMSNow WhenUnlinked = "sms_now" // skip the chat, send by SMS at once
	Wait   WhenUnlinked = "wait"    // hold the code for a link until fallback_at
)

// known accepts the choice left open, too.
func (w WhenUnlinked) known() bool { return w == "" || w == SMSNow || w == Wait }

// FallbackOn says what stops the fallback clock.
type FallbackOn string

// The fallback triggers.
const (
	Unconfirmed FallbackOn = "unconfirmed" // only the end of the verification
	Undelivered FallbackOn = "undelivered" // a receipt; acceptance where the channel has none
)

// known accepts the choice left open, too.
func (f FallbackOn) known() bool { return f == "" || f == Unconfirmed || f == Undelivered }

// Settings are what a business may change about its own verifications. A
// verification copies what it needs when it starts: later changes never touch
// a live one. The zero value of a field means the installation's default.
type Settings struct {
	Countries      []string      // ISO 3166 codes that paid channels may reach
	DefaultCountry string        // reads national numbers
	Locale         string        // BCP 47 tag of texts, for example "ru"
	TimeZone       string        // IANA name, for dates in texts
	Currency       string        // ISO 4217 code, for amounts without one
	Route          []Channel     // default order of channels
	WhenUnlinked   WhenUnlinked  // default of starts
	TTL            time.Duration // life of a code
	FallbackAfter  time.Duration // time until SMS
	FallbackOn     FallbackOn
	CodeLength     int
	LinkMaxAge     time.Duration // links older than this no longer carry codes
	LinkProof      Proof         // least proof asked of links, beside what a template asks
	SupportText    string        // the bot's answer to anything else
	ReturnHosts    []string      // hosts that return URLs may lead to
	LinkHosts      []string      // hosts that buttons under orders may lead to
	QuietHours     string        // "22:00-08:00" in TimeZone: no news of orders makes a sound; empty: none
	Owner          SealedPhone   // of whoever is told of trouble with bots; zero: nobody
	SMSOrigin      string        // host that the last line of an SMS binds the code to; empty: none
	SMSAppHash     string        // of the Android app that may read codes out of SMS; empty: none
	// Templates holds the version in force of each key under which the business
	// says something itself. It changes with the texts only.
	Templates map[string]int `json:",omitempty"`
	// TemplatesGone is the highest version among the keys whose versions were
	// dropped. A key begins above it: should it be one of them, a message under
	// way never finds other words under the number that it holds.
	TemplatesGone int `json:",omitempty"`
}

// Scope is one right of an API key.
type Scope string

// The scopes. Admin implies all others.
const (
	ScopeStart  Scope = "start"
	ScopeCheck  Scope = "check"
	ScopeOrders Scope = "orders"
	ScopeReach  Scope = "reach"
	ScopeAdmin  Scope = "admin"
)

// Scopes lists every scope.
var Scopes = []Scope{ScopeStart, ScopeCheck, ScopeOrders, ScopeReach, ScopeAdmin}

// APIKey is a credential of a business. The secret is shown once; only its
// SHA-256 is stored.
type APIKey struct {
	ID         ID
	BusinessID ID
	Mode       Mode
	Public     string   // the eight characters that name the key in its own text
	Hash       [32]byte // SHA-256 of the whole key text
	Name       string
	Scopes     []Scope
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero: never
	LastUsedAt time.Time // day precision is enough; zero: never
	RevokedAt  time.Time // zero: in use
}

// Allows reports whether the key holds the scope.
func (k *APIKey) Allows(s Scope) bool {
	for _, have := range k.Scopes {
		if have == s || have == ScopeAdmin {
			return true
		}
	}
	return false
}

// Usable reports whether the key opens anything at the given time.
func (k *APIKey) Usable(now time.Time) bool {
	return k.RevokedAt.IsZero() && (k.ExpiresAt.IsZero() || now.Before(k.ExpiresAt))
}
