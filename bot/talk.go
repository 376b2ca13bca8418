package bot

import (
	"cmp"
	"maps"
	"regexp"
	"time"

	"otpravka/otpcore"
)

// talk is the handling of one update inside its transaction. It may be thrown
// away and begun anew, so what it wants the conversation to remember waits
// until the transaction stands.
type talk struct {
	*Conversation
	tx otpcore.Tx
	in Inbound

	chat      otpcore.ChatRef
	business  *otpcore.Business // nil: a shared bot was not told yet which
	supported bool
	now       time.Time
}

// answer does what the person asked of the bot.
func (t *talk) answer(bot *otpcore.Bot) error {
	t.chat = otpcore.ChatRef{Bot: bot, Address: t.in.Chat, At: t.in.At}
	if t.whatsApp() && t.in.Number != "" {
		t.chat.Phone, _ = t.phones.ParsePhone(t.in.Number, "") // one that no code can be sent to is as good as none
	}
	about, err := t.whose()
	if err == nil {
		err = t.turnTo(about)
	}
	if err != nil {
		return err
	}
	if t.chat.Language, err = t.linking.Language(t.tx, t.chat); err != nil {
		return err
	}
	t.speak(t.chat.Language)
	if t.in.writes() {
		// Somebody who writes has the bot unblocked, whether or not the network's
		// notice of that has come yet.
		if err := t.linking.Back(t.tx, t.chat); err != nil {
			return err
		}
	}
	switch t.in.Kind {
	case Start:
		return t.start()
	case Contact:
		return t.contact()
	case RefusedContact:
		return t.ask("not_own_contact")
	case Command:
		return t.command()
	case Text:
		return t.text()
	case Press:
		return t.press()
	case Blocked, Unblocked:
		return t.membership()
	case Moved:
		_, err := t.linking.Stop(t.tx, t.chat)
		return err
	}
	return nil
}

// speak fixes the language of the answers: the one that the person chose, else
// the network's word, else the business's.
func (t *talk) speak(chosen string) {
	told := t.in.Locale
	if chosen != "" {
		told = chosen
	}
	fallback := ""
	if t.business != nil {
		fallback = t.business.Settings.Locale
	}
	t.chat.Locale = t.renderer.Locale(told, fallback)
}

// remember keeps, after the commit, what later updates need to know.
func (t *talk) remember() {
	if t.supported {
		t.Conversation.supported.note(t.key(), t.now, t.now)
	}
}

func (t *talk) key() chatKey { return chatKey{string(t.in.BotID), t.in.Chat} }

func (t *talk) start() error {
	if t.chat.Bot.Kind.Quiet() && t.in.Payload == "" {
		return nil
	}
	inv, err := t.linking.Open(t.tx, t.chat, t.in.Payload)
	if err != nil {
		return err
	}
	if inv.Business != nil {
		if err := t.turnTo(inv.Business.ID); err != nil {
			return err
		}
	}
	switch inv.Outcome {
	case otpcore.InviteOpen:
	case otpcore.InviteWhich:
		return t.choose("which", otpcore.ActJoin, t.linking.Served(t.chat.Bot))
	case otpcore.InviteExpired:
		return t.reply("token_expired", nil)
	case otpcore.InviteUsed:
		return t.reply("token_used", nil)
	default:
		return t.reply("token_unknown", nil)
	}
	if t.whatsApp() {
		return t.greeted()
	}
	if inv.Phone.IsZero() {
		return t.reply("greeting_any", nil)
	}
	return t.reply("greeting", args{"phone": inv.Phone.Short()})
}

func (t *talk) whatsApp() bool { return t.chat.Bot.Kind.Channel() == otpcore.WhatsApp }

// greeted links at once: WhatsApp tells the writer's number with the message. Of
// people who go by a name it may tell none, and no name proves a number.
func (t *talk) greeted() error {
	if t.chat.Phone.IsZero() {
		return t.reply("number_unknown", nil)
	}
	return t.share(t.chat.Phone)
}

func (t *talk) contact() error {
	phone, err := t.phones.ParsePhone(t.in.Number, "")
	if err != nil {
		// The network vouches for a number that no code can be sent to, such
		// as an anonymous one: it cannot be anybody's number with a business.
		return t.reply("not_own_contact", nil)
	}
	return t.share(phone)
}

func (t *talk) share(phone otpcore.Phone) error {
	a, err := t.linking.Accept(t.tx, t.chat, phone)
	if err != nil {
		return err
	}
	if a.Business != nil {
		if err := t.turnTo(a.Business.ID); err != nil {
			return err
		}
	}
	switch a.Outcome {
	case otpcore.AcceptLinked:
		return t.linked(a, phone)
	case otpcore.AcceptWrongPhone:
		return t.reply("wrong_phone", args{"shared": phone.Short(), "expected": a.Expected.Short()})
	case otpcore.AcceptUsed:
		return t.reply("token_used", nil)
	default:
		return t.reply("not_started", nil)
	}
}

