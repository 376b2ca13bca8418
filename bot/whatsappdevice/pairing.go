//go:build !nowhatsmeow

package whatsappdevice

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"otpravka/bot"
	"otpravka/otpcore"
)

// pairing is what somebody who links a phone is shown.
type pairing struct {
	orders chan order

	mu      sync.Mutex
	now     otpcore.Pairing
	changed chan struct{} // closed at the next change
}

// order is somebody's wish to link a phone.
type order struct {
	otpcore.PairRequest
	begun chan struct{} // closed when what is shown belongs to it
}

func (p *pairing) init(b otpcore.ID) {
	p.orders = make(chan order)
	p.changed = make(chan struct{})
	p.now = otpcore.Pairing{BotID: b, Status: otpcore.PairingNone, Detail: "Nobody is linking a phone."}
}

// show changes what is shown.
func (p *pairing) show(next otpcore.Pairing) {
	p.mu.Lock()
	defer p.mu.Unlock()
	next.BotID = p.now.BotID
	p.now = next
	close(p.changed)
	p.changed = make(chan struct{})
}

// see returns what is shown, and a channel that closes when that changes.
func (p *pairing) see() (otpcore.Pairing, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now, p.changed
}

// finished tells whoever has linked the phone that the device is in.
func (p *pairing) finished() {
	if now, _ := p.see(); now.Status.Running() {
		p.show(otpcore.Pairing{Status: otpcore.PairingDone, Detail: "The phone is linked."})
	}
}

// broken tells whoever still waits that nothing comes any more.
func (p *pairing) broken(detail string) {
	if now, _ := p.see(); now.Status.Running() {
		p.fail(otpcore.PairingFailed, detail)
	}
}

func (p *pairing) start(o order) {
	p.show(otpcore.Pairing{Status: otpcore.PairingStarting, Detail: "Otpravka asks WhatsApp for a code."})
	close(o.begun)
}

func (p *pairing) fail(status otpcore.PairingStatus, detail string) {
	p.show(otpcore.Pairing{Status: status, Detail: detail})
}

// The waits of somebody who asks for a pairing.
const (
	orderLimit = 5 * time.Second  // until the device is free to begin
	showLimit  = 20 * time.Second // until there is something to show
)

// Pair begins to link the device to a phone, or to another one than before, and
// returns what to show. It is a conflict where the device is linked already.
func (c *Connector) Pair(ctx context.Context, r otpcore.PairRequest) (otpcore.Pairing, error) {
	if c.live.Load() != nil {
		return otpcore.Pairing{}, &otpcore.Error{
			Kind: otpcore.KindConflict, Code: "already_paired",
			Detail: "The device is linked and works. Remove the bot, or unlink the device on the phone, to link another one.",
		}
	}
	o := order{r, make(chan struct{})}
	select {
	case c.pairing.orders <- o:
		select {
		case <-o.begun:
		case <-ctx.Done():
			return otpcore.Pairing{}, context.Cause(ctx)
		}
	case <-time.After(orderLimit):
		return otpcore.Pairing{}, &otpcore.Error{
			Kind: otpcore.KindConflict, Code: "not_ready_to_pair",
			Detail: "The device cannot be paired in its present state; look at the bot with GET /v1/bots/{id}.",
		}
	case <-ctx.Done():
		return otpcore.Pairing{}, context.Cause(ctx)
	}
	late := time.After(showLimit)
	for {
		now, changed := c.pairing.see()
		if now.Status != otpcore.PairingStarting {
			return now, nil
		}
		select {
		case <-changed:
		case <-late:
			return now, nil
		case <-ctx.Done():
			return now, nil // what began goes on
		}
	}
}

// Pairing returns what to show, and a channel that closes when that changes.
func (c *Connector) Pairing() (otpcore.Pairing, <-chan struct{}) { return c.pairing.see() }

// unlinked waits for somebody who links the device, and links it.
func (c *Connector) unlinked(ctx context.Context, d device) (err error) {
	state, text := d.state, d.reason
	if state == "" {
		state, text = otpcore.BotPairing, unlinkedText
	}
	c.away(ctx)
	c.home.Known(ctx, bot.Identity{Name: c.name}) // nobody can write to it
	c.home.Stands(ctx, state, text)
	select {
	case <-ctx.Done():
		return nil
	case next := <-c.pairing.orders:
		for again := true; again && err == nil; {
			next, again, err = c.pair(ctx, next, d)
		}
	}
	return err
}

// The lives of what a phone scans or its owner types.
const (
	firstCode = 60 * time.Second
	nextCode  = 20 * time.Second
	typedCode = 160 * time.Second
)

