package otpcore

import (
	"context"
	"time"
)

// This file lists what the domain asks of the rooms around it. Each interface
// is small and stands beside the types it exchanges; its comments are the
// contract that storagetest and coretest hold implementations to.

// Clock tells the time that every rule goes by. On SQLite it never falls below
// the highest time ever stored, so that a clock set back revives no code.
type Clock interface {
	Now() time.Time
}

// Ledger stores verifications and everything that happens to them. It is the
// only way to change one.
type Ledger interface {
	Clock

	// Do runs op in a transaction and returns once the transaction is durable.
	// It returns op.Decide's error, in which case nothing is stored, or an
	// Error of kind unavailable when the transaction or its commit failed. In
	// that case nobody may act on what Decide found.
	//
	// Ctx governs only the waiting: an op that was picked up runs to its end,
	// and a caller that left learns its outcome by repeating the request. The
	// queue is bounded; when it is full, Do answers unavailable at once.
	Do(ctx context.Context, op Op) error

	// Submit is Do without waiting. Done is called exactly once, from the
	// storage's goroutine, and must not block.
	Submit(op Op, done func(error))

	// Write runs fn in a transaction of its own, for everything that is not
	// hot. Fn may run twice and touches nothing but the transaction; an error
	// from it rolls back and is returned as it is.
	Write(ctx context.Context, fn func(Tx) error) error

	// Due returns up to limit cases that need waking at now, oldest first, and
	// the time of the earliest one that does not yet (zero: none).
	Due(ctx context.Context, now time.Time, limit int) ([]Ref, time.Time, error)
}

// Lane orders the work that waits for the one writer.
type Lane int

// The lanes. The writer takes from both for each batch, so that neither
// starves the other.
const (
	LaneRequests   Lane = iota // somebody waits for the answer
	LaneDeliveries             // results of sends and due work
)

// Ref names a case.
type Ref struct {
	Verification ID
	Order        ID
	Delivery     ID // of a reply, which belongs to no verification
}

// Op is one decision about one case. A batch holds at most one op per
// verification and per (business, phone): two guesses must count twice.
type Op struct {
	Lane Lane
	Ref  Ref // empty for a start

	// BusinessID and Mode scope the case: a verification of another business
	// or mode is ErrNotFound. An empty BusinessID is the program itself acting
	// for whichever business owns the case; starts always name one.
	BusinessID ID
	Mode       Mode

	Phone Index // starts only: whose standing and links to load
	// OrderNumber makes the op one about the order that the business and mode
	// know under it, which may not be there yet; the links are those of Phone.
	OrderNumber string
	Once        *Once // idempotency key of the request, or nil

	// Narrow spares a decision that looks at nothing but the verification and
	// its deliveries the rest: links and standings of its case stay nil.
	Narrow bool

	// Decide changes the case. It is pure but for the ids it draws: it may run
	// twice, and its error means that nothing is stored.
	Decide func(*Case) error
}

// Once names a request that must have one effect however often it is sent.
type Once struct {
	Route       string        // which call, for example "verifications.start"
	Key         string        // the client's Idempotency-Key
	Fingerprint [32]byte      // keyed hash of the request's canonical body
	Keep        time.Duration // how long the answer can be repeated
}

// Tx is a cold transaction. Its methods take no context: work that has begun
// is never cut by a caller that leaves. Lookups of single rows answer
// ErrNotFound; an error of any other kind means that the transaction is lost.
type Tx interface {
	Now() time.Time
	CaseTx
	OrderTx
	BusinessTx
	BotTx
	LinkTx
	EndpointTx
	TemplateTx
	InboxTx
	PersonTx
	// Remembered returns what an idempotency key has answered before, or nil;
	// Remember stores it.
	Remembered(business ID, mode Mode, once Once) (*Remembered, error)
	Remember(business ID, mode Mode, once Once, r Remembered) error
}

