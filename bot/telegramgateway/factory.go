package telegramgateway

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"otpravka/bot"
	"otpravka/otpcore"
)

// Options are what a factory needs beside its client.
type Options struct {
	// Clock tells the age of reports.
	Clock otpcore.Clock
	// CallbackKey returns the secret part of the address that a bot's reports
	// come to, at least 128 bits. It must stay the same across restarts.
	CallbackKey func(bot otpcore.ID) string
	// CallbackURL returns the public address for a key, or nothing where
	// Telegram cannot reach one: then no reports are asked for.
	CallbackURL func(key string) string
}

// Factory makes connectors for Gateway accounts and takes in their reports.
type Factory struct {
	client *Client
	opts   Options

	mu    sync.RWMutex
	doors map[[sha256.Size]byte]*Connector // by the hash of the callback key
}

var _ bot.Factory = (*Factory)(nil)

// NewFactory returns a factory whose connectors share the client.
func NewFactory(client *Client, opts Options) *Factory {
	return &Factory{client: client, opts: opts, doors: make(map[[sha256.Size]byte]*Connector)}
}

// Connect returns the account's connector.
func (f *Factory) Connect(b otpcore.Bot, credential string, home bot.Home) bot.Connector {
	key := f.opts.CallbackKey(b.ID)
	c := &Connector{
		sender:  sender{client: f.client, token: token(credential), callback: f.opts.CallbackURL(key), fell: home.Fell},
		factory: f, bot: b.ID, home: home, door: sha256.Sum256([]byte(key)),
	}
	f.open(c)
	return c
}

// Identify finds out whether the token is accepted. The Gateway does not tell
// whose it is, so a business has one account at a time.
func (f *Factory) Identify(ctx context.Context, credential string, _ bool) (bot.Identity, error) {
	t := token(credential)
	if !t.wellFormed() {
		return bot.Identity{}, invalidToken(nil)
	}
	failed := f.client.knock(ctx, t)
	switch {
	case failed == nil:
		return bot.Identity{Name: "Telegram Gateway"}, nil
	case failed.class == badToken, failed.status == 403:
		return bot.Identity{}, invalidToken(failed)
	}
	e := &otpcore.Error{
		Kind: otpcore.KindUnavailable, Code: "telegram_unreachable", RetryAfter: patience, Err: failed,
		Detail: "The Telegram Gateway could not be asked about this token. Nothing was stored; repeat the request.",
	}
	if failed.retryAfter > 0 {
		e.RetryAfter = failed.retryAfter
	}
	return bot.Identity{}, e
}

// patience is what callers are asked for where the Gateway names no time.
const patience = 5 * time.Second

func invalidToken(err error) *otpcore.Error {
	e := &otpcore.Error{
		Kind: otpcore.KindInvalid, Code: "bot_token_invalid", Field: "/token",
		Detail: "The Telegram Gateway does not know this token. Copy it from the account settings on gateway.telegram.org again.",
	}
	if err != nil {
		e.Err = err
	}
	return e
}

// open lets the connector's reports in, in place of those of an earlier
// connector of the same bot.
func (f *Factory) open(c *Connector) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.doors[c.door] = c
}

func (f *Factory) shut(c *Connector) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.doors[c.door] == c {
		delete(f.doors, c.door)
	}
}

// behind finds a door by its key. The map is asked for a hash of the key, so
// that the time it takes tells nothing about how much of a guess is right.
func (f *Factory) behind(key string) *Connector {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.doors[sha256.Sum256([]byte(key))]
}