// pair shows codes until a phone takes one. It returns when the device is linked
// or will not be, or with another order, which begins anew.
func (c *Connector) pair(ctx context.Context, o order, before device) (next order, again bool, err error) {
	c.pairing.start(o)
	c.factory.learned.Do(func() { c.factory.learn(ctx) })
	keys := c.factory.opts.Keys
	container, err := keys.open(ctx)
	if err != nil {
		c.pairing.fail(otpcore.PairingFailed, "The database for keys cannot be opened; the log says why.")
		return o, false, err
	}
	s := c.newSession(container.NewDevice())
	defer func() { s.close(true) }()
	// Which device is ours is stored before the library completes the pairing: one
	// that is linked and that nobody knows of could not be unlinked either.
	s.client.PrePairCallback = func(jid types.JID, _, _ string) bool {
		err := keys.keep(s.ctx, c.bot.ID, device{jid: jid})
		if err != nil {
			c.log().Error("linked device not stored", "error", err)
		}
		return err == nil
	}
	if err := s.connect(ctx); err != nil {
		c.pairing.fail(otpcore.PairingFailed, "WhatsApp cannot be reached; try again.")
		c.log().Warn("pairing not begun", "error", bot.Plain(err))
		return o, false, nil
	}
	w := &wizard{c: c, s: s, order: o, timer: time.NewTimer(connectLimit)}
	defer w.timer.Stop()
	orders := c.pairing.orders
	for {
		if w.agreed {
			orders = nil // to begin anew would leave a device on the phone that nobody uses
		}
		select {
		case <-ctx.Done():
			if !w.agreed {
				c.pairing.broken("Otpravka has ended the connection; begin again.")
			}
			return o, false, nil
		case next := <-orders:
			return next, true, nil
		case <-w.timer.C:
			if !w.next() {
				return o, false, nil
			}
		case event := <-s.events:
			done, err := w.follow(ctx, event)
			if done && w.failed {
				if w.passkey {
					before.state, before.reason = otpcore.BotPasskeyNeeded, passkeyText
				}
				err = errors.Join(err, keys.keep(ctx, c.bot.ID, before))
			}
			if done {
				return o, false, err
			}
		}
	}
}

// wizard is one attempt to link a phone.
type wizard struct {
	c      *Connector
	s      *session
	order  order
	codes  []string // QR codes that were not shown yet
	shown  bool
	timer  *time.Timer
	agreed bool // the phone has: the device is linked, whatever becomes of this connection
	failed bool

	passkey bool // the account wants one
}

// next shows the next QR code. It reports false when there is none left, or no
// need of one.
func (w *wizard) next() bool {
	if w.agreed {
		return false // the word to log in was lost: the device does so all the same
	}
	if len(w.codes) == 0 {
		detail := "Nobody has linked a phone in time; begin again."
		if !w.shown {
			detail = "WhatsApp gave no code in time; begin again."
		}
		w.c.pairing.fail(otpcore.PairingExpired, detail)
		return false
	}
	life := nextCode
	if !w.shown {
		life = firstCode
	}
	w.shown = true
	code := w.codes[0]
	w.codes = w.codes[1:]
	w.timer.Reset(life)
	w.c.pairing.show(otpcore.Pairing{
		Status: otpcore.PairingWaiting, QR: otpcore.NewPairingSecret(code), ExpiresAt: time.Now().Add(life),
		Detail: "Scan the code in WhatsApp on the phone: Linked devices, Link a device.",
	})
	return true
}

// letters asks for the code that the owner types into the phone.
func (w *wizard) letters(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, showLimit)
	defer cancel()
	letters, err := w.s.client.PairPhone(ctx, w.order.Phone.E164(), true, whatsmeow.PairClientChrome, "Chrome (Linux)")
	if err != nil {
		w.c.pairing.fail(otpcore.PairingFailed, "WhatsApp gives no code for this number; link the phone by QR code instead.")
		w.c.log().Warn("no code to pair with", "error", refusedBy(err))
		return false
	}
	w.shown = true
	w.timer.Reset(typedCode)
	w.c.pairing.show(otpcore.Pairing{
		Status: otpcore.PairingWaiting, Letters: otpcore.NewPairingSecret(letters), ExpiresAt: time.Now().Add(typedCode),
		Detail: "Type the letters in WhatsApp on the phone: Linked devices, Link a device, Link with phone number instead.",
	})
	return true
}

// follow goes on with what WhatsApp says, and reports whether the attempt is over.
func (w *wizard) follow(ctx context.Context, event any) (done bool, err error) {
	switch e := event.(type) {
	case *events.QR:
		if !w.order.Phone.IsZero() {
			return !w.letters(ctx), nil
		}
		w.codes = e.Codes
		return !w.next(), nil
	case *events.PairSuccess:
		w.codes, w.agreed = nil, true
		w.timer.Reset(connectLimit)
		w.c.pairing.show(otpcore.Pairing{Status: otpcore.PairingLinking, Detail: "The phone has agreed; the device is logging in."})
	case *events.ManualLoginReconnect:
		return true, nil
	case passkeyAsked:
		w.failed, w.passkey = true, true
		w.c.pairing.fail(otpcore.PairingPasskey, passkeyText)
		return true, nil
	case *events.PairError:
		return w.fail("The phone's word was not accepted; begin again."), nil
	case *events.QRScannedWithoutMultidevice:
		w.c.log().Info("phone does not support linked devices yet")
	case *events.ClientOutdated:
		w.fail(outdatedText)
		return true, w.c.outdated(ctx)
	case *events.Disconnected, *events.ConnectFailure, *events.StreamError, *events.TemporaryBan, *events.LoggedOut:
		if w.agreed {
			return true, nil
		}
		return w.fail("WhatsApp has ended the connection; begin again."), nil
	}
	return false, nil
}

func (w *wizard) fail(detail string) bool {
	w.failed = true
	w.c.pairing.fail(otpcore.PairingFailed, detail)
	return true
}