// CaseTx changes verifications inside a cold transaction.
type CaseTx interface {
	// Case loads a case like an Op does, for the program itself.
	Case(ref Ref) (*Case, error)
	// Save writes the case's changes. Deliveries leased to this process reach
	// the dispatcher after the commit.
	Save(c *Case) error
	// PendingOf lists the pending live verifications of a phone, oldest first,
	// hand-over codes apart, which come with their orders. The limit on live ones
	// keeps the list short. Trials, which nothing limits,
	// are not in it: they have no chats.
	PendingOf(business ID, phone Index) ([]ID, error)
	// Standing and SaveStanding serve pauses and unlocks outside of a case.
	Standing(business ID, phone Index) (*Standing, error)
	SaveStanding(s *Standing) error
	// AddDelivery stores a reply; AddEvent an event that belongs to no case.
	AddDelivery(d *Delivery) error
	AddEvent(e Event) error
	// FindSent finds the delivery of a provider's message, in a bot's chat or
	// at a provider, for receipts.
	FindSent(provider, messageID string) (Ref, ID, error)
	// FindDelivery finds the case of a delivery id.
	FindDelivery(id ID) (Ref, error)
	// KeepReceipt holds a receipt that came before its message's own result, from
	// a provider of the operator; TakeReceipt gives it back once. Kept ones are
	// dropped after 15 min.
	KeepReceipt(r Receipt) error
	TakeReceipt(provider, messageID string) (*Receipt, error)
}

// OrderTx finds orders inside a cold transaction.
type OrderTx interface {
	// OrdersOf lists the newest live orders of a phone, the newest first.
	OrdersOf(business ID, phone Index, limit int) ([]ID, error)
	// OrderTraces lists up to q.Limit orders that hold the phone. Q.Before is
	// ignored.
	OrderTraces(q PhoneQuery) ([]ID, error)
	// EraseOrder takes the phone and what was said out of an order, and address
	// and names of messages out of its deliveries. It returns how many those are.
	EraseOrder(id ID) (deliveries int, err error)
}

// BusinessTx changes businesses and their API keys.
type BusinessTx interface {
	Business(id ID) (*Business, error)
	SaveBusiness(b *Business) error // inserts or replaces
	Key(business, id ID) (*APIKey, error)
	SaveKey(k *APIKey) error // inserts or replaces
}

// BotTx changes bots.
type BotTx interface {
	Bot(id ID) (*Bot, error)
	// SaveBot inserts or replaces. A second live bot of the same account is a
	// conflict, bot_exists.
	SaveBot(b *Bot) error
	DeleteBot(id ID) error // with its links, sessions and input
}

// LinkTx changes links and what chats are in the middle of.
type LinkTx interface {
	Link(id ID) (*Link, error)
	SaveLink(l *Link) error // inserts or replaces
	LinksOfPhone(business ID, phone Index) ([]*Link, error)
	LinksOfChat(bot ID, chat Index) ([]*Link, error)
	LinkByToken(hash []byte) (*Link, error)
	Session(bot ID, chat Index) (*LinkSession, error)
	SaveSession(s *LinkSession) error // inserts or replaces
	DeleteSession(bot ID, chat Index) error
	// UseToken marks the token behind source as used and reports false when it
	// was used before.
	UseToken(source ID) (bool, error)
}

// EndpointTx changes endpoints and the log of what was posted to them.
type EndpointTx interface {
	Endpoint(id ID) (*Endpoint, error)
	EndpointsOf(business ID, mode Mode) ([]*Endpoint, error)
	SaveEndpoint(e *Endpoint) error // inserts or replaces
	// DeleteEndpoint leaves its postings to the purge: nobody asks for them.
	DeleteEndpoint(id ID) error
	Posting(id ID) (*Posting, error)
	SavePosting(p *Posting) error // inserts or replaces
	// LastPosition is that of the newest event in the list of a business.
	LastPosition(business ID, mode Mode) (int64, error)
}

