package telegram

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"otpravka/bot"
)

// class is what a failed call means for us.
type class string

const (
	unwritten   class = "unwritten"    // the server has not seen the request
	unanswered  class = "unanswered"   // it may have done what was asked
	serverDown  class = "server_down"  // an answer that says so
	rateLimited class = "rate_limited" // later, after retryAfter
	badToken    class = "bad_token"    // nobody has this token any more
	conflicting class = "conflict"     // somebody else reads this bot's updates
	hooked      class = "hooked"       // they go to a webhook
	blocked     class = "blocked"      // the person does not want the bot
	chatGone    class = "chat_gone"    // there is no such chat
	moot        class = "moot"         // an edit that has nothing left to do
	migrated    class = "migrated"     // a group got another id
	malformed   class = "malformed"    // the message breaks a rule of the network
	refused     class = "refused"      // anything else: a repeat is refused too
)

// callError is a call that failed. It holds nothing of the request, and of the
// answer only words that we know: descriptions may quote what was sent.
type callError struct {
	method     string
	class      class
	code       int           // of the Bot API; 0 without an answer
	phrase     string        // the known part of the description, or empty
	retryAfter time.Duration // with rateLimited
	err        error         // without an answer
}

func (e *callError) Error() string {
	if e.err != nil {
		return fmt.Sprintf("%s: %s: %v", e.method, e.class, e.err)
	}
	return fmt.Sprintf("%s: %s: code %d %s", e.method, e.class, e.code, e.phrase)
}

func (e *callError) Unwrap() error { return e.err }

// hungUp reports whether the server ended the connection in an orderly way, as
// it does after every thousand requests or so: the call may be made again at
// once, if a repeat does no harm.
func (e *callError) hungUp() bool {
	return errors.Is(e.err, io.EOF) || errors.Is(e.err, io.ErrUnexpectedEOF) || errors.Is(e.err, errGoAway)
}

// phrases are the descriptions that mean more than their code, by the sources
// of Telegram's server (https://github.com/tdlib/telegram-bot-api). The first
// match counts.
var phrases = []struct {
	code   int
	phrase string
	class  class
}{
	{401, "Unauthorized", badToken},
	{409, "terminated by other getUpdates request", conflicting},
	{409, "webhook is active", hooked},
	{409, "terminated by setWebhook request", hooked},
	{403, "bot was blocked by the user", blocked},
	{403, "user is deactivated", blocked},
	{403, "bot can't initiate conversation", blocked},
	{400, "chat not found", chatGone},
	{400, "message is not modified", moot},
	{400, "message to edit not found", moot},
	{400, "message to delete not found", moot},
	{400, "message can't be deleted", moot},
	{400, "message can't be edited", refused},
	{400, "message text is empty", malformed},
	{400, "message is too long", malformed},
	{400, "can't parse", malformed},
	{400, "BUTTON_DATA_INVALID", malformed},
	{400, "BUTTON_COPY_TEXT_INVALID", malformed},
	{400, "Wrong HTTP URL", malformed},
	{400, "query is too old", refused},
	{400, "Logged out", refused},
	{404, "method not found", refused},
}

// explain folds whatever the library returned into a callError.
func explain(method string, err error, written bool) *callError {
	e := &callError{method: method, class: unwritten}
	answer, ok := errors.AsType[*tgbotapi.Error](err)
	if !ok {
		e.err = plain(err)
		if written {
			e.class = unanswered
		}
		return e
	}
	e.code, e.retryAfter = answer.Code, time.Duration(answer.RetryAfter)*time.Second
	e.class, e.phrase = classify(answer)
	return e
}

func classify(answer *tgbotapi.Error) (class, string) {
	switch code := answer.Code; {
	case answer.MigrateToChatID != 0:
		return migrated, ""
	case code == 429:
		return rateLimited, ""
	case code == 404 && answer.Message == "Not Found":
		return badToken, answer.Message
	case code < 300:
		return unanswered, "" // success by the status, and nothing that confirms it
	case code < 400, code >= 500:
		return serverDown, ""
	}
	for _, known := range phrases {
		if answer.Code == known.code && strings.Contains(answer.Message, known.phrase) {
			return known.class, known.phrase
		}
	}
	return refused, ""
}

// errGoAway is the orderly end of an HTTP/2 connection. The error that
// net/http returns for it has a type of its own that is not exported.
var errGoAway = errors.New("server sent GOAWAY")

// plain is the part of err that may be shown.
func plain(err error) error {
	shown := bot.Plain(err, errAnswerTooLarge)
	if !errors.Is(err, shown) && strings.Contains(err.Error(), errGoAway.Error()) {
		return errGoAway
	}
	return shown
}
