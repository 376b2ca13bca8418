package telegram

import (
	"context"
	"encoding/json"
	"strconv"

	"otpravka/bot"
	"otpravka/internal/failpoint"
	"otpravka/otpcore"
)

// provider is how deliveries name Telegram.
const provider = "telegram"

// sender sends one bot's messages.
type sender struct {
	client *Client
	token  token
	fell   func(*bot.Fall) // told when the token is refused
}

var _ otpcore.Sender = (*sender)(nil)

// Capabilities tells what Telegram can do. Bots get no receipts: a message that
// was accepted counts as sent, and nothing more is heard of it.
func (s *sender) Capabilities() otpcore.Capabilities {
	return otpcore.Capabilities{CanEdit: true, CanButton: true, FreeText: true}
}

// Send writes into the chat.
func (s *sender) Send(ctx context.Context, o otpcore.Outgoing) (otpcore.Accepted, error) {
	p := messageParams(o.Chat, o.Message)
	if markup := sendMarkup(o.Message); markup != "" {
		p["reply_markup"] = markup
	}
	failpoint.Hit(failpoint.TGBeforeWrite)
	raw, failed := s.client.call(ctx, s.token, "sendMessage", p, callLimit)
	failpoint.Hit(failpoint.TGAfterRead)
	if failed != nil {
		return otpcore.Accepted{}, s.failure(failed)
	}
	var sent struct {
		ID int64 `json:"message_id"`
	}
	accepted := otpcore.Accepted{Provider: provider}
	if json.Unmarshal(raw, &sent) == nil && sent.ID != 0 {
		accepted.MessageID = strconv.FormatInt(sent.ID, 10)
	}
	return accepted, nil
}

// Edit replaces the text and the buttons. A message that is gone, or that reads
// so already, is a success: nothing of the old text is left to see.
func (s *sender) Edit(ctx context.Context, messageID string, o otpcore.Outgoing) error {
	p := messageParams(o.Chat, o.Message)
	p["message_id"], p["reply_markup"] = messageID, inlineMarkup(o.Message)
	_, failed := s.client.call(ctx, s.token, "editMessageText", p, callLimit)
	failpoint.Hit(failpoint.TGEdited)
	if failed == nil || failed.class == moot {
		return nil
	}
	return s.failure(failed)
}

// failure translates a failed call into the domain's words and tells the fleet
// when the token is the trouble.
func (s *sender) failure(e *callError) *otpcore.SendError {
	if fall := fallOf(e); fall != nil && e.class == badToken {
		s.fell(fall)
	}
	class, text := verdict(e)
	return &otpcore.SendError{Class: class, RetryAfter: e.retryAfter, Provider: provider, Message: text, Err: e}
}

// verdict is the class of a failed send, with a sentence for people.
func verdict(e *callError) (otpcore.ErrorClass, string) {
	switch e.class {
	case unwritten:
		return otpcore.ClassProviderDown, "Telegram cannot be reached."
	case unanswered:
		return otpcore.ClassAmbiguous, "Telegram gave no answer; the message may have arrived."
	case serverDown:
		return otpcore.ClassProviderDown, "Telegram is out of order."
	case rateLimited:
		return otpcore.ClassThrottled, "Telegram asks to wait."
	case badToken:
		return otpcore.ClassAuth, "Telegram does not accept the bot's token."
	case blocked:
		return otpcore.ClassBlocked, "The person has blocked the bot or left Telegram."
	case chatGone:
		return otpcore.ClassBlocked, "The chat no longer exists."
	case malformed:
		return otpcore.ClassContentRejected, "Telegram refuses the text or a button of the message."
	}
	switch e.code {
	case 401:
		return otpcore.ClassAuth, "The Bot API server refuses us."
	case 403:
		return otpcore.ClassSenderNotAllowed, "The bot may not write into this chat."
	}
	return otpcore.ClassUnknown, "Telegram refuses the message."
}
