package bot

import "otpravka/otpcore"

// A shared bot speaks for several businesses. This file finds out for which,
// and asks the person where nothing tells.

// mostChoices is how many businesses are offered at most: Telegram shows no more
// than 100 buttons, and nobody reads as many. The others are reached by their
// own start links.
const mostChoices = 50

// whose tells which business the update is about, or nothing where a shared bot
// has to ask.
func (t *talk) whose() (otpcore.ID, error) {
	bot := t.chat.Bot
	switch {
	case !bot.Shared():
		return bot.BusinessID, nil
	case t.in.Kind == Start:
		return "", nil // the link says it, or the person is asked anew
	case t.in.Kind == Press && t.in.Action.ID != "":
		if id, ok := otpcore.ParseID(otpcore.PrefixBusiness, string(t.in.Action.ID)); ok {
			return id, nil
		}
		return t.linking.Whose(t.tx, t.chat, t.in.Action.ID)
	}
	return t.linking.About(t.tx, t.chat)
}

// turnTo makes the business the one that is spoken of. One that the bot does not
// serve, or that is no more, is none.
func (t *talk) turnTo(id otpcore.ID) error {
	t.business, t.chat.Business = nil, ""
	if id == "" || t.chat.Bot.Shared() && t.linking.Name(t.chat.Bot, id) == "" {
		return nil
	}
	business, err := t.tx.Business(id)
	if otpcore.KindOf(err) == otpcore.KindNotFound && t.chat.Bot.Shared() {
		return nil
	}
	if err != nil {
		return err
	}
	t.business, t.chat.Business = business, id
	return nil
}

// name is how the bot calls the business.
func (t *talk) name() string {
	if t.business == nil {
		return ""
	}
	if name := t.linking.Name(t.chat.Bot, t.business.ID); name != "" {
		return name
	}
	return t.business.Name
}

// owner is whose answers are counted as; nobody's while nobody is spoken of.
func (t *talk) owner() otpcore.ID {
	if t.business == nil {
		return ""
	}
	return t.business.ID
}

// choose answers with a button for each of the businesses.
func (t *talk) choose(key string, verb otpcore.ActionVerb, among []otpcore.ID) error {
	m, err := t.renderer.Reply(key, t.chat.Locale, nil)
	if err != nil {
		return err
	}
	for _, id := range among[:min(len(among), mostChoices)] {
		label := t.linking.Name(t.chat.Bot, id)
		m.Buttons = append(m.Buttons, []otpcore.Button{{Label: label, Action: otpcore.Action{Verb: verb, ID: id}}})
	}
	return t.linking.Reply(t.tx, t.chat, t.owner(), m)
}

// stopWhich ends the link for the one business that there is, or asks for which.
func (t *talk) stopWhich() error {
	joined, err := t.linking.Joined(t.tx, t.chat)
	switch {
	case err != nil:
		return err
	case len(joined) == 0:
		return t.reply("nothing_linked", nil)
	case len(joined) > 1:
		return t.choose("stop_which", otpcore.ActQuit, joined)
	}
	if err := t.turnTo(joined[0]); err != nil {
		return err
	}
	return t.quit()
}

func (t *talk) quit() error {
	n, err := t.linking.Stop(t.tx, t.chat)
	switch {
	case err != nil:
		return err
	case n == 0:
		return t.reply("nothing_linked", nil)
	}
	return t.reply("stopped", nil)
}

// chosen does what a button with a business asks for.
func (t *talk) chosen() error {
	switch {
	case t.business == nil:
		return t.choose("which", otpcore.ActJoin, t.linking.Served(t.chat.Bot))
	case t.in.Action.Verb == otpcore.ActJoin:
		return t.start()
	case t.in.Action.Verb == otpcore.ActQuit:
		return t.quit()
	case t.in.Action.Verb == otpcore.ActMute, t.in.Action.Verb == otpcore.ActUnmute:
		return t.mute(t.in.Action.Verb == otpcore.ActMute)
	}
	return t.reply(string(t.in.Action.Verb), nil)
}

// tellOld tells a chat that a phone is no longer linked to it. Over a shared bot
// it may have been linked for other businesses, whose codes go nowhere else.
func (t *talk) tellOld(old otpcore.ChatRef, told args) error {
	if t.business == nil || old.Business == t.business.ID || !old.Bot.Shared() {
		return t.tell(old, "replaced", told)
	}
	now := t.business.ID
	if err := t.turnTo(old.Business); err != nil {
		return err
	}
	err := t.tell(old, "moved_away", told)
	if back := t.turnTo(now); err == nil {
		err = back
	}
	return err
}
