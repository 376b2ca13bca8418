package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"otpravka/bot"
	"otpravka/internal/backoff"
	"otpravka/otpcore"
)

// CallbackPath stands before the key in the address of a webhook.
const CallbackPath = "/callbacks/telegram/"

// Callbacks tell where Telegram posts the updates of a bot, by the bot's
// account. Keys and secrets must stay the same over restarts: by them we know
// our own webhook again.
type Callbacks struct {
	Base   string                      // what stands before CallbackPath; empty: updates are polled for
	Key    func(account string) string // the secret part of the address
	Secret func(account string) string // what Telegram sends along in a header
}

// hook is one bot's webhook.
type hook struct {
	url    string // empty: updates are polled for
	key    string
	secret string
}

func (c Callbacks) of(account string) hook {
	if c.Key == nil || c.Secret == nil {
		return hook{}
	}
	h := hook{key: c.Key(account), secret: c.Secret(account)}
	if c.Base != "" && h.key != "" && h.secret != "" { // without a secret there is no route
		h.url = c.Base + CallbackPath + h.key
	}
	return h
}

// owns reports whether the address is this bot's own, perhaps one of an earlier
// public URL.
func (h hook) owns(address string) bool {
	u, err := url.Parse(address)
	return err == nil && h.key != "" && strings.HasSuffix(u.Path, CallbackPath+h.key)
}

// webhookInfo is what Telegram tells of a webhook.
type webhookInfo struct {
	URL       string `json:"url"`
	Pending   int    `json:"pending_update_count"`
	LastError int64  `json:"last_error_date"`
}

func (c *Client) webhook(ctx context.Context, t token) (webhookInfo, *callError) {
	raw, failed := c.call(ctx, t, "getWebhookInfo", nil, callLimit)
	if failed != nil {
		return webhookInfo{}, failed
	}
	var info webhookInfo
	if json.Unmarshal(raw, &info) != nil {
		return webhookInfo{}, &callError{method: "getWebhookInfo", class: unanswered, code: 200, phrase: "no description"}
	}
	return info, nil
}

// What Telegram is asked about a webhook while nothing happens.
const (
	watchEvery = 5 * time.Minute
	// troubleFor is how long after a failed post the webhook counts as broken, if
	// updates still wait for it.
	troubleFor = 2 * watchEvery
)

// connectionsPerBot is how many updates Telegram may post at once. Posts of one
// chat come one after the other, whatever it is.
const connectionsPerBot = 8

// watch sets the webhook, once, and then looks from time to time whether it is
// still ours and works. An error ends the run.
func (r *reader) watch(ctx context.Context) error {
	info, failed := r.client.webhook(ctx, r.token)
	if failed != nil {
		return r.troubleOfHook(failed)
	}
	switch {
	case info.URL != "" && !r.hook.owns(info.URL):
		return inUse(errors.New("foreign webhook"))
	case info.URL == "" && r.hooked:
		return &bot.Fall{
			State: otpcore.BotConflict, Err: errors.New("webhook removed"),
			Text: "Another program has taken this bot's messages away; stop it, then register the bot again.",
		}
	case !r.hooked:
		if failed := r.setWebhook(ctx); failed != nil {
			return r.troubleOfHook(failed)
		}
		r.hooked = true
	}
	if age := time.Since(time.Unix(info.LastError, 0)); info.Pending > 0 && info.URL == r.hook.url && age < troubleFor {
		return &bot.Trouble{
			Wait: watchEvery / 5, Err: errors.New("updates wait for the webhook"),
			Text: "Telegram cannot deliver what people write to this server's public address; its operator should check OTPRAVKA_PUBLIC_URL.",
		}
	}
	r.home.Connected(ctx)
	r.introduced.Do(func() { r.work.Go(r.introduce) })
	backoff.Sleep(ctx, watchEvery)
	return nil
}

// setWebhook keeps what waits at Telegram: it is posted from now on.
func (r *reader) setWebhook(ctx context.Context) *callError {
	_, failed := r.client.call(ctx, r.token, "setWebhook", tgbotapi.Params{
		"url": r.hook.url, "secret_token": r.hook.secret, "allowed_updates": allowedUpdates,
		"max_connections": strconv.Itoa(connectionsPerBot),
	}, callLimit)
	return failed
}

func (r *reader) troubleOfHook(e *callError) error {
	if e.class == rateLimited {
		return asksToWait(e)
	}
	if e.method == "setWebhook" && e.class == refused {
		return &bot.Trouble{
			Wait: watchEvery / 5, Err: e,
			Text: "Telegram refuses this server's public address; its operator should check OTPRAVKA_PUBLIC_URL, or set OTPRAVKA_TELEGRAM_UPDATES to poll.",
		}
	}
	if fall := fallOf(e); fall != nil {
		return fall
	}
	return e
}

// unhook goes on with polling where the webhook in its way is our own, of the
// days when updates were posted. What waits for it stays.
func (r *reader) unhook(ctx context.Context, e *callError) error {
	info, failed := r.client.webhook(ctx, r.token)
	switch {
	case failed != nil:
		return failed
	case info.URL == "":
		return e // it is gone again
	case !r.hook.owns(info.URL):
		return inUse(e)
	}
	return r.deleteWebhook(ctx)
}

// deleteWebhook keeps what waits at Telegram for the next poll.
func (c *Connector) deleteWebhook(ctx context.Context) error {
	if _, failed := c.client.call(ctx, c.token, "deleteWebhook", nil, callLimit); failed != nil {
		return failed
	}
	return nil
}

// Leave takes the webhook of a bot that does not run here any more off Telegram.
// One that another service has set since, or may have set, is not ours to take.
func (c *Connector) Leave(ctx context.Context) {
	info, failed := c.client.webhook(ctx, c.token)
	if failed != nil {
		c.log.WarnContext(ctx, "webhook not taken back", "error", failed)
		return
	}
	if !c.hook.owns(info.URL) {
		return
	}
	if err := c.deleteWebhook(ctx); err != nil {
		c.log.WarnContext(ctx, "webhook not taken back", "error", err)
	}
}

func inUse(err error) *bot.Fall {
	return &bot.Fall{
		State: otpcore.BotInUse, Err: err,
		Text: "Another service has set a webhook and receives this bot's messages; register the bot again with takeover, or remove it here.",
	}
}

func asksToWait(e *callError) *bot.Trouble {
	return &bot.Trouble{
		Wait: max(e.retryAfter, time.Second), Err: e,
		Text: "Telegram asks this bot to wait; Otpravka goes on as soon as it may, nothing needs to be done.",
	}
}
