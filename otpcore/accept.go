package otpcore

import (
	"maps"
	"slices"
)

// AcceptOutcome says what became of a shared number.
type AcceptOutcome string

// The outcomes of a shared number.
const (
	AcceptLinked     AcceptOutcome = "linked"
	AcceptWrongPhone AcceptOutcome = "wrong_phone" // the business waits for another number
	AcceptNoSession  AcceptOutcome = "no_session"  // nobody asked for it
	AcceptUsed       AcceptOutcome = "used"        // the link was used by somebody before, or withdrawn
)

// Acceptance is the answer to a shared number.
type Acceptance struct {
	Outcome   AcceptOutcome
	Business  *Business
	Link      *Link
	Expected  Phone     // with AcceptWrongPhone
	Renewed   bool      // the chat held this phone before
	Former    Phone     // the one that it held instead; zero: none
	Replaced  []ChatRef // chats that carried this phone until now, to be told
	CodeSent  bool      // a pending code is on its way into this chat
	ReturnURL string    // where the person goes back to; empty: nowhere, or the code's message says it
}

// Accept links the chat to its own number. The connector has checked that the
// number is the sender's own by the rules of its network; here it must also be
// the one that the business waits for. The newest proof wins: a chat that held
// this phone loses it, and so does another phone of this chat.
func (l *Linking) Accept(tx Tx, chat ChatRef, phone Phone) (Acceptance, error) {
	session, err := l.asked(tx, chat)
	if err != nil || session == nil {
		return Acceptance{Outcome: AcceptNoSession}, err
	}
	a := Acceptance{}
	if a.Business, err = tx.Business(session.BusinessID); err != nil {
		return a, err
	}
	if session.Phone != nil && session.Phone.Index != l.desk.phoneIndex(phone) {
		a.Outcome = AcceptWrongPhone
		a.Expected, err = l.desk.openPhone(sessionPlace(session), *session.Phone)
		return a, err
	}
	if usable, err := a.useSource(tx, session.Source); err != nil || !usable {
		a.Outcome = AcceptUsed
		return a, err
	}
	a.Outcome = AcceptLinked
	if err := l.link(tx, &a, chat, session, phone); err != nil {
		return a, err
	}
	if err := tx.DeleteSession(chat.Bot.ID, session.Chat); err != nil || a.Link.Status != LinkActive {
		return a, err
	}
	if a.CodeSent, err = l.deliverPending(tx, a.Link); err == nil {
		err = l.deliverOrders(tx, a.Link)
	}
	if _, code := ParseID(PrefixVerification, string(session.Source)); code && a.CodeSent {
		a.ReturnURL = ""
	}
	return a, err
}

// asked returns the question that the chat answers by sharing its number, or
// nil when there is none. A chat that holds a link needs none: its person has
// agreed before, and now confirms the number or tells of a new one.
func (l *Linking) asked(tx Tx, chat ChatRef) (*LinkSession, error) {
	session, err := l.session(tx, chat)
	if err != nil || session != nil && l.serves(chat.Bot, session.BusinessID) {
		return session, err
	}
	var newest *Link // of the business that asked last whether the number is right
	several := false
	err = l.eachLink(tx, chat, func(link *Link) error {
		if !link.held() || !l.serves(chat.Bot, link.BusinessID) {
			return nil
		}
		several = several || newest != nil && newest.BusinessID != link.BusinessID
		if newest == nil || !link.OfferedAt.Before(newest.OfferedAt) {
			newest = link
		}
		return nil
	})
	if err != nil || newest == nil || several && newest.OfferedAt.IsZero() {
		return nil, err
	}
	return l.newSession(tx, chat, newest.BusinessID), nil
}

// useSource uses up the token that opened the session, if one did. It reports
// false when another chat has used it, or when the business has withdrawn its
// request since Start was pressed: what is revoked stays so.
func (a *Acceptance) useSource(tx Tx, source ID) (bool, error) {
	if source == "" {
		return true, nil
	}
	if _, requested := ParseID(PrefixLink, string(source)); requested {
		link, err := tx.Link(source)
		if err != nil || link.Status != LinkPending {
			return false, err
		}
		a.ReturnURL = link.ReturnURL
	} else {
		c, err := tx.Case(Ref{Verification: source})
		if err != nil {
			return false, err
		}
		a.ReturnURL = c.Verification.ReturnURL
	}
	return tx.UseToken(source)
}

// link stores the link: in the row of the request that opened the session, in
// the row that this chat and this phone had already, or in a new one.
func (l *Linking) link(tx Tx, a *Acceptance, chat ChatRef, session *LinkSession, phone Phone) error {
	same, err := l.displace(tx, a, chat, session, phone)
	if err != nil {
		return err
	}
	link, err := l.rowFor(tx, session, same)
	if err != nil {
		return err
	}
	link.BusinessID, link.BotID, link.Channel = session.BusinessID, chat.Bot.ID, chat.Bot.Kind.Channel()
	link.Phone = l.desk.sealPhone(linkPhonePlace(link), phone)
	link.Chat = Chat{Index: session.Chat, Sealed: l.desk.vault.Seal(linkChatPlace(link), []byte(chat.Address))}
	link.Proof, link.Locale, link.Language, link.VerifiedAt = ProofContact, chat.Locale, or(chat.Language, session.Language), tx.Now()
	a.Link, a.Renewed = link, same != nil
	if same != nil {
		link.ActedAt, link.Muted = same.ActedAt, same.Muted
	}
	// A contact that was shared before the bot was blocked, and comes in after
	// it, proves the number, but its chat takes no message.
	if same == nil || same.Status == LinkActive || !link.sinceThen(chat.At) {
		link.Status, link.EndReason, link.EndedAt = LinkActive, "", noTime
		link.ActedAt = later(link.ActedAt, chat.At)
	} else {
		link.Status, link.EndReason, link.EndedAt = LinkInactive, "blocked", tx.Now()
	}
	if err := tx.SaveLink(link); err != nil {
		return err
	}
	if err := l.present(tx, link); err != nil {
		return err
	}
	return tell(tx, link, EventLinkCreated)
}

