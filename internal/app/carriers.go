package app

import (
	"encoding/base64"
	"net/http"

	"otpravka/bot"
	"otpravka/bot/telegram"
	"otpravka/internal/failpoint"
	"otpravka/internal/keyring"
	"otpravka/otpcore"
	"otpravka/sms"
	"otpravka/webhook/callbacks"
)

// carriers joins the bots and the SMS providers to what the domain asks.
type carriers struct {
	fleet *bot.Fleet
	sms   *sms.Gateway
}

var _ otpcore.Carriers = (*carriers)(nil)

// newGateway reads the declared SMS providers and gives each its callback
// address.
func newGateway(cfg Config, ring *keyring.Ring, baseURL string) (*sms.Gateway, error) {
	return sms.New(cfg.SMS, sms.Options{
		Logger:      cfg.Log,
		CallbackKey: func(id string) string { return callbackKey(ring, "sms", id) },
		CallbackURL: func(key string) string { return baseURL + "/callbacks/sms/" + key },
	})
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

// callbackKey is the secret part of a provider's callback address: 128 bits
// that stay the same for as long as the master key does.
func callbackKey(ring *keyring.Ring, kind, id string) string {
	mac := ring.MAC("callback:"+kind, []byte(id))
	return base64.RawURLEncoding.EncodeToString(mac[:16])
}
