package telegram

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"
)

func TestErrorClasses(t *testing.T) {
	for _, tt := range []struct {
		code int
		text string
		more tgbotapi.ResponseParameters
		want class
	}{
		{400, "Bad Request: group chat was upgraded to a supergroup chat", tgbotapi.ResponseParameters{MigrateToChatID: -100}, migrated},
		{429, "Too Many Requests: retry after 7", tgbotapi.ResponseParameters{RetryAfter: 7}, rateLimited},
		{429, "", tgbotapi.ResponseParameters{}, rateLimited},
		{401, "Unauthorized", tgbotapi.ResponseParameters{}, badToken},
		{401, "", tgbotapi.ResponseParameters{}, refused}, // a proxy's, not Telegram's
		{404, "Not Found", tgbotapi.ResponseParameters{}, badToken},
		{404, "Not Found: method not found", tgbotapi.ResponseParameters{}, refused},
		{404, "", tgbotapi.ResponseParameters{}, refused},
		{409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running", tgbotapi.ResponseParameters{}, conflicting},
		{409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first", tgbotapi.ResponseParameters{}, hooked},
		{409, "Conflict: terminated by setWebhook request", tgbotapi.ResponseParameters{}, hooked},
		{409, "Conflict", tgbotapi.ResponseParameters{}, refused},
		{403, "Forbidden: bot was blocked by the user", tgbotapi.ResponseParameters{}, blocked},
		{403, "Forbidden: user is deactivated", tgbotapi.ResponseParameters{}, blocked},
		{403, "Forbidden: bot can't initiate conversation with a user", tgbotapi.ResponseParameters{}, blocked},
		{403, "Forbidden: bots can't send messages to bots", tgbotapi.ResponseParameters{}, refused},
		{400, "Bad Request: chat not found", tgbotapi.ResponseParameters{}, chatGone},
		{400, "Bad Request: message is not modified: specified new message content", tgbotapi.ResponseParameters{}, moot},
		{400, "Bad Request: message to edit not found", tgbotapi.ResponseParameters{}, moot},
		{400, "Bad Request: message can't be deleted", tgbotapi.ResponseParameters{}, moot},
		{400, "Bad Request: message is too long", tgbotapi.ResponseParameters{}, malformed},
		{400, "Bad Request: something new", tgbotapi.ResponseParameters{}, refused},
		{302, "", tgbotapi.ResponseParameters{}, serverDown},
		{500, "Internal Server Error", tgbotapi.ResponseParameters{}, serverDown},
		{502, "", tgbotapi.ResponseParameters{}, serverDown},
		{200, "", tgbotapi.ResponseParameters{}, unanswered},
		{0, "", tgbotapi.ResponseParameters{}, unanswered},
	} {
		t.Run(fmt.Sprint(tt.code, " ", tt.text), func(t *testing.T) {
			e := explain("sendMessage", &tgbotapi.Error{Code: tt.code, Message: tt.text, ResponseParameters: tt.more}, true)
			if e.class != tt.want {
				t.Errorf("class is %s, want %s", e.class, tt.want)
			}
			if want := time.Duration(tt.more.RetryAfter) * time.Second; e.retryAfter != want {
				t.Errorf("retry after %v, want %v", e.retryAfter, want)
			}
		})
	}
}

func TestNoAnswer(t *testing.T) {
	broken := &url.Error{Op: "Post", URL: "https://api.telegram.org/bot123456:secret/sendMessage", Err: io.EOF}
	for _, written := range []bool{false, true} {
		e := explain("sendMessage", broken, written)
		want := unwritten
		if written {
			want = unanswered
		}
		if e.class != want {
			t.Errorf("written %v: class is %s, want %s", written, e.class, want)
		}
		if !errors.Is(e, io.EOF) || !e.hungUp() {
			t.Errorf("the cause is lost: %v", e)
		}
		if strings.Contains(e.Error(), "secret") {
			t.Errorf("error shows the token: %v", e)
		}
	}
}
