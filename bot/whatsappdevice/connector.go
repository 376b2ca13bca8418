//go:build !nowhatsmeow

package whatsappdevice

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"otpravka/bot"
	"otpravka/internal/backoff"
	"otpravka/otpcore"
)

// Connector is one bot's device, linked or not yet.
type Connector struct {
	factory *Factory
	bot     otpcore.Bot
	home    bot.Home
	pairing pairing
	pace    pace
	lock    reachOut
	present presence
	signed  atomic.Int64            // the phone's last sign, Unix ms, as far as it was stored; zero: none since the start
	live    atomic.Pointer[session] // through which messages leave; nil: none do
	name    string                  // of the account, as last heard
	renewed bool                    // the version was asked for anew after WhatsApp refused it
}

var (
	_ bot.Paired      = (*Connector)(nil)
	_ bot.Forgetful   = (*Connector)(nil)
	_ bot.Remembering = (*Connector)(nil)
)

func newConnector(f *Factory, b otpcore.Bot, home bot.Home) *Connector {
	c := &Connector{factory: f, bot: b, home: home, name: b.Name}
	c.pairing.init(b.ID)
	c.pace.every = f.opts.Pace
	return c
}

func (c *Connector) log() *slog.Logger { return c.factory.opts.Log.With("bot_id", c.bot.ID) }

// connectLimit is how long a connection may take until WhatsApp has admitted the
// device.
const connectLimit = 30 * time.Second

// Run keeps the device connected, waits while it may not be, and links it when
// somebody asks for that.
func (c *Connector) Run(ctx context.Context) error {
	held, release, err := c.factory.opts.Keys.lease(ctx, c.bot.ID)
	if err != nil {
		return err
	}
	defer release()
	var sweeps sync.WaitGroup
	sweeping, stop := context.WithCancel(held)
	sweeps.Go(func() { c.sweep(sweeping) })
	defer sweeps.Wait()
	defer stop()
	for held.Err() == nil {
		err := c.turn(held)
		if _, fell := errors.AsType[*bot.Fall](err); fell {
			c.away(held)
		}
		if err != nil && held.Err() == nil {
			return err
		}
	}
	if ctx.Err() == nil {
		return context.Cause(held)
	}
	return nil
}

