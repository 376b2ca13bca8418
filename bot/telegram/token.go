package telegram

import (
	"fmt"
	"log/slog"
	"regexp"
	"strings"
)

// token is a bot's credential. It prints as dots.
type token string

// tokenForm is what a token looks like. The token becomes part of a URL, so
// anything else could reach another path of the server, or another server.
var tokenForm = regexp.MustCompile(`^[1-9][0-9]{5,15}:[A-Za-z0-9_-]{30,64}$`)

func (t token) wellFormed() bool { return tokenForm.MatchString(string(t)) }

// Account is the user id of the bot that a credential belongs to, and false for
// something that is no token.
func Account(credential string) (string, bool) {
	t := token(credential)
	return t.account(), t.wellFormed()
}

// account is the bot's user id, the part before the colon.
func (t token) account() string {
	id, _, _ := strings.Cut(string(t), ":")
	return id
}

// String hides the token.
func (t token) String() string { return "•••" }

// Format hides the token under every verb.
func (t token) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(t.String())) }

// LogValue hides the token in structured logs.
func (t token) LogValue() slog.Value { return slog.StringValue(t.String()) }
