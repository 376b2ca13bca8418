package telegram

import (
	"context"
	"crypto/subtle"
	"net/http"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"otpravka/internal/failpoint"
	"otpravka/otpcore"
)

// secretHeader is where Telegram repeats the secret of setWebhook
// (https://core.telegram.org/bots/api#setwebhook).
const secretHeader = "X-Telegram-Bot-Api-Secret-Token"

// postsAtOnce bounds the posts of one bot that are handled at one time. Somebody
// who is over it is asked to come again: updates wait better at Telegram than in
// memory here.
const postsAtOnce = 2 * connectionsPerBot

// ackLimit bounds how long a post waits for its press to be acknowledged.
const ackLimit = 2 * time.Second

var (
	errNotTelegram = &otpcore.Error{Kind: otpcore.KindUnauthorized, Code: "unauthorized", Detail: "The post does not come from Telegram."}
	errManyPosts   = &otpcore.Error{Kind: otpcore.KindUnavailable, Code: "overloaded", RetryAfter: time.Second, Detail: "Too many updates of this bot are being handled."}
)

// CallbackKey is the secret part of the webhook's address.
func (c *Connector) CallbackKey() string {
	if c.hook.url == "" {
		return ""
	}
	return c.hook.key
}

// Receive handles one posted update. What is from Telegram and cannot be
// understood is done with: it would come again for a day.
func (c *Connector) Receive(ctx context.Context, header http.Header, body []byte) error {
	if given := header.Values(secretHeader); len(given) != 1 || !c.hook.opens(given[0]) {
		return errNotTelegram
	}
	select {
	case c.posts <- struct{}{}:
		defer func() { <-c.posts }()
	default:
		return errManyPosts
	}
	h, err := hear(body)
	if err != nil {
		c.log.WarnContext(ctx, "update not understood", "update", h.update, "error", err)
	}
	if h.inbound != nil && h.update != 0 {
		h.inbound.Posted = true
		failpoint.Hit(failpoint.UpdateReceived)
		if err := c.home.Apply(ctx, *h.inbound); err != nil {
			return err
		}
		failpoint.Hit(failpoint.UpdateStored)
	}
	if h.press != "" {
		p := tgbotapi.Params{"callback_query_id": h.press}
		if _, failed := c.client.call(ctx, c.token, "answerCallbackQuery", p, ackLimit); failed != nil {
			c.log.Debug("press not acknowledged", "error", failed)
		}
	}
	return nil
}

// opens compares without telling by its time how much of the secret was right.
func (h hook) opens(given string) bool {
	return h.secret != "" && subtle.ConstantTimeCompare([]byte(given), []byte(h.secret)) == 1
}
