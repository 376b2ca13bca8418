package whatsappcloud

import (
	"context"
	"crypto/subtle"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"otpravka/bot"
	"otpravka/otpcore"
)

// Connector is one number: it sends at any time, and what happens there is posted
// to it.
type Connector struct {
	client   *Client
	opts     Options
	home     bot.Home
	bot      otpcore.ID
	business otpcore.ID
	account  otpcore.CloudAccount
	access   access
	shelf    *shelf
	log      *slog.Logger

	look        chan struct{} // asks Run to look at the templates now
	nextLook    atomic.Int64  // when a refusal may ask for it again; Unix milliseconds
	pausedUntil atomic.Int64  // Unix milliseconds
}

var (
	_ bot.Called   = (*Connector)(nil)
	_ bot.Numbered = (*Connector)(nil)
	_ bot.Reviewed = (*Connector)(nil)
)

// How often Meta is asked about the templates while it tells nothing by itself.
const (
	lookWhileWaiting = 2 * time.Minute
	lookWhileWell    = time.Hour
)

// Run lets Meta post to the app, sees to the templates, and stays until ctx ends.
func (c *Connector) Run(ctx context.Context) error {
	var done struct{}
	if failed := c.client.post(ctx, c.access, c.account.AccountID+"/subscribed_apps", struct{}{}, &done); failed != nil {
		return c.trouble(ctx, failed)
	}
	for {
		set, err := c.opts.Settings(ctx, c.business)
		if err != nil {
			return err
		}
		if failed := c.shelf.sync(ctx, c.client, set, false); failed != nil {
			return c.trouble(ctx, failed)
		}
		timer := time.NewTimer(c.stand(ctx))
		select {
		case <-timer.C:
		case <-c.look:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
		timer.Stop()
	}
}

// stand tells how the number is doing, and returns when that is worth another look.
func (c *Connector) stand(ctx context.Context) time.Duration {
	now := time.Now()
	if wait := c.paused(now); wait > 0 {
		c.home.Stands(ctx, otpcore.BotLimited, limitedText(now.Add(wait)))
		return wait
	}
	if state, text := c.shelf.condition(); state != otpcore.BotConnected {
		c.home.Stands(ctx, state, text)
		return lookWhileWaiting
	}
	c.home.Connected(ctx)
	return lookWhileWell
}

func limitedText(until time.Time) string {
	return fmt.Sprintf("Meta limits the number because people took its messages for spam; codes go over other channels until %s. Look into the number's quality in WhatsApp Manager.",
		bot.Moment(until))
}

// trouble is what a failed call means for the run.
func (c *Connector) trouble(ctx context.Context, e *callError) error {
	if ctx.Err() != nil {
		return nil
	}
	v := e.verdict()
	if fall := v.fall(e); fall != nil {
		return fall
	}
	if v.class == otpcore.ClassThrottled {
		return &bot.Trouble{
			Wait: max(e.retryAfter, v.wait, time.Minute), Err: e,
			Text: "Meta asks this number to wait; Otpravka goes on as soon as it may, nothing needs to be done.",
		}
	}
	return e
}

// Templates tells what is known of our texts, from memory.
func (c *Connector) Templates() []otpcore.BotTemplate { return c.shelf.list() }

// SyncTemplates asks Meta about our texts now, and hands in once more what it has
// refused.
func (c *Connector) SyncTemplates(ctx context.Context) ([]otpcore.BotTemplate, error) {
	set, err := c.opts.Settings(ctx, c.business)
	if err != nil {
		return nil, err
	}
	if failed := c.shelf.sync(ctx, c.client, set, true); failed != nil {
		if fall := failed.verdict().fall(failed); fall != nil {
			c.home.Fell(fall)
		}
		return nil, unreachable(failed, "Meta could not be asked about the texts. Nothing was changed; repeat the request.")
	}
	c.lookAgain() // which tells the state
	return c.shelf.list(), nil
}

// lookAgain asks for a look at the templates. It never blocks.
func (c *Connector) lookAgain() {
	select {
	case c.look <- struct{}{}:
	default:
	}
}

// CallbackKey is the secret part of the address that Meta posts to.
func (c *Connector) CallbackKey() string { return c.opts.CallbackKey(c.account.PhoneNumberID) }

// Callback is what the owner enters at Meta.
func (c *Connector) Callback() (url, verifyToken string) {
	return c.opts.CallbackURL(c.CallbackKey()), c.opts.VerifyToken(c.account.PhoneNumberID)
}

// Greets compares without telling by its time how much of the word was right.
func (c *Connector) Greets(verifyToken string) bool {
	want := c.opts.VerifyToken(c.account.PhoneNumberID)
	return want != "" && subtle.ConstantTimeCompare([]byte(want), []byte(verifyToken)) == 1
}

// Leave does nothing: other numbers of the account may be posted to by the same
// subscription, and what comes for this one finds nobody.
func (c *Connector) Leave(context.Context) {}