// TemplateTx changes the texts of businesses.
type TemplateTx interface {
	// TemplatesOf lists the versions of a key that are kept, of every locale,
	// oldest first.
	TemplatesOf(business ID, key string) ([]*Template, error)
	// SaveTemplate inserts: a version never changes.
	SaveTemplate(t *Template) error
	DeleteTemplate(business ID, key string, version int) error
	// TemplateKeys lists the keys of which versions are kept, the one that was
	// changed last at the end.
	TemplateKeys(business ID) ([]string, error)
}

// InboxTx remembers which input of a chat network was handled.
type InboxTx interface {
	// FirstSight records the update and reports false when it was handled
	// before. Records are kept 48 h: Telegram may reuse an id after a long
	// silence.
	FirstSight(bot ID, update int64) (bool, error)
	// SetOffset stores where the next poll of the bot begins.
	SetOffset(bot ID, offset int64) error
}

// PersonTx takes out of the rows what tells of a person.
type PersonTx interface {
	// Traces lists up to q.Limit verifications that hold the phone, pending ones
	// included, as far back as any does. Q.Before is ignored.
	Traces(q PhoneQuery) ([]ID, error)
	// Erase takes the phone, its index and what a start was asked with out of a
	// verification that has ended, and address, content and names of messages
	// out of its deliveries. It returns how many deliveries there are. Those
	// that are under way keep what they need and lose it soon after.
	Erase(verification ID) (deliveries int, err error)
	// DeleteSessionsOf ends the conversations in which the business waits for
	// the phone, and returns how many.
	DeleteSessionsOf(business ID, phone Index) (int, error)
}

// Reader answers questions outside of any transaction, from committed rows.
type Reader interface {
	Business(ctx context.Context, id ID) (*Business, error)
	Businesses(ctx context.Context) ([]*Business, error)
	KeyByPublic(ctx context.Context, public string) (*APIKey, error)
	Keys(ctx context.Context, business ID, mode Mode) ([]*APIKey, error)
	Bot(ctx context.Context, id ID) (*Bot, error)
	Bots(ctx context.Context, business ID) ([]*Bot, error) // empty business: all
	Offset(ctx context.Context, bot ID) (int64, error)     // zero for a new bot
	Link(ctx context.Context, id ID) (*Link, error)
	LinkByToken(ctx context.Context, hash []byte) (*Link, error)
	LinksOfPhone(ctx context.Context, business ID, phone Index) ([]*Link, error)
	StandingOf(ctx context.Context, business ID, phone Index) (*Standing, error)
	// CaseOf loads a case for showing it, scoped like an Op.
	CaseOf(ctx context.Context, business ID, mode Mode, id ID) (*Case, error)
	// OrderOf loads the case of an order for showing it.
	OrderOf(ctx context.Context, business ID, mode Mode, number string) (*Case, error)
	// Order loads an order without its case, or returns ErrNotFound.
	Order(ctx context.Context, business ID, mode Mode, number string) (*Order, error)
	// OrdersAfter lists orders by their numbers, beginning after the given one.
	OrdersAfter(ctx context.Context, business ID, mode Mode, number string, limit int) ([]*Order, error)
	// OrderUpdates lists the history of an order as it came in, oldest first.
	OrderUpdates(ctx context.Context, order ID) ([]*OrderUpdate, error)
	// Timeline lists the events of a verification in the order they happened.
	Timeline(ctx context.Context, verification ID) ([]Event, error)
	// EventsAfter lists the events of a business in the order in which they were
	// committed, oldest first, and no notes. An event that commits later never
	// takes its place before one that was listed. A cursor that is no event of
	// the business and mode is ErrNotFound.
	EventsAfter(ctx context.Context, q EventQuery) ([]SealedEvent, error)
	// LastEvent names the newest of them, or nothing while there is none.
	LastEvent(ctx context.Context, business ID, mode Mode) (ID, error)
	// EventsBehind lists the events of a business like EventsAfter does, behind
	// a position, which need not be that of an event that is kept.
	EventsBehind(ctx context.Context, q EventsBehind) ([]NumberedEvent, error)
	// EventOf gives one of them.
	EventOf(ctx context.Context, business ID, mode Mode, id ID) (*NumberedEvent, error)
	// PositionAt is the position behind which the events that are as young as
	// the time begin.
	PositionAt(ctx context.Context, business ID, mode Mode, at time.Time) (int64, error)
	// TemplatesOf lists the versions of a key that are kept, of every locale,
	// oldest first.
	TemplatesOf(ctx context.Context, business ID, key string) ([]*Template, error)
	Endpoint(ctx context.Context, id ID) (*Endpoint, error)
	// Endpoints lists those of a business and mode, oldest first; all without a
	// business.
	Endpoints(ctx context.Context, business ID, mode Mode) ([]*Endpoint, error)
	// PostingsOf lists the log of an endpoint, newest first.
	PostingsOf(ctx context.Context, q PostingQuery) ([]*Posting, error)
	// DuePostings lists what waits for a try, that which is due first first.
	DuePostings(ctx context.Context, endpoint ID, limit int) ([]*Posting, error)
	// VerificationsOf lists the verifications of a phone that began before the
	// given one (empty: from the newest on), newest first, of the last 30 days.
	VerificationsOf(ctx context.Context, q PhoneQuery) ([]*Verification, error)
}