// present forgets that the phone was taken to have no account at the chat
// network: its person has just written from there.
func (l *Linking) present(tx Tx, link *Link) error {
	standing, err := tx.Standing(link.BusinessID, link.Phone.Index)
	if err != nil || !standing.absentFrom(link.Channel, tx.Now()) {
		return err
	}
	standing.Absent = maps.Clone(standing.Absent)
	delete(standing.Absent, link.Channel)
	return tx.SaveStanding(standing)
}

// rowFor picks the link's row. A renewed link starts again as contact like any
// other: the network may not know yet that the number has a new owner, whom
// only an SMS reaches.
func (l *Linking) rowFor(tx Tx, session *LinkSession, same *Link) (*Link, error) {
	_, requested := ParseID(PrefixLink, string(session.Source))
	switch {
	case requested && same != nil:
		over := *same
		over.Status, over.EndReason, over.EndedAt = LinkRevoked, "renewed", tx.Now()
		if err := tx.SaveLink(&over); err != nil {
			return nil, err
		}
		return tx.Link(session.Source)
	case requested:
		return tx.Link(session.Source)
	case same != nil:
		return same, nil
	}
	return &Link{ID: NewID(PrefixLink, tx.Now()), CreatedAt: tx.Now()}, nil
}

// displace revokes what the new link replaces, and returns the link that this
// chat and this phone had already, which the new proof only renews.
//
// With a shared bot the new proof links for one business. What it disproves, that
// this phone is in another chat or another phone in this one, is disproved for
// all businesses of the bot.
func (l *Linking) displace(tx Tx, a *Acceptance, chat ChatRef, session *LinkSession, phone Phone) (*Link, error) {
	phoneIndex := l.desk.phoneIndex(phone)
	ofPhone, err := tx.LinksOfPhone(session.BusinessID, phoneIndex)
	if err != nil {
		return nil, err
	}
	ofChat, err := tx.LinksOfChat(chat.Bot.ID, session.Chat)
	if err != nil {
		return nil, err
	}
	elsewhere, err := l.elsewhere(tx, chat, session.BusinessID, phoneIndex)
	if err != nil {
		return nil, err
	}
	var same *Link
	for _, old := range slices.Concat(ofPhone, elsewhere, ofChat) {
		switch {
		case old.BotID != chat.Bot.ID || !old.held():
		case old.Chat.Index == session.Chat && old.Phone.Index == phoneIndex:
			if old.BusinessID == session.BusinessID {
				same = old
			} // the proof that another business has stays what it was
		default:
			if err := l.replace(tx, a, chat, old, session.Chat); err != nil {
				return nil, err
			}
		}
	}
	return same, nil
}

func (l *Linking) replace(tx Tx, a *Acceptance, chat ChatRef, old *Link, now Index) error {
	if old.Chat.Index != now && old.Status == LinkActive {
		address, err := l.desk.vault.Open(linkChatPlace(old), old.Chat.Sealed)
		if err != nil {
			return err
		}
		a.Replaced = append(a.Replaced, ChatRef{Bot: chat.Bot, Business: old.BusinessID, Address: string(address), Locale: old.spoken()})
	}
	if old.Chat.Index == now && old.BusinessID == a.Business.ID {
		former, err := l.desk.openPhone(linkPhonePlace(old), old.Phone)
		if err != nil {
			return err
		}
		a.Former = former
	}
	old.Status, old.EndReason, old.EndedAt = LinkRevoked, "replaced", tx.Now()
	if err := tx.SaveLink(old); err != nil {
		return err
	}
	return tell(tx, old, EventLinkReplaced)
}

// deliverPending brings every code that waits for this phone into the chat.
func (l *Linking) deliverPending(tx Tx, link *Link) (bool, error) {
	ids, err := tx.PendingOf(link.BusinessID, link.Phone.Index)
	if err != nil {
		return false, err
	}
	sent := false
	for _, id := range ids {
		c, err := tx.Case(Ref{Verification: id})
		if err != nil {
			return sent, err
		}
		if l.desk.linked(c, link) {
			sent = true
		}
		if err := tx.Save(c); err != nil {
			return sent, err
		}
	}
	return sent, nil
}

func tell(tx Tx, link *Link, t EventType) error {
	return tx.AddEvent(Event{
		ID: NewID(PrefixEvent, tx.Now()), BusinessID: link.BusinessID, Mode: Live, Type: t, At: tx.Now(),
		Data: map[string]string{"link_id": string(link.ID), "channel": string(link.Channel), "bot_id": string(link.BotID)},
	})
}
