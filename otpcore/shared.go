package otpcore

import (
	"cmp"
	"maps"
	"slices"
)

// Shared says which businesses the bots of the operator serve, by bot and
// business, and the display name under which the operator approved each. That
// name stands in every message of such a bot, whatever the business calls itself
// meanwhile: people cannot tell by the bot who writes to them. It never changes
// while the program runs.
type Shared map[ID]map[ID]string

// Name returns the approved name of the business, and false where the bot does
// not serve it.
func (s Shared) Name(bot, business ID) (string, bool) {
	name, ok := s[bot][business]
	return name, ok
}

// Served lists the businesses of a bot by their names.
func (s Shared) Served(bot ID) []ID {
	return slices.SortedFunc(maps.Keys(s[bot]), func(a, b ID) int {
		return cmp.Or(cmp.Compare(s[bot][a], s[bot][b]), cmp.Compare(a, b))
	})
}

// Name is the name under which the chat's bot speaks for the business; empty for
// a bot of the business's own, which speaks under the business's present name.
func (l *Linking) Name(bot *Bot, business ID) string {
	name, _ := l.desk.shared.Name(bot.ID, business)
	return name
}

// Served lists the businesses that a shared bot serves, by their names.
func (l *Linking) Served(bot *Bot) []ID { return l.desk.shared.Served(bot.ID) }

// Joined lists the businesses that the chat of a shared bot is linked for, by
// their names.
func (l *Linking) Joined(tx Tx, chat ChatRef) ([]ID, error) {
	held := make(map[ID]bool)
	err := l.eachLink(tx, chat, func(link *Link) error {
		held[link.BusinessID] = held[link.BusinessID] || link.held()
		return nil
	})
	return slices.DeleteFunc(l.Served(chat.Bot), func(id ID) bool { return !held[id] }), err
}

// About tells which business the chat of a shared bot speaks of: the one that it
// is in the middle of linking for, else the only one that it is linked for or
// that there is. Empty: that has to be asked.
func (l *Linking) About(tx Tx, chat ChatRef) (ID, error) {
	session, err := l.session(tx, chat)
	if err != nil {
		return "", err
	}
	if session != nil && l.serves(chat.Bot, session.BusinessID) {
		return session.BusinessID, nil
	}
	joined, err := l.Joined(tx, chat)
	if err != nil {
		return "", err
	}
	if served := l.Served(chat.Bot); len(joined) == 0 && len(served) == 1 {
		joined = served
	}
	if len(joined) != 1 {
		return "", nil
	}
	return joined[0], nil
}

// Whose tells which business owns the verification, for a chat that got its
// message; empty for any other chat, which learns nothing.
func (l *Linking) Whose(tx Tx, chat ChatRef, verification ID) (ID, error) {
	c, err := l.caseOf(tx, chat, verification)
	if err != nil || c == nil {
		return "", err
	}
	return c.BusinessID, nil
}

// serves reports whether the bot speaks for the business at all.
func (l *Linking) serves(bot *Bot, business ID) bool {
	if !bot.Shared() {
		return bot.BusinessID == business
	}
	_, ok := l.desk.shared.Name(bot.ID, business)
	return ok
}

// opened tells which business a start of the chat is about. With a shared bot
// the link says it, by its token or by the business's own id; a bare start may
// leave it open.
func (l *Linking) opened(tx Tx, chat ChatRef, payload string) (ID, error) {
	var id ID
	switch {
	case !chat.Bot.Shared():
		return chat.Bot.BusinessID, nil
	case chat.Business != "":
		id = chat.Business
	case payload == "":
		if served := l.Served(chat.Bot); len(served) == 1 {
			id = served[0]
		}
	case len(payload) == verificationTokenLen:
		verification, ok := l.desk.readVerificationToken(payload)
		if !ok {
			return "", nil
		}
		c, err := tx.Case(Ref{Verification: verification})
		if err != nil {
			return "", unlessNotFound(err)
		}
		id = c.BusinessID
	case len(payload) == linkTokenLen:
		link, err := tx.LinkByToken(hashToken(payload))
		if err != nil {
			return "", unlessNotFound(err)
		}
		id = link.BusinessID
	default:
		id, _ = ParseID(PrefixBusiness, payload)
	}
	if !l.serves(chat.Bot, id) {
		return "", nil
	}
	return id, nil
}

func unlessNotFound(err error) error {
	if KindOf(err) == KindNotFound {
		return nil
	}
	return err
}

// elsewhere lists the links that the phone has over the bot at the other
// businesses that it serves. A number that proves to be in another chat now is
// in none of theirs.
func (l *Linking) elsewhere(tx Tx, chat ChatRef, business ID, phone Index) ([]*Link, error) {
	var links []*Link
	for _, other := range l.Served(chat.Bot) {
		if other == business {
			continue
		}
		found, err := tx.LinksOfPhone(other, phone)
		if err != nil {
			return nil, err
		}
		for _, link := range found {
			if link.BotID == chat.Bot.ID && link.Chat.Index != l.desk.chatIndex(chat.Bot.ID, chat.Address) {
				links = append(links, link)
			}
		}
	}
	return links, nil
}
