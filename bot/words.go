package bot

import (
	"slices"
	"strings"

	"otpravka/otpcore"
)

// WhatsApp has neither start links nor commands: all that people do there is
// write. This file reads what they may mean.

// stopWords end a link, in the languages that there are texts in. Meta wants STOP
// to be understood in any case.
var stopWords = []string{"stop", "стоп", "unsubscribe", "отписаться", "тоқта", "тоқтату", "to'xta", "to'xtat", "toxta"}

// notMeWords say that a code was not asked for.
var notMeWords = []string{"no", "not me", "нет", "не я", "жоқ", "мен емес", "yo'q", "men emas"}

// Words makes an Inbound of what a person wrote: a token links, a stop word ends
// the link, a word with a slash is a command, and "no" is about the newest code.
// All the rest is text.
func Words(text string) Inbound {
	if token := otpcore.TokenIn(text); token != "" {
		return Inbound{Kind: Start, Payload: token}
	}
	word := strings.ToLower(strings.Trim(strings.TrimSpace(text), ".!\"«» "))
	word = strings.NewReplacer("’", "'", "ʻ", "'", "`", "'").Replace(word)
	switch {
	case word == "/start":
		return Inbound{Kind: Start}
	case slices.Contains(stopWords, word):
		return Inbound{Kind: Command, Command: "stop"}
	case slices.Contains(notMeWords, word):
		return Inbound{Kind: Press, Action: otpcore.Action{Verb: otpcore.ActNotMe}}
	case strings.HasPrefix(word, "/") && !strings.ContainsAny(word, " \n"):
		return Inbound{Kind: Command, Command: word[1:]}
	}
	return Inbound{Kind: Text, Text: text}
}