func (t *talk) linked(a otpcore.Acceptance, phone otpcore.Phone) error {
	told := args{"phone": phone.Short()}
	for _, old := range a.Replaced {
		if err := t.tellOld(old, told); err != nil {
			return err
		}
	}
	key := "linked"
	switch {
	case a.Renewed:
		key = "renewed"
	case !a.Former.IsZero():
		key, told["former"] = "number_changed", a.Former.Short()
	}
	if err := t.reply(key, told); err != nil || a.ReturnURL == "" {
		return err
	}
	m, err := t.render(t.chat, "way_back", args{"url": a.ReturnURL})
	if err != nil {
		return err
	}
	return t.linking.Follow(t.tx, t.chat, t.business.ID, m)
}

func (t *talk) command() error {
	switch t.in.Command {
	case "stop", "unlink":
		if t.chat.Bot.Shared() {
			return t.stopWhich()
		}
		return t.quit()
	case "mute", "unmute":
		return t.mute(t.in.Command == "mute")
	case "help", "privacy":
		if t.business == nil {
			return t.choose("about_which", otpcore.ActionVerb(t.in.Command), t.linking.Served(t.chat.Bot))
		}
		return t.reply(t.in.Command, nil)
	case "language":
		return t.reply(t.in.Command, nil)
	}
	return t.support()
}

// mute keeps messages about orders out of the chat, or lets them in again.
func (t *talk) mute(muted bool) error {
	if t.business == nil {
		joined, err := t.linking.Joined(t.tx, t.chat)
		if err != nil {
			return err
		}
		if len(joined) == 0 {
			return t.reply("nothing_linked", nil)
		}
		verb := otpcore.ActUnmute
		if muted {
			verb = otpcore.ActMute
		}
		return t.choose("about_which", verb, joined)
	}
	n, err := t.linking.Mute(t.tx, t.chat, muted)
	switch {
	case err != nil:
		return err
	case n == 0:
		return t.reply("nothing_linked", nil)
	case muted:
		return t.reply("muted", nil)
	}
	return t.reply("unmuted", nil)
}

// typedNumber is what people write when they type their number instead of
// sharing it. It proves nothing.
var typedNumber = regexp.MustCompile(`^\s*\+?[0-9][0-9 ()./-]{7,22}[0-9]\s*$`)

func (t *talk) text() error {
	if !t.whatsApp() && typedNumber.MatchString(t.in.Text) {
		return t.ask("type_number_not_enough")
	}
	return t.support()
}

// ask answers with the button that shares the number, and sees to it that the
// number is waited for.
func (t *talk) ask(key string) error {
	if t.business == nil {
		return t.choose("which", otpcore.ActJoin, t.linking.Served(t.chat.Bot))
	}
	if err := t.linking.Ask(t.tx, t.chat); err != nil {
		return err
	}
	return t.reply(key, nil)
}

// support points to the business's people, at most once per supportEvery and
// chat.
func (t *talk) support() error {
	if last := t.Conversation.supported.last(t.key()); !last.IsZero() && t.now.Sub(last) < supportEvery {
		return nil
	}
	t.supported = true
	if t.business == nil {
		return t.choose("which", otpcore.ActJoin, t.linking.Served(t.chat.Bot))
	}
	if text := t.business.Settings.SupportText; text != "" {
		return t.reply("support", args{"text": text})
	}
	return t.reply("support_none", nil)
}

// membership follows blocking and unblocking.
func (t *talk) membership() error {
	if t.in.Kind == Blocked {
		return t.linking.Gone(t.tx, t.chat, "blocked")
	}
	return t.linking.Back(t.tx, t.chat)
}

// args fill the names of a reply's text. Every text may name the business.
type args = map[string]string

func (t *talk) reply(key string, with args) error { return t.tell(t.chat, key, with) }

// heard are the answers that a quiet bot gives: those to somebody who came with a
// token that is alive, holds a link, or got a code.
var heard = map[string]bool{
	"linked": true, "renewed": true, "number_changed": true, "wrong_phone": true, "number_unknown": true,
	"replaced": true, "moved_away": true, "stopped": true,
	"reported": true, "paused": true, "resumed": true, "not_paused_kept": true,
}

// plain are the words of a quiet bot for what others say with buttons, which its
// chats do not show, or with /start, which it does not answer.
var plain = map[string]string{"reported": "reported_plain", "stopped": "stopped_plain"}

func (t *talk) tell(chat otpcore.ChatRef, key string, with args) error {
	if chat.Bot.Kind.Quiet() {
		if !heard[key] {
			return nil
		}
		key = cmp.Or(plain[key], key)
	}
	m, err := t.render(chat, key, with)
	if err != nil {
		return err
	}
	return t.linking.Reply(t.tx, chat, t.owner(), m)
}

func (t *talk) render(chat otpcore.ChatRef, key string, with args) (otpcore.Message, error) {
	all := args{"business": t.name()}
	maps.Copy(all, with)
	m, err := t.renderer.Reply(key, chat.Locale, all)
	if err == nil && t.business != nil && chat.Bot.Shared() {
		m = m.Under(t.name())
	}
	return m, err
}
