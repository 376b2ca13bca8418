package otpcore

import (
	"errors"
	"slices"
	"time"
)

// Gone makes the chat's links inactive: it blocked the bot, or its account is
// no more. SMS takes over at once. A notice that is older than what the chat
// did since is no news.
func (l *Linking) Gone(tx Tx, chat ChatRef, reason string) error {
	return l.eachLink(tx, chat, func(link *Link) error {
		if !link.held() || link.sinceThen(chat.At) {
			return nil
		}
		link.ActedAt = later(link.ActedAt, chat.At)
		if link.Status == LinkActive {
			link.Status, link.EndReason, link.EndedAt = LinkInactive, reason, tx.Now()
		}
		return tx.SaveLink(link)
	})
}

// Back brings the chat's inactive links back: the person unblocked the bot, or
// wrote to it, which is a sign of the same. What waits for a link, or for a window
// to open, is delivered right there.
func (l *Linking) Back(tx Tx, chat ChatRef) error {
	return l.eachLink(tx, chat, func(link *Link) error {
		if !link.held() || link.sinceThen(chat.At) {
			return nil
		}
		was := *link
		link.Status, link.EndReason, link.EndedAt = LinkActive, "", noTime
		link.ActedAt = later(was.ActedAt, chat.At)
		if was.Status == LinkActive && link.ActedAt.Equal(was.ActedAt) {
			return nil
		}
		reached := was.Status == LinkActive && l.desk.carriers.Way(link.BusinessID, Live, link.Channel, link.Phone.Region).open(&was, tx.Now())
		if err := tx.SaveLink(link); err != nil || reached {
			return err
		}
		if _, err := l.deliverPending(tx, link); err != nil {
			return err
		}
		return l.deliverOrders(tx, link)
	})
}

// lateBy is how far the network's clock may be behind ours.
const lateBy = time.Minute

// Stop revokes the chat's links at the person's wish and returns how many. With a
// shared bot these are the links of the business that is spoken of. A link that was
// made since the wish is not meant.
func (l *Linking) Stop(tx Tx, chat ChatRef) (int, error) {
	n := 0
	err := l.eachLink(tx, chat, func(link *Link) error {
		since := !chat.At.IsZero() && link.VerifiedAt.After(chat.At.Add(lateBy))
		if !link.held() || since || chat.Bot.Shared() && link.BusinessID != chat.Business {
			return nil
		}
		n++
		link.Status, link.EndReason, link.EndedAt = LinkRevoked, "stopped", tx.Now()
		if err := tx.SaveLink(link); err != nil {
			return err
		}
		return tell(tx, link, EventLinkRevoked)
	})
	return n, err
}

func (l *Linking) eachLink(tx Tx, chat ChatRef, do func(*Link) error) error {
	links, err := tx.LinksOfChat(chat.Bot.ID, l.desk.chatIndex(chat.Bot.ID, chat.Address))
	if err != nil {
		return err
	}
	for _, link := range links {
		if err := do(link); err != nil {
			return err
		}
	}
	return nil
}

// ReportOutcome says what became of "It wasn't me".
type ReportOutcome string

// The outcomes of "It wasn't me".
const (
	ReportDone    ReportOutcome = "done"    // the verification is canceled
	ReportOver    ReportOutcome = "over"    // it had ended before
	ReportForeign ReportOutcome = "foreign" // not this chat's message
)

// Reported is the answer to "It wasn't me".
type Reported struct {
	Outcome ReportOutcome
	Pause   time.Duration // how long a pause would last, to be offered
}

// The pauses that a person may ask for: the first one, and every later one.
const (
	firstPause = time.Hour
	nextPause  = day
)

// NotMe cancels the verification at once. Only the chat that got the message
// may do so, while its link is active.
func (l *Linking) NotMe(tx Tx, chat ChatRef, verification ID) (Reported, error) {
	c, err := l.caseOf(tx, chat, verification)
	if c == nil || err != nil {
		return Reported{Outcome: ReportForeign}, err
	}
	r := Reported{Outcome: ReportDone, Pause: pauseOf(c.Standing)}
	if c.Verification.Status.Terminal() {
		r.Outcome = ReportOver
		return r, nil
	}
	l.desk.end(c, Canceled, EndReported)
	return r, tx.Save(c)
}

