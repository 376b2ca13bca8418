package bot

import (
	"cmp"

	"otpravka/otpcore"
)

// Alerts tell the owner of a business, in the owner's own chat, of a bot that
// needs somebody. Trouble that passes by itself is for the API, the events and
// the log alone: a message at night that asks for nothing teaches people to
// read none.
type Alerts struct {
	Linking  *otpcore.Linking
	Renderer otpcore.Renderer
}

// alertTexts are the answers of the renderer for the states that need somebody.
var alertTexts = map[otpcore.BotState]string{
	otpcore.BotBadCredentials: "bot_bad_credentials",
	otpcore.BotConflict:       "bot_conflict",
	otpcore.BotInUse:          "bot_in_use",
	otpcore.BotRestricted:     "bot_restricted",
	otpcore.BotTextsRefused:   "bot_templates_refused",
	otpcore.BotLimited:        "bot_limited",
	otpcore.BotLoggedOut:      "bot_logged_out",
	otpcore.BotReplaced:       "bot_replaced",
	otpcore.BotOutdated:       "bot_outdated",
	otpcore.BotPhoneSilent:    "bot_phone_silent",
}

// alert tells the owner of the bot's new state, or whoever the operator wants to
// be told of a shared one's, in the transaction that stores it: once, however often
// the program starts. A text that cannot be made must not keep the state from being
// stored.
func (f *Fleet) alert(tx otpcore.Tx, b *otpcore.Bot) error {
	key, needed := alertTexts[b.State]
	if f.config.Alerts == nil || !needed {
		return nil
	}
	about := b.BusinessID
	if b.Shared() {
		if about = f.config.Told[b.ID]; about == "" {
			return nil
		}
	}
	business, err := tx.Business(about)
	if b.Shared() && otpcore.KindOf(err) == otpcore.KindNotFound {
		f.config.Log.Error("the business to tell of a shared bot's trouble is unknown", "bot_id", b.ID, "business_id", about)
		return nil
	}
	if err != nil {
		return err
	}
	a := f.config.Alerts
	told, err := a.Linking.TellOwner(tx, business, f.works, func(language string) (otpcore.Message, bool) {
		locale := a.Renderer.Locale(language, business.Settings.Locale)
		m, err := a.Renderer.Reply(key, locale, map[string]string{"bot": cmp.Or(b.Username, b.Name)})
		if err != nil {
			f.config.Log.Error("alert not rendered", "bot_id", b.ID, "error", err)
		}
		return m, err == nil
	})
	if err == nil && !told {
		f.config.Log.Warn("nobody told of a bot's trouble", "bot_id", b.ID, "state", b.State)
	}
	return err
}

// works reports whether messages leave through the bot.
func (f *Fleet) works(id otpcore.ID) bool {
	m := f.member(id)
	if m == nil || m.connector == nil {
		return false
	}
	state, _, _ := m.condition()
	return state.Usable()
}
