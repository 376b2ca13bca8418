package telegram

import (
	"regexp"
	"strings"

	"otpravka/bot"
)

// numberForm is what Telegram calls a phone number; the plus sign is usually
// missing. Nothing else is looked at, least of all other scripts' digits.
var numberForm = regexp.MustCompile(`^\+?[1-9][0-9]{6,14}$`)

// contactRules are what a contact must not be, each with the word for the log.
// The user id inside a contact is filled in by Telegram's server and cannot be
// forged by an app, so a card with the sender's own id is the sender's own
// number. A forwarded card could be the sender's own one of long ago, with a
// number that somebody else has today.
//
// Messages of groups, channels and business accounts, and edits, do not even
// get here.
var contactRules = []struct {
	why    string
	broken func(*message) bool
}{
	{"forwarded", (*message).isForwarded},
	{"via another bot", func(m *message) bool { return present(m.ViaBot) }},
	{"edited", func(m *message) bool { return present(m.EditDate) }},
	{"no user id", func(m *message) bool { return m.Contact.UserID == 0 }},
	{"somebody else's", func(m *message) bool { return m.Contact.UserID != m.From.ID }},
	{"no phone number", func(m *message) bool { return !numberForm.MatchString(m.Contact.Number) }},
}

// readContact fills in the shared number, if it proves what it says.
func (m *message) readContact(in *bot.Inbound) {
	for _, rule := range contactRules {
		if rule.broken(m) {
			in.Kind, in.Why = bot.RefusedContact, rule.why
			return
		}
	}
	in.Kind, in.Number = bot.Contact, "+"+strings.TrimPrefix(m.Contact.Number, "+")
}

func (m *message) isForwarded() bool {
	return present(m.ForwardOrigin) || present(m.ForwardDate) || present(m.ForwardFrom) || present(m.ForwardSenderName)
}

// commandForm is "/name", perhaps addressed to a bot, perhaps with words after
// it.
var commandForm = regexp.MustCompile(`^/([A-Za-z0-9_]{1,32})(?:@[A-Za-z0-9_]+)?(?:\s+(?s:(.*)))?$`)

// readText tells commands from other texts. A forwarded command is somebody
// else's word and no command.
func (m *message) readText(in *bot.Inbound) {
	parts := commandForm.FindStringSubmatch(m.Text)
	switch {
	case parts == nil || m.isForwarded():
		in.Kind, in.Text = bot.Text, m.Text
	case strings.EqualFold(parts[1], "start"):
		in.Kind, in.Payload = bot.Start, strings.TrimSpace(parts[2])
	default:
		in.Kind, in.Command = bot.Command, strings.ToLower(parts[1])
	}
}
