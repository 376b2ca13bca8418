package otpcore

import (
	"encoding/hex"
	"errors"
	"time"
)

// ChatRef is a chat that speaks to one of our bots.
type ChatRef struct {
	Bot     *Bot
	Address string // as the chat network names the chat
	Locale  string // the person's language, as the chat network tells it
}

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
	business, err := tx.Business(chat.Bot.BusinessID)
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
	session := &LinkSession{
		BotID: chat.Bot.ID, Chat: l.desk.chatIndex(chat.Bot.ID, chat.Address), BusinessID: business.ID,
		Source: source, ExpiresAt: tx.Now().Add(sessionLife),
	}
	if !inv.Phone.IsZero() {
		sealed := l.desk.sealPhone(sessionPlace(session), inv.Phone)
		session.Phone = &sealed
	}
	return inv, tx.SaveSession(session)
}

func (l *Linking) openVerification(tx Tx, chat ChatRef, token string) (ID, Phone, InviteOutcome, error) {
	id, ok := l.desk.readVerificationToken(token)
	if !ok {
		return "", Phone{}, InviteUnknown, nil
	}
	c, err := tx.Case(Ref{Verification: id})
	if errors.Is(err, ErrNotFound) || err == nil && c.BusinessID != chat.Bot.BusinessID {
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
