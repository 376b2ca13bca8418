package otpcore

import (
	"encoding/hex"
	"errors"
	"time"
)

// ChatRef is a chat that speaks to one of our bots.
type ChatRef struct {
	Bot      *Bot
	Business ID        // with a shared bot, the business that is spoken of; empty: not known
	Address  string    // as the chat network names the chat
	Locale   string    // the language of texts to it
	Language string    // the one that the person chose; empty: none
	At       time.Time // when the person did what is being answered, by the network's clock; zero: unknown
	// Phone is the writer's own number where the network vouches for it with every
	// message; zero: it does not.
	Phone Phone
}

// business is whose chat it is. It is asked here and nowhere else.
func (c ChatRef) business() ID { return or(c.Bot.BusinessID, c.Business) }

// Linking holds the rules by which a phone gets a chat and loses it again. All
// of its methods work inside the transaction that also remembers the input
// they answer, so that input handled twice has one effect.
type Linking struct {
	desk *desk
	boot ID
}

// The lives of what a chat may be in the middle of.
const (
	verificationLinkLife = 10 * time.Minute
	sessionLife          = time.Hour
)

// InviteOutcome says what a start token opened.
type InviteOutcome string

// The outcomes of a start token.
const (
	InviteOpen    InviteOutcome = "open" // the chat may share its number now
	InviteExpired InviteOutcome = "expired"
	InviteUsed    InviteOutcome = "used"
	InviteUnknown InviteOutcome = "unknown"
	InviteWhich   InviteOutcome = "which" // a bare start of a shared bot: the person has to say which business
)

// Invitation is what a chat that pressed Start is told.
type Invitation struct {
	Outcome  InviteOutcome
	Business *Business
	Phone    Phone // the phone that the business waits for; zero: any
}

// Open answers "/start payload". It links nothing: a token only opens the
// question for the person's own number.
func (l *Linking) Open(tx Tx, chat ChatRef, payload string) (Invitation, error) {
	owner, err := l.opened(tx, chat, payload)
	switch {
	case err != nil:
		return Invitation{}, err
	case owner == "" && payload == "":
		return Invitation{Outcome: InviteWhich}, nil
	case owner == "":
		return Invitation{Outcome: InviteUnknown}, nil
	}
	chat.Business = owner
	if payload == string(owner) {
		payload = "" // it has said what it had to
	}
	business, err := tx.Business(owner)
	if err != nil {
		return Invitation{}, err
	}
	inv := Invitation{Business: business, Outcome: InviteOpen}
	var source ID
	switch len(payload) {
	case 0:
	case verificationTokenLen:
		source, inv.Phone, inv.Outcome, err = l.openVerification(tx, chat, payload)
	case linkTokenLen:
		source, inv.Phone, inv.Outcome, err = l.openLink(tx, chat, payload)
	default:
		inv.Outcome = InviteUnknown
	}
	if err != nil || inv.Outcome != InviteOpen {
		return inv, err
	}
	session := l.newSession(tx, chat, business.ID)
	session.Source = source
	if !inv.Phone.IsZero() {
		sealed := l.desk.sealPhone(sessionPlace(session), inv.Phone)
		session.Phone = &sealed
	}
	return inv, tx.SaveSession(session)
}

// Ask makes sure that the chat may share its number: it showed that it wants
// to, though it was never asked. What it is in the middle of stays as it is.
func (l *Linking) Ask(tx Tx, chat ChatRef) error {
	session, err := l.session(tx, chat)
	if err != nil || session != nil && session.BusinessID != "" {
		return err
	}
	return tx.SaveSession(l.newSession(tx, chat, chat.business()))
}

// session returns what the chat is in the middle of, or nil.
func (l *Linking) session(tx Tx, chat ChatRef) (*LinkSession, error) {
	session, err := tx.Session(chat.Bot.ID, l.desk.chatIndex(chat.Bot.ID, chat.Address))
	if errors.Is(err, ErrNotFound) || err == nil && !tx.Now().Before(session.ExpiresAt) {
		return nil, nil
	}
	return session, err
}

func (l *Linking) newSession(tx Tx, chat ChatRef, business ID) *LinkSession {
	return &LinkSession{
		BotID: chat.Bot.ID, Chat: l.desk.chatIndex(chat.Bot.ID, chat.Address), BusinessID: business,
		Language: chat.Language, ExpiresAt: tx.Now().Add(sessionLife),
	}
}

func (l *Linking) openVerification(tx Tx, chat ChatRef, token string) (ID, Phone, InviteOutcome, error) {
	id, ok := l.desk.readVerificationToken(token)
	if !ok {
		return "", Phone{}, InviteUnknown, nil
	}
	c, err := tx.Case(Ref{Verification: id})
	if errors.Is(err, ErrNotFound) || err == nil && c.BusinessID != chat.business() {
		return "", Phone{}, InviteUnknown, nil
	}
	if err != nil {
		return "", Phone{}, "", err
	}
	if tx.Now().Sub(c.Verification.CreatedAt) > verificationLinkLife || c.Verification.Phone.Sealed == nil {
		return "", Phone{}, InviteExpired, nil
	}
	phone, err := l.desk.openPhone(phonePlace(c.Verification), c.Verification.Phone)
	return id, phone, InviteOpen, err
}

func (l *Linking) openLink(tx Tx, chat ChatRef, token string) (ID, Phone, InviteOutcome, error) {
	link, err := tx.LinkByToken(hashToken(token))
	switch {
	case errors.Is(err, ErrNotFound) || err == nil && link.BotID != chat.Bot.ID:
		return "", Phone{}, InviteUnknown, nil
	case err != nil:
		return "", Phone{}, "", err
	case link.Status != LinkPending:
		return "", Phone{}, InviteUsed, nil
	case !tx.Now().Before(link.ExpiresAt):
		return "", Phone{}, InviteExpired, nil
	case link.Phone.Index.IsZero():
		return link.ID, Phone{}, InviteOpen, nil
	}
	phone, err := l.desk.openPhone(linkPhonePlace(link), link.Phone)
	return link.ID, phone, InviteOpen, err
}

func sessionPlace(s *LinkSession) Place {
	return Place{Table: "link_sessions", Column: "phone", Row: ID(hex.EncodeToString(s.Chat[:])), Business: s.BusinessID}
}

// Reply stores a bot's answer as a delivery of its own, in this process's
// hands: an answer leaves if and only if the input it answers is remembered.
func (l *Linking) Reply(tx Tx, chat ChatRef, business ID, m Message) error {
	return l.send(tx, Way{Channel: chat.Bot.Kind.Channel(), BotID: chat.Bot.ID}, business, chat.Address, m)
}

// followAfter keeps two answers to one input in their order: messages that
// leave at once may overtake each other.
const followAfter = time.Second

// Follow is Reply for a second answer, which has to come behind the first.
func (l *Linking) Follow(tx Tx, chat ChatRef, business ID, m Message) error {
	dlv, err := l.compose(tx, Way{Channel: chat.Bot.Kind.Channel(), BotID: chat.Bot.ID}, business, chat.Address, m)
	if err != nil {
		return err
	}
	dlv.Status, dlv.DueAt = Queued, tx.Now().Add(followAfter)
	return tx.AddDelivery(dlv)
}
