package otpcore

import "errors"

// Language returns the language that the person chose in the chat, or nothing.
func (l *Linking) Language(tx Tx, chat ChatRef) (string, error) {
	session, err := tx.Session(chat.Bot.ID, l.desk.chatIndex(chat.Bot.ID, chat.Address))
	switch {
	case err == nil && session.Language != "":
		return session.Language, nil
	case err != nil && !errors.Is(err, ErrNotFound):
		return "", err
	}
	chosen := ""
	err = l.eachLink(tx, chat, func(link *Link) error {
		chosen = or(link.Language, chosen) // the newest comes last
		return nil
	})
	return chosen, err
}

// Speak remembers the language that the person chose: in the chat's links,
// whose codes are written in it from now on, and in what the chat is in the
// middle of. A chat that has neither is asked for its number by that, so that
// the choice is kept until it shares it.
func (l *Linking) Speak(tx Tx, chat ChatRef, locale string) error {
	linked := false
	err := l.eachLink(tx, chat, func(link *Link) error {
		linked = linked || link.held()
		link.Language = locale
		return tx.SaveLink(link)
	})
	if err != nil {
		return err
	}
	session, err := tx.Session(chat.Bot.ID, l.desk.chatIndex(chat.Bot.ID, chat.Address))
	switch {
	case errors.Is(err, ErrNotFound) && linked:
		return nil
	case errors.Is(err, ErrNotFound):
		session = l.newSession(tx, chat, chat.business())
	case err != nil:
		return err
	}
	session.Language = locale
	return tx.SaveSession(session)
}
