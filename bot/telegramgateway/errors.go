package telegramgateway

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"otpravka/otpcore"
)

// class is what a failed call means for us.
type class string

const (
	unwritten   class = "unwritten"    // the Gateway has not seen the request
	unanswered  class = "unanswered"   // it may have done what was asked
	serverDown  class = "server_down"  // an answer that says so
	rateLimited class = "rate_limited" // later, after retryAfter
	badToken    class = "bad_token"
	noFunds     class = "no_funds"
	badNumber   class = "bad_number"
	unreachable class = "unreachable" // not on Telegram, or takes no codes
	badCode     class = "bad_code"
	badSender   class = "bad_sender"
	seen        class = "seen" // a repeat
	refused     class = "refused"
)

// names are the errors that mean more than their status. Telegram documents
// ACCESS_TOKEN_INVALID only; the others follow its usual words. One that is not
// listed is a refusal like any other.
var names = map[string]class{
	"ACCESS_TOKEN_INVALID":       badToken,
	"ACCESS_TOKEN_REQUIRED":      badToken,
	"ACCESS_TOKEN_EXPIRED":       badToken,
	"ACCESS_TOKEN_REVOKED":       badToken,
	"BALANCE_NOT_ENOUGH":         noFunds,
	"BALANCE_TOO_LOW":            noFunds,
	"PHONE_NUMBER_INVALID":       badNumber,
	"PHONE_NUMBER_REQUIRED":      badNumber,
	"PHONE_NUMBER_NOT_FOUND":     unreachable,
	"PHONE_NUMBER_NOT_AVAILABLE": unreachable,
	"PHONE_NUMBER_UNOCCUPIED":    unreachable,
	"PHONE_NUMBER_BANNED":        unreachable,
	"CODE_INVALID":               badCode,
	"CODE_LENGTH_INVALID":        badCode,
	"SENDER_USERNAME_INVALID":    badSender,
	"SENDER_NOT_VERIFIED":        badSender,
	"MESSAGE_ALREADY_SENT":       seen,
}

// waits are the beginnings of errors that end in a number of seconds.
var waits = []string{"FLOOD_WAIT", "TOO_MANY_REQUESTS"}

// classify goes by the error's name, and where nobody knows that, by the status.
// Only a name that we know is returned: anything else may quote the request.
func classify(status int, name string) (class, string, time.Duration) {
	if c, ok := names[name]; ok {
		return c, name, 0
	}
	for _, w := range waits {
		if rest, ok := strings.CutPrefix(name, w); ok {
			seconds, err := strconv.Atoi(strings.TrimPrefix(rest, "_"))
			if err != nil || seconds < 0 {
				seconds = 0
			}
			return rateLimited, w, min(time.Duration(seconds)*time.Second, time.Hour)
		}
	}
	switch {
	case status == http.StatusUnauthorized:
		return badToken, "", 0
	case status == http.StatusTooManyRequests:
		return rateLimited, "", 0
	case status >= 300 && status < 400, status >= 500:
		return serverDown, "", 0
	}
	return refused, "", 0
}

// callError is a call that failed. It holds nothing of the request, and of the
// answer only words that we know.
type callError struct {
	method     string
	class      class
	status     int    // 0 without an answer
	name       string // the Gateway's own, if we know it
	understood bool   // the answer is the Gateway's own
	retryAfter time.Duration
	err        error // without an answer
}

func (e *callError) Error() string {
	if e.err != nil {
		return fmt.Sprintf("%s: %s: %v", e.method, e.class, e.err)
	}
	return fmt.Sprintf("%s: %s: status %d %s", e.method, e.class, e.status, e.name)
}

func (e *callError) Unwrap() error { return e.err }

// verdicts are the domain's words for failed sends.
var verdicts = map[class]struct {
	class otpcore.ErrorClass
	text  string
}{
	unwritten:   {otpcore.ClassProviderDown, "The Telegram Gateway cannot be reached."},
	unanswered:  {otpcore.ClassAmbiguous, "The Telegram Gateway gave no answer; the message may have arrived."},
	serverDown:  {otpcore.ClassProviderDown, "The Telegram Gateway is out of order."},
	rateLimited: {otpcore.ClassThrottled, "The Telegram Gateway asks to wait."},
	badToken:    {otpcore.ClassAuth, "The Telegram Gateway does not accept the token."},
	noFunds:     {otpcore.ClassNoFunds, "The balance at the Telegram Gateway is used up."},
	badNumber:   {otpcore.ClassBadNumber, "The Telegram Gateway knows no such number."},
	unreachable: {otpcore.ClassUnreachable, "The number is not on Telegram, or takes no codes there."},
	badCode:     {otpcore.ClassContentRejected, "The Telegram Gateway carries no code like this one."},
	badSender:   {otpcore.ClassSenderNotAllowed, "The Telegram Gateway refuses the sender."},
	seen:        {otpcore.ClassDuplicate, "The Telegram Gateway has seen this message before."},
	refused:     {otpcore.ClassUnknown, "The Telegram Gateway refuses the message."},
}
