package telegram

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"otpravka/bot"
	"otpravka/otpcore"
)

// callLimit bounds every call but getUpdates. Callers with less patience end
// their context.
const callLimit = 15 * time.Second

// Factory makes connectors for Telegram bots.
type Factory struct {
	client    *Client
	log       *slog.Logger
	poll      time.Duration
	callbacks Callbacks
}

var _ bot.Factory = (*Factory)(nil)

// NewFactory returns a factory whose connectors share the client. Poll is how
// long Telegram may hold a request for updates; it is cut to whole seconds,
// and zero or more than 50 s is 50 s, which is Telegram's own limit.
func NewFactory(client *Client, poll time.Duration, log *slog.Logger) *Factory {
	const most = 50 * time.Second
	if poll <= 0 || poll > most {
		poll = most
	}
	return &Factory{client: client, log: log, poll: poll.Truncate(time.Second)}
}

// WithCallbacks tells the factory of the addresses of webhooks, and returns it.
func (f *Factory) WithCallbacks(c Callbacks) *Factory {
	f.callbacks = c
	return f
}

// Connect returns the bot's connector.
func (f *Factory) Connect(b otpcore.Bot, credential string, home bot.Home) bot.Connector {
	return &Connector{
		sender:  sender{client: f.client, token: token(credential), fell: home.Fell},
		home:    home,
		hook:    f.callbacks.of(token(credential).account()),
		poll:    f.poll,
		log:     f.log.With("bot_id", b.ID),
		presses: make(chan struct{}, pressesAtOnce),
		posts:   make(chan struct{}, postsAtOnce),
	}
}

// Identify asks getMe whose token this is, and getWebhookInfo whether another
// service gets the bot's updates.
func (f *Factory) Identify(ctx context.Context, credential string, takeover bool) (bot.Identity, error) {
	t := token(credential)
	if !t.wellFormed() {
		return bot.Identity{}, invalidToken(nil)
	}
	raw, failed := f.client.call(ctx, t, "getMe", nil, callLimit)
	if failed != nil {
		return bot.Identity{}, registrationError(failed)
	}
	var me struct {
		Username string `json:"username"`
		Name     string `json:"first_name"`
	}
	if err := json.Unmarshal(raw, &me); err != nil || me.Username == "" {
		return bot.Identity{}, unreachable(nil)
	}
	if err := f.checkWebhook(ctx, t, takeover); err != nil {
		return bot.Identity{}, err
	}
	return bot.Identity{Account: t.account(), Username: me.Username, Name: me.Name}, nil
}

// checkWebhook makes sure that the bot's updates come to us. A server that
// does not know the method has no webhooks either; polling finds out.
func (f *Factory) checkWebhook(ctx context.Context, t token, takeover bool) error {
	info, failed := f.client.webhook(ctx, t)
	if failed != nil {
		f.log.WarnContext(ctx, "webhook not checked", "account", t.account(), "error", failed)
		return nil
	}
	if info.URL == "" || f.callbacks.of(t.account()).owns(info.URL) {
		return nil
	}
	if !takeover {
		return &otpcore.Error{
			Kind: otpcore.KindConflict, Code: "bot_in_use", Field: "/token",
			Detail: "Another service receives this bot's messages. Stop it there, or register with takeover to cut it off.",
		}
	}
	// What waits for the other service is an answer to its messages, not ours.
	_, failed = f.client.call(ctx, t, "deleteWebhook", tgbotapi.Params{"drop_pending_updates": "true"}, callLimit)
	if failed != nil {
		return registrationError(failed)
	}
	return nil
}

// patience is what callers are asked for where Telegram itself names no time:
// whatever keeps Telegram away rarely passes within a second.
const patience = 5 * time.Second

func registrationError(e *callError) error {
	switch e.class {
	case badToken:
		return invalidToken(e)
	case rateLimited:
		limited := unreachable(e)
		limited.RetryAfter = e.retryAfter
		return limited
	}
	return unreachable(e)
}

func invalidToken(err error) *otpcore.Error {
	return &otpcore.Error{
		Kind: otpcore.KindInvalid, Code: "bot_token_invalid", Field: "/token", Err: err,
		Detail: "Telegram does not know this token. Copy it from @BotFather again.",
	}
}

func unreachable(err error) *otpcore.Error {
	return &otpcore.Error{
		Kind: otpcore.KindUnavailable, Code: "telegram_unreachable", RetryAfter: patience, Err: err,
		Detail: "Telegram could not be asked about this token. Nothing was stored; repeat the request.",
	}
}