// sweep drops what has lost its meaning, now and from time to time.
func (c *Connector) sweep(ctx context.Context) {
	ticker := time.NewTicker(keepContent)
	defer ticker.Stop()
	for {
		if err := c.factory.opts.Keys.sweep(ctx, c.bot.ID, time.Now()); err != nil && ctx.Err() == nil {
			c.log().Warn("keys not swept", "error", err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// turn does what the device is in need of, and returns when that has changed.
func (c *Connector) turn(ctx context.Context) error {
	keys := c.factory.opts.Keys
	d, err := keys.device(ctx, c.bot.ID)
	if err != nil {
		return err
	}
	stored, err := keys.stored(ctx, d.jid)
	switch {
	case err != nil:
		return err
	case stored == nil:
		return c.unlinked(ctx, d)
	case d.state == otpcore.BotBanned && d.until.After(time.Now()):
		return c.banned(ctx, d)
	case d.state == otpcore.BotReachOutLocked:
		c.lock.close(d.until)
	}
	return c.online(ctx, stored)
}

// banned waits until WhatsApp lets the account in again.
func (c *Connector) banned(ctx context.Context, d device) error {
	c.away(ctx)
	c.home.Stands(ctx, d.state, d.reason)
	if !backoff.Sleep(ctx, time.Until(d.until)) {
		return nil
	}
	return c.factory.opts.Keys.keep(ctx, c.bot.ID, device{jid: d.jid})
}

// away forgets what was said: while the device stays away nobody can ask for it.
// Whoever has just linked it learns that it is not let in.
func (c *Connector) away(ctx context.Context) {
	c.pairing.broken("WhatsApp has not let the device in; look at the bot with GET /v1/bots/{id}.")
	if err := c.factory.opts.Keys.silence(ctx, c.bot.ID); err != nil {
		c.log().Warn("sent messages not silenced", "error", err)
	}
}

// shut keeps new contacts away for a while, over a restart too.
func (c *Connector) shut(ctx context.Context, s *session) {
	until := time.Now().Add(reachOutRest)
	c.lock.close(until)
	text := reachOutText(until)
	d := device{jid: s.client.Store.GetJID(), state: otpcore.BotReachOutLocked, reason: text, until: until}
	if err := c.factory.opts.Keys.keep(ctx, c.bot.ID, d); err != nil {
		c.log().Warn("refusal of new contacts not stored", "error", err)
	}
	c.home.Stands(ctx, otpcore.BotReachOutLocked, text)
}

// look does what the passing of time asks for on a connection.
func (c *Connector) look(ctx context.Context, s *session, now time.Time) {
	c.reopen(ctx, s, now)
	if c.live.Load() == s {
		c.stand(ctx)
	}
}

// reopen lets new contacts in again when their time has come.
func (c *Connector) reopen(ctx context.Context, s *session, now time.Time) {
	if !c.lock.over(now) {
		return
	}
	if err := c.factory.opts.Keys.keep(ctx, c.bot.ID, device{jid: s.client.Store.GetJID()}); err != nil {
		c.log().Warn("end of a refusal not stored", "error", err)
	}
}

// stand tells how a device is doing that is connected.
func (c *Connector) stand(ctx context.Context) {
	if until := c.lock.until(); until.After(time.Now()) {
		c.home.Stands(ctx, otpcore.BotReachOutLocked, reachOutText(until))
		return
	}
	since, err := c.factory.opts.Keys.silentSince(ctx, c.bot.ID, time.Now())
	if err != nil {
		c.log().Warn("signs of the phone not read", "error", err)
	}
	if !since.IsZero() {
		c.home.Stands(ctx, otpcore.BotPhoneSilent, silentPhoneText(since))
		return
	}
	c.home.Connected(ctx)
}

// online connects a linked device and stays until the connection ends.
func (c *Connector) online(ctx context.Context, stored *store.Device) error {
	c.factory.learned.Do(func() { c.factory.learn(ctx) })
	s := c.newSession(stored)
	connected := false
	defer func() { s.close(connected) }()
	if err := s.connect(ctx); err != nil {
		return bot.Plain(err)
	}
	late := time.NewTimer(connectLimit)
	defer late.Stop()
	passing := time.NewTicker(keepContent)
	defer passing.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-late.C:
			return errNotAdmitted
		case now := <-passing.C:
			c.look(ctx, s, now)
		case event := <-s.events:
			if _, up := event.(*events.Connected); up {
				late.Stop()
				connected = true
				c.admitted(ctx, s)
				continue
			}
			if done, err := c.follow(ctx, s, event); done {
				connected = connected && !gone(event)
				return err
			}
		}
	}
}

// mostSilences is how many keep-alives may stay without an answer before the
// connection is given up; they leave every 20 to 30 s.
const mostSilences = 3

// gone reports whether the event says that there is no connection any more.
func gone(event any) bool {
	_, yes := event.(*events.Disconnected)
	return yes
}

// The ends of a connection that trying again may mend.
var (
	errNotAdmitted = errors.New("whatsapp: not admitted in time")
	errLost        = errors.New("whatsapp: connection lost")
	errSilent      = errors.New("whatsapp: no answer to keep-alives")
	errOutdated    = errors.New("whatsapp: version refused")
)

// admitted follows WhatsApp's word that the device is in.
func (c *Connector) admitted(ctx context.Context, s *session) {
	keys := s.client.Store
	// The owner's phone goes on to ring for what comes in. Without a name, which the
	// phone tells sooner or later, the library cannot say so; nothing hangs on it.
	if keys.PushName != "" {
		_ = s.client.SendPresence(s.ctx, "unavailable")
	}
	c.renewed = false
	if err := c.factory.opts.Keys.begin(ctx, c.bot.ID, time.Now()); err != nil {
		c.log().Warn("sign of the phone not stored", "error", err)
	}
	c.name = cmp.Or(keys.BusinessName, keys.PushName, c.name)
	c.home.Known(ctx, bot.Identity{Username: keys.GetJID().User, Name: c.name})
	c.live.Store(s)
	c.pairing.finished()
	c.stand(ctx)
}

// follow draws the consequences of an event, and reports whether it ends the
// session: with an error for the fleet, or with none to look at the device anew.
func (c *Connector) follow(ctx context.Context, s *session, event any) (done bool, err error) {
	switch e := event.(type) {
	case *events.Disconnected:
		return true, errLost
	case *events.KeepAliveTimeout:
		c.live.CompareAndSwap(s, nil) // whatever waits goes to the next channel
		if e.ErrorCount >= mostSilences {
			return true, errSilent
		}
		c.home.Stands(ctx, otpcore.BotReconnecting, silentText)
	case *events.KeepAliveRestored:
		c.admitted(ctx, s)
	case phoneSigned:
		if c.live.Load() == s {
			c.stand(ctx)
		}
	case *events.LoggedOut:
		return true, c.loggedOut(ctx, s.jid, e.Reason)
	case *events.StreamReplaced:
		return true, &bot.Fall{State: otpcore.BotReplaced, Text: replacedText}
	case *events.TemporaryBan:
		until := time.Now().Add(max(e.Expire, time.Minute))
		return true, c.factory.opts.Keys.keep(ctx, c.bot.ID, device{
			jid: s.client.Store.GetJID(), state: otpcore.BotBanned, reason: banText(e.Code, until), until: until,
		})
	case *events.ClientOutdated:
		return true, c.outdated(ctx)
	case *events.ConnectFailure:
		return true, fmt.Errorf("whatsapp: login refused with %d", int(e.Reason))
	case *events.StreamError:
		return true, errors.New("whatsapp: stream error")
	}
	return false, nil
}

// outdated asks WhatsApp once which version it wants, and gives up where that is
// no news.
func (c *Connector) outdated(ctx context.Context) error {
	if !c.renewed && c.factory.learn(ctx) {
		c.renewed = true
		return errOutdated
	}
	return &bot.Fall{State: otpcore.BotOutdated, Text: outdatedText, Err: errOutdated}
}

// loggedOut keeps the bot with its links, without the device, and waits for it to
// be linked again.
func (c *Connector) loggedOut(ctx context.Context, jid types.JID, reason events.ConnectFailureReason) error {
	if err := c.factory.opts.Keys.tidy(ctx, jid); err != nil {
		c.log().Warn("keys of a device that is gone not tidied", "error", err)
	}
	return c.factory.opts.Keys.keep(ctx, c.bot.ID, device{state: otpcore.BotLoggedOut, reason: logoutText(reason)})
}

// Forget unlinks the device at WhatsApp, if that answers, and deletes its keys. It
// is called after Run has ended, for a bot that was removed.
func (c *Connector) Forget(ctx context.Context) error {
	keys := c.factory.opts.Keys
	d, err := keys.device(ctx, c.bot.ID)
	if err != nil {
		return err
	}
	if stored, err := keys.stored(ctx, d.jid); err == nil && stored != nil {
		c.unlink(ctx, stored)
	}
	return keys.forget(ctx, c.bot.ID)
}

// unlink takes the device off the phone's list. Where that fails the phone shows
// a device that never comes back, until its owner removes it.
func (c *Connector) unlink(ctx context.Context, stored *store.Device) {
	s := c.newSession(stored)
	defer s.close(true)
	if s.connect(ctx) != nil {
		return
	}
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-s.events:
			if _, up := event.(*events.Connected); !up {
				return
			}
			if s.client.Logout(ctx) != nil {
				c.log().Info("device not unlinked at whatsapp")
			}
			return
		}
	}
}
