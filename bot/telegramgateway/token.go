package telegramgateway

import (
	"fmt"
	"log/slog"
	"regexp"
)

// token is the access token of a Gateway account. It prints as dots.
type token string

// tokenForm keeps out what cannot be a token and would break a header.
var tokenForm = regexp.MustCompile(`^[!-~]{16,256}$`)

func (t token) wellFormed() bool { return tokenForm.MatchString(string(t)) }

// String hides the token.
func (t token) String() string { return "•••" }

// Format hides the token under every verb.
func (t token) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(t.String())) }

// LogValue hides the token in structured logs.
func (t token) LogValue() slog.Value { return slog.StringValue(t.String()) }
