package telegram

import (
	"slices"
	"strings"

	"otpravka/otpcore"
)

// verbs are the actions that buttons may carry.
var verbs = []otpcore.ActionVerb{otpcore.ActNotMe, otpcore.ActPause, otpcore.ActNoStop, otpcore.ActResume}

// formatAction writes an action as callback data, "notme:vrf_…". The longest
// has 38 bytes of the 64 that Telegram allows
// (https://core.telegram.org/bots/api#inlinekeyboardbutton).
func formatAction(a otpcore.Action) string { return string(a.Verb) + ":" + string(a.ID) }

// parseAction reads callback data back. It is strict: what a button brings may
// come from an older version, or from a client that sends what it likes.
func parseAction(data string) (otpcore.Action, bool) {
	verb, id, _ := strings.Cut(data, ":")
	verification, ok := otpcore.ParseID(otpcore.PrefixVerification, id)
	a := otpcore.Action{Verb: otpcore.ActionVerb(verb), ID: verification}
	return a, ok && slices.Contains(verbs, a.Verb)
}
