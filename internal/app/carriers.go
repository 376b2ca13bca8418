package app

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"

	"otpravka/bot"
	"otpravka/bot/telegram"
	"otpravka/bot/telegramgateway"
	"otpravka/internal/failpoint"
	"otpravka/internal/keyring"
	"otpravka/otpcore"
	"otpravka/sms"
	"otpravka/templates"
	"otpravka/webhook/callbacks"
)

// carriers joins the bots and the SMS providers to what the domain asks.
type carriers struct {
	fleet *bot.Fleet
	sms   *sms.Gateway
}

var (
	_ otpcore.Carriers = (*carriers)(nil)
	_ otpcore.Memories = (*carriers)(nil)
)

// newGateway reads the declared SMS providers and gives each its callback
// address, with the key that key makes of its id.
func newGateway(cfg Config, key func(id string) string, baseURL string) (*sms.Gateway, error) {
	return sms.New(cfg.SMS, sms.Options{
		Logger:      cfg.Log,
		CallbackKey: key,
		CallbackURL: func(key string) string { return baseURL + callbacks.SMSPath + key },
		Segments:    templates.Segments,
	})
}

// smsKeys makes the keys of the providers' callback addresses.
func smsKeys(ring *keyring.Ring) func(id string) string {
	return func(id string) string { return callbackKey(ring, "sms", id) }
}

// Way tells what would carry a message of the business over the channel.
func (c *carriers) Way(business otpcore.ID, _ otpcore.Mode, ch otpcore.Channel, region string) otpcore.Way {
	if ch != otpcore.SMS {
		return c.fleet.Way(business, ch)
	}
	if !c.sms.Covers(business, region) {
		return otpcore.Way{Channel: ch, Reason: "No SMS provider is configured for the phone's country."}
	}
	return otpcore.Way{Channel: ch, Capabilities: c.sms.Capabilities()}
}

// Sender returns what sends the delivery.
func (c *carriers) Sender(d *otpcore.Delivery, _ string) (otpcore.Sender, error) {
	failpoint.Hit(failpoint.BeforeSend)
	if d.Channel == otpcore.SMS {
		return c.sms, nil
	}
	return c.fleet.Sender(d.BotID)
}

// Kind is the kind of the bot.
func (c *carriers) Kind(bot otpcore.ID) otpcore.BotKind { return c.fleet.Kind(bot) }

// ForgetPhone deletes what the business's bots keep about a phone.
func (c *carriers) ForgetPhone(ctx context.Context, business otpcore.ID, phone otpcore.Phone) error {
	return c.fleet.ForgetPhone(ctx, business, phone)
}

// smsReports lets the callbacks room ask the gateway.
type smsReports struct{ gateway *sms.Gateway }

// Receipts reads a delivery report.
func (s smsReports) Receipts(key string, r *http.Request) ([]otpcore.Receipt, callbacks.Reply, error) {
	receipts, reply, err := s.gateway.Receipts(key, r)
	return receipts, callbacks.Reply(reply), err
}

// telegramCallbacks tell where Telegram posts updates. Keys and secrets follow
// from the bot's account, so that a bot which is registered anew, or a server
// that goes back to polling, knows its own webhook.
func telegramCallbacks(cfg Config, ring *keyring.Ring, baseURL string) telegram.Callbacks {
	c := telegram.Callbacks{
		Key: func(account string) string { return callbackKey(ring, "telegram", account) },
		Secret: func(account string) string {
			mac := ring.MAC("callback secret:telegram", []byte(account))
			return base64.RawURLEncoding.EncodeToString(mac[:])
		},
	}
	if cfg.byWebhook() {
		c.Base = baseURL
	}
	return c
}

// newByPhone makes what registers and connects accounts of the Telegram Gateway.
// Telegram calls back https addresses only, and a simulator on plain http calls
// those of its own kind.
func newByPhone(cfg Config, ring *keyring.Ring, clock otpcore.Clock, baseURL string) (*telegramgateway.Factory, error) {
	client, err := telegramgateway.NewClient(cfg.TelegramGatewayAPI)
	if err != nil {
		return nil, err
	}
	reachable := strings.HasPrefix(baseURL, "https://") || strings.HasPrefix(cfg.TelegramGatewayAPI, "http://")
	return telegramgateway.NewFactory(client, telegramgateway.Options{
		Clock:       clock,
		CallbackKey: func(bot otpcore.ID) string { return callbackKey(ring, "telegram_gateway", string(bot)) },
		CallbackURL: func(key string) string {
			if !reachable {
				return ""
			}
			return baseURL + callbacks.TelegramGatewayPath + key
		},
	}), nil
}

// gatewayReports lets the callbacks room ask the Telegram Gateway's bots.
type gatewayReports struct{ factory *telegramgateway.Factory }

// Receipts reads a report.
func (g gatewayReports) Receipts(key string, r *http.Request) ([]otpcore.Receipt, callbacks.Reply, error) {
	receipts, status, err := g.factory.Receipts(key, r)
	reply := callbacks.Reply{Status: status}
	if status == http.StatusMethodNotAllowed {
		reply.Allow = http.MethodPost
	}
	return receipts, reply, err
}

// callbackKey is the secret part of a provider's callback address: 128 bits
// that stay the same for as long as the master key does.
func callbackKey(ring *keyring.Ring, kind, id string) string {
	mac := ring.MAC("callback:"+kind, []byte(id))
	return base64.RawURLEncoding.EncodeToString(mac[:16])
}