// EventQuery asks for a page of a business's events.
type EventQuery struct {
	BusinessID ID
	Mode       Mode
	After      ID // empty: from the oldest kept
	Limit      int
}

// EventsBehind asks for the events behind a position in the list.
type EventsBehind struct {
	BusinessID    ID
	Mode          Mode
	Behind, Until int64 // Until zero: without an end
	Limit         int
}

// NumberedEvent is an event with its position, which grows with each commit.
type NumberedEvent struct {
	SealedEvent
	Position int64
}

// PhoneQuery asks for a page of a phone's verifications.
type PhoneQuery struct {
	BusinessID ID
	Mode       Mode
	Phone      Index
	Before     ID
	Limit      int
}

// Place says where a sealed value rests. A value moved to another place does
// not open.
type Place struct {
	Table, Column string
	Row, Business ID
}

// Vault holds the master key. It is safe for concurrent use and never blocks.
type Vault interface {
	Seal(at Place, plain []byte) []byte
	// Open fails for a value that was changed or moved, and with ErrKeyGone for
	// one that was sealed by a key which is not in the ring.
	Open(at Place, sealed []byte) ([]byte, error)
	// Index returns the blind index of a value within a purpose ("phone",
	// "chat:bot_…").
	Index(purpose, value string) Index
	// MAC returns a keyed hash for a purpose: tokens, cursors, fingerprints.
	MAC(purpose string, parts ...[]byte) [32]byte
	// CodeMAC returns what derives codes with the key of the id, and false when
	// the ring lost it. CodeKeyID names the key for new verifications.
	CodeMAC(id string) (CodeMAC, bool)
	CodeKeyID() string
}

// Carriers know which connectors and providers are configured. They answer
// from memory and never block.
type Carriers interface {
	// Way tells what would carry a message of the business over the channel to
	// a phone of the region. A Way with a Reason cannot.
	Way(business ID, mode Mode, ch Channel, region string) Way
	// Sender returns what sends the delivery, or a *SendError when nothing can
	// any more.
	Sender(d *Delivery, region string) (Sender, error)
	// Kind is the kind of the bot; empty: there is no such bot.
	Kind(bot ID) BotKind
}

// Memories are what connectors keep about people beside the ledger, because their
// protocols want it.
type Memories interface {
	// ForgetPhone deletes what tells of the phone at the business. It may be called
	// again, and after an error has to be.
	ForgetPhone(ctx context.Context, business ID, phone Phone) error
}

// Way is one configured road to a phone.
type Way struct {
	Channel      Channel
	BotID        ID     // of chat channels
	BotName      string // how the chat network addresses the bot, for links; empty: nobody can write to it
	ByPhone      bool   // a chat channel that reaches the bare number, for money and without a link
	Unlinked     *Way   // what reaches a phone by its number where no link does; nil: nothing
	Capabilities Capabilities
	Reason       string // why nothing can be carried: one sentence, or empty
}

