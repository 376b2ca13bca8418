package whatsappcloud

import (
	"fmt"
	"net/http"
	"time"

	"otpravka/bot"
	"otpravka/otpcore"
)

// kind is how far a call came.
type kind string

const (
	unwritten  kind = "unwritten"  // Meta has not seen the request
	unanswered kind = "unanswered" // it may have done what was asked
	refused    kind = "refused"
)

const noCode = -1 // the answer names no error of Meta's

// callError is a call that failed. It holds nothing of the request, and of the
// answer only numbers: Meta's texts may quote what was sent.
type callError struct {
	kind       kind
	status     int // 0 without an answer
	code       int // Meta's own, or noCode
	retryAfter time.Duration
	err        error // without an answer
}

func (e *callError) Error() string {
	if e.err != nil {
		return fmt.Sprintf("%s: %v", e.kind, e.err)
	}
	return fmt.Sprintf("%s: status %d, code %d", e.kind, e.status, e.code)
}

func (e *callError) Unwrap() error { return e.err }

// verdict is what an error means for a message, in the domain's words.
type verdict struct {
	class otpcore.ErrorClass
	text  string
	wait  time.Duration    // with ClassThrottled: the least pause that helps
	state otpcore.BotState // in which the bot stops; empty: it goes on
	pause time.Duration    // of the whole number
	chat  bool             // the wait is for this person alone
	look  bool             // what is known of the templates is no longer true
}

// The verdicts that several codes share.
var (
	tokenRefused  = verdict{class: otpcore.ClassAuth, text: "Meta does not accept the token, or it lacks a permission.", state: otpcore.BotBadCredentials}
	accountClosed = verdict{class: otpcore.ClassSenderNotAllowed, text: "Meta has restricted the WhatsApp account.", state: otpcore.BotRestricted}
	tooFast       = verdict{class: otpcore.ClassThrottled, text: "Meta asks the number to send more slowly."}
	badTemplate   = verdict{class: otpcore.ClassContentRejected, text: "Meta refuses the way in which the template is filled."}
	noTemplate    = verdict{class: otpcore.ClassTemplateMissing, text: "Meta has paused or removed the template.", look: true}
	badRequest    = verdict{class: otpcore.ClassContentRejected, text: "Meta refuses the form of the message."}
	outOfOrder    = verdict{class: otpcore.ClassProviderDown, text: "The WhatsApp Cloud API is out of order."}
	keptBack      = verdict{class: otpcore.ClassUnreachable, text: "Meta chose not to deliver the message."}
)

// verdicts are Meta's codes
// (https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes).
// They come as answers to a send and, later, in reports on a message.
var verdicts = map[int]verdict{
	0: tokenRefused, 10: tokenRefused, 190: tokenRefused,
	131021: {class: otpcore.ClassBadNumber, text: "The number is the one that writes: Meta takes nothing from it to itself."},
	131026: {class: otpcore.ClassNotOnChannel, text: "The number is not on WhatsApp, or its app takes no such messages."},
	131047: {class: otpcore.ClassSenderNotAllowed, text: "The person has not written within the last 24 hours."},
	131048: {class: otpcore.ClassThrottled, text: "Meta has limited the number because people took its messages for spam.", wait: time.Hour, pause: 10 * time.Minute},
	131049: keptBack, 130472: keptBack,
	131056: {class: otpcore.ClassThrottled, text: "Meta asks for a pause between messages to one person.", wait: 6 * time.Second, chat: true},
	130429: tooFast, 80007: tooFast, 4: tooFast,
	130497: {class: otpcore.ClassNoRoute, text: "Meta does not let the account write to this country."},
	131031: accountClosed, 368: accountClosed,
	131042: {class: otpcore.ClassNoFunds, text: "Meta waits for a payment.", state: otpcore.BotRestricted},
	131062: {class: otpcore.ClassBadNumber, text: "Meta wants the phone number for such a message."},
	132000: badTemplate, 132005: badTemplate, 132007: badTemplate, 132012: badTemplate,
	132001: noTemplate, 132015: noTemplate, 132016: noTemplate,
	100: badRequest, 131008: badRequest, 131009: badRequest, 131051: badRequest,
	1: outOfOrder, 2: outOfOrder, 131000: outOfOrder, 131016: outOfOrder,
}

// verdictOf goes by the code, and where nobody knows that, by the status.
func verdictOf(code, status int) verdict {
	if v, ok := verdicts[code]; ok {
		return v
	}
	switch {
	case code >= 200 && code <= 299, status == http.StatusUnauthorized:
		return tokenRefused
	case status == http.StatusForbidden:
		return verdict{class: otpcore.ClassAuth, text: "Meta does not allow this to the token."}
	case status == http.StatusTooManyRequests:
		return tooFast
	case status >= 500, status >= 300 && status < 400:
		return outOfOrder
	}
	return verdict{class: otpcore.ClassUnknown, text: "Meta refuses the message."}
}

func (e *callError) verdict() verdict {
	switch e.kind {
	case unwritten:
		return verdict{class: otpcore.ClassProviderDown, text: "The WhatsApp Cloud API cannot be reached."}
	case unanswered:
		return verdict{class: otpcore.ClassAmbiguous, text: "The WhatsApp Cloud API gave no answer; the message may have arrived."}
	}
	return verdictOf(e.code, e.status)
}

// fall tells the owner what to do about trouble that stays, or is nil for trouble
// that passes.
func (v verdict) fall(err error) *bot.Fall {
	f := &bot.Fall{State: v.state, Err: err}
	switch v.state {
	case otpcore.BotBadCredentials:
		f.Text = "Meta no longer accepts this token, or it lacks a permission; make one for a system user with whatsapp_business_messaging and whatsapp_business_management, and register the number again."
	case otpcore.BotRestricted:
		f.Text = "Meta has restricted the WhatsApp account or waits for a payment; look into the account quality and the payments at business.facebook.com, then register the number again."
	default:
		return nil
	}
	return f
}
