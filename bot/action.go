package bot

import (
	"slices"
	"strings"

	"otpravka/otpcore"
)

// verbs are the actions that buttons may carry, about a verification.
var verbs = []otpcore.ActionVerb{otpcore.ActNotMe, otpcore.ActPause, otpcore.ActNoStop, otpcore.ActResume}

// choices are the actions about a business.
var choices = []otpcore.ActionVerb{otpcore.ActJoin, otpcore.ActQuit, otpcore.ActHelp, otpcore.ActPrivacy, otpcore.ActMute, otpcore.ActUnmute}

// FormatAction writes an action as the data of a button, "notme:vrf_…" or "speak:kk".
// The longest has 38 bytes of the 64 that Telegram allows
// (https://core.telegram.org/bots/api#inlinekeyboardbutton), and WhatsApp allows
// more.
func FormatAction(a otpcore.Action) string { return string(a.Verb) + ":" + string(a.ID) + a.Locale }

// ParseAction reads the data of a button back. It is strict: what a button brings may
// come from an older version, or from a client that sends what it likes.
func ParseAction(data string) (otpcore.Action, bool) {
	verb, about, _ := strings.Cut(data, ":")
	a := otpcore.Action{Verb: otpcore.ActionVerb(verb)}
	if a.Verb == otpcore.ActSpeak {
		a.Locale = about
		return a, otpcore.WellFormedLocale(about)
	}
	var ok bool
	if slices.Contains(choices, a.Verb) {
		a.ID, ok = otpcore.ParseID(otpcore.PrefixBusiness, about)
		return a, ok
	}
	a.ID, ok = otpcore.ParseID(otpcore.PrefixVerification, about)
	return a, ok && slices.Contains(verbs, a.Verb)
}