// Pause keeps codes away from the phone for a while and returns until when.
func (l *Linking) Pause(tx Tx, chat ChatRef, verification ID) (time.Time, error) {
	c, err := l.caseOf(tx, chat, verification)
	if err != nil {
		return noTime, err
	}
	if c == nil {
		return noTime, ErrNotFound
	}
	s := c.Standing
	if s.PausedUntil.After(tx.Now()) {
		return s.PausedUntil, nil // pressed twice
	}
	s.PausedUntil = tx.Now().Add(pauseOf(s))
	s.Pauses++
	return s.PausedUntil, tx.SaveStanding(s)
}

// Resume lifts the pause.
func (l *Linking) Resume(tx Tx, chat ChatRef, verification ID) error {
	c, err := l.caseOf(tx, chat, verification)
	if err != nil {
		return err
	}
	if c == nil {
		return ErrNotFound
	}
	c.Standing.PausedUntil = noTime
	return tx.SaveStanding(c.Standing)
}

func pauseOf(s *Standing) time.Duration {
	if s.Pauses > 0 {
		return nextPause
	}
	return firstPause
}

// Sent names the verification whose code is in a message of the chat's bot;
// empty: there is none. What the chat may do with it, NotMe and the others look
// at themselves.
func (l *Linking) Sent(tx Tx, chat ChatRef, messageID string) (ID, error) {
	ref, _, err := tx.FindSent(string(chat.Bot.Kind), messageID)
	return ref.Verification, unlessNotFound(err)
}

// Newest names the newest pending verification whose code the chat has, for
// people who answer in words and point at no message; empty: there is none. Words
// may come hours late, and say nothing of a code that was begun after them.
func (l *Linking) Newest(tx Tx, chat ChatRef) (ID, error) {
	var newest ID
	look := func(business ID, phone Index) error {
		ids, err := tx.PendingOf(business, phone)
		for _, id := range ids {
			c, caseErr := l.caseOf(tx, chat, id)
			if caseErr != nil {
				return caseErr
			}
			meant := c != nil && (chat.At.IsZero() || !c.Verification.CreatedAt.After(chat.At.Add(lateBy)))
			if meant && id > newest {
				newest = id
			}
		}
		return err
	}
	err := l.eachLink(tx, chat, func(link *Link) error { return look(link.BusinessID, link.Phone.Index) })
	if err == nil && !chat.Phone.IsZero() && chat.business() != "" {
		err = look(chat.business(), l.desk.phoneIndex(chat.Phone))
	}
	return newest, err
}

// caseOf returns the verification's case if the chat got its message and is
// linked to its phone still, or if the message went to the bare number, over the
// chat's bot, from which the chat's person writes. Else it is nil.
func (l *Linking) caseOf(tx Tx, chat ChatRef, verification ID) (*Case, error) {
	if verification == "" {
		return nil, nil
	}
	c, err := tx.Case(Ref{Verification: verification})
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !chat.Phone.IsZero() && c.Verification.Phone.Index == l.desk.phoneIndex(chat.Phone) &&
		slices.ContainsFunc(c.Deliveries, func(dlv *Delivery) bool { return dlv.toNumber(chat.Bot.ID) }) {
		return c, nil
	}
	index := l.desk.chatIndex(chat.Bot.ID, chat.Address)
	got := slices.ContainsFunc(c.Deliveries, func(dlv *Delivery) bool { return c.sentTo(dlv, chat.Bot.ID, index) })
	linked := slices.ContainsFunc(c.Links, func(link *Link) bool {
		return link.Status == LinkActive && link.BotID == chat.Bot.ID && link.Chat.Index == index
	})
	if !got || !linked {
		return nil, nil
	}
	return c, nil
}
