package telegramgateway

import (
	"context"
	"crypto/sha256"

	"otpravka/bot"
	"otpravka/otpcore"
)

// Connector is one Gateway account. Nobody writes to it: it sends, and its
// reports come in through Receipts of its factory.
type Connector struct {
	sender
	factory *Factory
	bot     otpcore.ID
	home    bot.Home
	door    [sha256.Size]byte // of its reports
}

var _ bot.Forgetful = (*Connector)(nil)

// Run makes sure that the token is accepted and stays until ctx ends.
func (c *Connector) Run(ctx context.Context) error {
	c.factory.open(c)
	defer func() {
		if ctx.Err() != nil {
			c.factory.shut(c) // it will not run again
		}
	}()
	if failed := c.client.knock(ctx, c.token); failed != nil {
		if ctx.Err() != nil {
			return nil
		}
		if fall := fallOf(failed); fall != nil {
			return fall
		}
		return failed
	}
	c.home.Connected(ctx)
	<-ctx.Done()
	return nil
}

// Forget closes the door of a removed account's reports. A fallen one keeps it
// open until then, for reports of what it has sent.
func (c *Connector) Forget(context.Context) error {
	c.factory.shut(c)
	return nil
}

// knock asks for a message that does not exist, to see whether the token is
// accepted. It costs nothing and names no number.
func (c *Client) knock(ctx context.Context, t token) *callError {
	_, failed := c.call(ctx, t, "checkVerificationStatus", map[string]string{"request_id": "0"})
	if failed != nil && failed.understood && failed.class == refused && failed.status != 403 {
		return nil
	}
	return failed
}

// fallOf tells the owner what to do about a token that is refused, or returns
// nil for trouble that passes.
func fallOf(e *callError) *bot.Fall {
	if e.class != badToken {
		return nil
	}
	return &bot.Fall{
		State: otpcore.BotBadCredentials, Err: e,
		Text: "The Telegram Gateway no longer accepts this token; copy the present one from gateway.telegram.org and register it again.",
	}
}