// Renderer turns template names into texts. It answers from memory.
type Renderer interface {
	// Template describes a template, or false when there is none.
	Template(key string) (TemplateSpec, bool)
	// Code renders the message with a code, or the text that replaces it.
	Code(in CodeText) (Message, error)
	// Order renders the message of an order.
	Order(in OrderText) (Message, error)
	// Words puts the values of an update into a business's own text for orders. It
	// fails only for values that the text does not ask for.
	Words(in OwnWords) (OrderWords, error)
	// Reply renders a bot's answer in the linking conversation. Args fill the
	// {{name}}s of the text.
	Reply(key, locale string, args map[string]string) (Message, error)
	// Hint is the neutral sentence for the login screen: where to look for the
	// code, without telling whether the phone is linked.
	Hint(locale string, route []Channel) string
	// Locale returns the nearest locale there are texts for.
	Locale(wanted, fallback string) string
	// Speaks reports whether a business may write texts in the language.
	Speaks(language string) bool
	// Keys lists the built-in templates, and Locales the locales, sorted. Nobody
	// may change the lists.
	Keys() []string
	Locales() []string
	// Source is the built-in text under a key in a locale as a business would
	// write it, or false when there is none.
	Source(key, locale string) (TemplateText, bool)
	// Faults finds everything in a business's own text on which a message could
	// fail or mislead. Of a text without faults, Code renders every value that a
	// start accepts.
	Faults(d TemplateDraft) []FieldError
	// Size tells how an SMS with the text is sent.
	Size(text string) SMSSize
}

// TemplateDraft is a text that a business wants to use.
type TemplateDraft struct {
	Key    string
	Locale string
	Brand  string
	Frame  string // locale of the words around a text in a language without built-in ones
	Text   TemplateText
	Hosts  []string // that links may lead to
}

// OwnWords is what a business's own words about an order are made of.
type OwnWords struct {
	Text   *TemplateText
	Locale string
	Brand  string
	Number string // of the order
	Params map[string]Param
}

// SMSSize is what an SMS is billed by.
type SMSSize struct {
	Encoding   string // GSM-7 or UCS-2
	Characters int    // septets of GSM-7, 16-bit units of UCS-2
	Segments   int
}

// TemplateSpec declares what a template needs.
type TemplateSpec struct {
	Key     string
	Kind    TemplateKind
	Params  []ParamSpec
	Context []ParamSpec // names that the check must repeat
	Proof   Proof       // least proof of a link that may carry it
}

// ParamTypes lists the types of parameters.
var ParamTypes = []string{"text", "name", "money", "order_number", "date", "count"}

// ParamSpec is one typed parameter: text, name, money, order_number, date or
// count, a small whole number.
type ParamSpec struct {
	Name     string
	Type     string
	Required bool
}

// OrderText is what the message of an order is rendered from.
type OrderText struct {
	Channel      Channel
	Locale       string
	Brand        string
	Number       string
	Status       OrderStatus
	Words        string // of the business's own in place of those for the status; may be empty
	News         OrderNews
	Code         Code // the hand-over code; of no length: there is none to show
	CodeUntil    time.Time
	Now          time.Time
	Location     *time.Location // of times in the text
	Capabilities Capabilities
}

// CodeText is what a code message is rendered from.
type CodeText struct {
	Template     string
	Channel      Channel
	Locale       string
	Frame        string // locale of the words around an Own text in a language without built-in ones
	Brand        string
	Code         Code
	Verification ID // for the buttons
	ValidUntil   time.Time
	Now          time.Time
	Location     *time.Location // of times in the text
	Params       map[string]Param
	Context      map[string]Param
	Capabilities Capabilities
	Wanted       Wanted        // of edits; empty: the message with the code
	ReturnURL    string        // where a button leads back to; may be empty
	Own          *TemplateText // the business's own text; nil: the built-in one
	Origin       string        // host for the last line of an SMS; may be empty
	AppHash      string        // of the Android app that reads the SMS; may be empty
}
