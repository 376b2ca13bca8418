package bot

import (
	"strconv"
	"time"

	"otpravka/otpcore"
)

// press does what a button under a message asks for. Only the chat that got
// the message may act on its verification; the linking rules see to that.
func (t *talk) press() error {
	verification, err := t.meant()
	if err != nil {
		return err
	}
	switch t.in.Action.Verb {
	case otpcore.ActNotMe:
		return t.notMe(verification)
	case otpcore.ActPause:
		until, err := t.linking.Pause(t.tx, t.chat, verification)
		if err != nil {
			return t.overUnless(err)
		}
		return t.reply("paused", args{"until": t.clock(until), "verification": string(verification)})
	case otpcore.ActNoStop:
		return t.reply("not_paused_kept", nil)
	case otpcore.ActResume:
		if err := t.linking.Resume(t.tx, t.chat, verification); err != nil {
			return t.overUnless(err)
		}
		return t.reply("resumed", nil)
	case otpcore.ActSpeak:
		return t.chooseLanguage()
	case otpcore.ActJoin, otpcore.ActQuit, otpcore.ActHelp, otpcore.ActPrivacy, otpcore.ActMute, otpcore.ActUnmute:
		if t.chat.Bot.Shared() {
			return t.chosen()
		}
	}
	return nil
}

// meant is the verification that a press is about. Where the button cannot say
// it, the message does that it stands under; and words are about the newest code
// that the chat has.
func (t *talk) meant() (otpcore.ID, error) {
	switch {
	case t.in.Action.ID != "" || t.in.Action.Verb == otpcore.ActSpeak:
		return t.in.Action.ID, nil
	case t.in.About != "":
		return t.linking.Sent(t.tx, t.chat, t.in.About)
	}
	return t.linking.Newest(t.tx, t.chat)
}

func (t *talk) chooseLanguage() error {
	locale := t.renderer.Locale(t.in.Action.Locale, "")
	if err := t.linking.Speak(t.tx, t.chat, locale); err != nil {
		return err
	}
	t.speak(locale)
	return t.reply("language_chosen", nil)
}

func (t *talk) notMe(verification otpcore.ID) error {
	r, err := t.linking.NotMe(t.tx, t.chat, verification)
	if err != nil {
		return t.overUnless(err)
	}
	if r.Outcome != otpcore.ReportDone {
		// A stranger's chat hears the same as one that is too late, and so
		// learns nothing about the verification.
		return t.reply("already_over", nil)
	}
	return t.reply("reported", args{
		"verification": string(verification), "hours": strconv.Itoa(int(r.Pause / time.Hour)),
	})
}

// overUnless answers a press on something that is not the chat's, or is gone.
func (t *talk) overUnless(err error) error {
	if otpcore.KindOf(err) == otpcore.KindNotFound {
		return t.reply("already_over", nil)
	}
	return err
}

// clock writes a moment of the next day or so in the business's time zone.
func (t *talk) clock(at time.Time) string {
	name := "" // which is UTC
	if t.business != nil {
		name = t.business.Settings.TimeZone
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		zone = time.UTC
	}
	return at.In(zone).Format("15:04 02.01 (MST)")
}
