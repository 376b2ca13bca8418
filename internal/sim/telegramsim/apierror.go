package telegramsim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"otpravka/internal/sim/fault"
)

// apiError is a failed call as the Bot API shows it.
type apiError struct {
	Code        int         `json:"error_code"`
	Description string      `json:"description"`
	Parameters  *parameters `json:"parameters,omitempty"`
}

// parameters tell a client how to repair the call by itself.
type parameters struct {
	MigrateToChatID int64 `json:"migrate_to_chat_id,omitempty"`
	RetryAfter      int   `json:"retry_after,omitempty"`
}

func (e *apiError) Error() string { return e.Description }

func badRequest(format string, args ...any) error {
	return &apiError{Code: http.StatusBadRequest, Description: "Bad Request: " + fmt.Sprintf(format, args...)}
}

func forbidden(text string) error {
	return &apiError{Code: http.StatusForbidden, Description: "Forbidden: " + text}
}

func conflict(text string) error {
	return &apiError{Code: http.StatusConflict, Description: "Conflict: " + text}
}

func notFound(text string) error {
	if text != "" {
		text = ": " + text
	}
	return &apiError{Code: http.StatusNotFound, Description: "Not Found" + text}
}

func tooManyRequests(seconds int) error {
	return &apiError{
		Code:        http.StatusTooManyRequests,
		Description: fmt.Sprintf("Too Many Requests: retry after %d", seconds),
		Parameters:  &parameters{RetryAfter: seconds},
	}
}

// The texts that several methods share.
var (
	errUnauthorized     = &apiError{Code: http.StatusUnauthorized, Description: "Unauthorized"}
	errLoggedOut        = &apiError{Code: http.StatusBadRequest, Description: "Logged out"}
	errRestarting       = &apiError{Code: http.StatusInternalServerError, Description: "Internal Server Error: restart"}
	errOtherPoll        = conflict("terminated by other getUpdates request; make sure that only one bot instance is running")
	errPollAndHook      = conflict("can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first")
	errHookKilledPoll   = conflict("terminated by setWebhook request")
	errChatNotFound     = badRequest("chat not found")
	errBlocked          = forbidden("bot was blocked by the user")
	errDeactivated      = forbidden("user is deactivated")
	errNeverStarted     = forbidden("bot can't initiate conversation with a user")
	errBotToBot         = forbidden("bots can't send messages to bots")
	errNotInGroup       = forbidden("bot is not a member of the group chat")
	errTextEmpty        = badRequest("message text is empty")
	errTextTooLong      = badRequest("message is too long")
	errNoMessageID      = badRequest("message identifier is not specified")
	errEditNotFound     = badRequest("message to edit not found")
	errEditForbidden    = badRequest("message can't be edited")
	errNotModified      = badRequest("message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message")
	errDeleteNotFound   = badRequest("message to delete not found")
	errDeleteForbidden  = badRequest("message can't be deleted for everyone")
	errCallbackTooOld   = badRequest("query is too old and response timeout expired or query ID is invalid")
	errContactInPrivate = badRequest("phone number can be requested in private chats only")
)

func writeError(w http.ResponseWriter, e *apiError) {
	if e.Parameters != nil && e.Parameters.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(e.Parameters.RetryAfter))
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.Code)
	_, _ = w.Write(errorBody(e))
}

func errorBody(e *apiError) []byte {
	body, err := json.Marshal(struct {
		OK bool `json:"ok"`
		*apiError
	}{apiError: e})
	if err != nil {
		panic(err) // Only strings and numbers: it cannot fail.
	}
	return body
}

// renderFault gives an injected fault the shape and the words of the Bot API.
func renderFault(rule fault.Rule) (string, []byte) {
	e := &apiError{Code: rule.StatusCode(), Description: rule.Description}
	if seconds := rule.RetrySeconds(); seconds > 0 {
		e.Parameters = &parameters{RetryAfter: seconds}
	}
	if e.Description == "" {
		e.Description = http.StatusText(e.Code)
		if e.Code == http.StatusTooManyRequests {
			e.Description += ": retry after " + strconv.Itoa(rule.RetrySeconds())
		}
	}
	return "application/json", errorBody(e)
}
