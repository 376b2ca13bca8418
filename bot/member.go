package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"otpravka/internal/backoff"
	"otpravka/otpcore"
)

// patience is how many failures in a row are taken for a hiccup. Only after
// them the bot's state says that it is reconnecting.
const patience = 4

// The sentences of the states that need nobody.
const (
	connecting   = "Otpravka is getting in touch with the chat network; this takes a moment."
	connected    = "The bot works."
	reconnecting = "The chat network does not answer; Otpravka keeps trying, nothing needs to be done."
)

// member is one bot of the fleet with its connector.
type member struct {
	fleet     *Fleet
	bot       otpcore.Bot // as registered; its state is below
	connector Connector   // nil when the stored credential cannot be opened
	launched  sync.Once
	leave     context.CancelCauseFunc // ends the connector: its owner removed it, or it fell
	left      context.Context
	floods    floods
	done      chan struct{} // closed when the connector has stopped, if it was launched

	mu       sync.Mutex
	state    otpcore.BotState
	text     string
	at       time.Time
	stored   otpcore.BotState // what the database says
	failures int              // in a row
	heard    bool             // the network has answered this connector
	fell     bool             // for good: only another registration, which makes another member, lifts it
	is       Identity         // as last told by the network
}

var _ Home = (*member)(nil)

// errRemoved ends the connector of a bot that was removed or registered anew.
var errRemoved = errors.New("bot removed")

// enlist makes a member of a stored bot. Its state starts as connecting in
// memory only: a restart is no news to anybody.
func (f *Fleet) enlist(b *otpcore.Bot) *member {
	m := &member{fleet: f, bot: *b, done: make(chan struct{}), stored: b.State, at: b.StateAt}
	m.is = Identity{Username: b.Username, Name: b.Name}
	m.left, m.leave = context.WithCancelCause(context.Background())
	m.state, m.text = otpcore.BotConnecting, connecting
	factory, ok := f.config.Factories[b.Kind]
	if !ok {
		m.state, m.text, m.fell = otpcore.BotStopped, "This installation has no connector of the bot's kind.", true
		return m
	}
	credential, err := f.config.Vault.Open(tokenPlace(b), b.Token)
	if err != nil {
		m.state, m.fell = otpcore.BotBadCredentials, true
		m.text = "The stored token cannot be opened with the present master key; register the bot again."
		f.config.Log.Error("bot token unreadable", "bot_id", b.ID, "error", err)
		return m
	}
	m.connector = factory.Connect(*b, string(credential), m)
	return m
}

// offer is what the bot can do in chats, or for bare numbers, or why nothing.
func (m *member) offer(byPhone bool) (otpcore.Capabilities, string) {
	state, text, _ := m.condition()
	if !state.Usable() || m.connector == nil {
		return otpcore.Capabilities{}, text
	}
	if numbered, ok := m.connector.(Numbered); ok && byPhone {
		return numbered.ByPhone()
	}
	return m.connector.Capabilities(), ""
}

// callbackKey is the secret part of the address that the bot's network posts to;
// empty: none.
func (m *member) callbackKey() string {
	if m == nil {
		return ""
	}
	if posted, ok := m.connector.(Posted); ok {
		return posted.CallbackKey()
	}
	return ""
}

// stop ends the connector and returns when it has stopped.
func (m *member) stop(why error) {
	if m == nil {
		return
	}
	m.leave(why)
	m.launched.Do(func() { close(m.done) }) // never ran, and never will
	<-m.done
}

// condition returns how the bot is doing right now.
func (m *member) condition() (otpcore.BotState, string, time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state, m.text, m.at
}

// Apply hands the update to the conversation under the bot's id.
func (m *member) Apply(ctx context.Context, in Inbound) error {
	in.BotID = m.bot.ID
	if now := time.Now(); !m.floods.admit(in, now) {
		if m.floods.news(now) {
			m.log().Warn("chat floods the bot")
		}
		return nil
	}
	return m.fleet.config.Inbox.Apply(ctx, in)
}

// Offset returns where reading goes on.
func (m *member) Offset(ctx context.Context) (int64, error) {
	return m.fleet.config.Reader.Offset(ctx, m.bot.ID)
}

// Connected ends a row of failures.
func (m *member) Connected(ctx context.Context) {
	m.mu.Lock()
	failures := m.failures
	m.failures, m.heard = 0, true
	settled := m.state == otpcore.BotConnected && m.stored == otpcore.BotConnected || m.fell
	m.mu.Unlock()
	if failures > 0 {
		m.log().Info("bot recovered", "failures", failures)
	}
	if !settled {
		m.settle(ctx, otpcore.BotConnected, connected)
	}
}

// Stands ends a row of failures, like Connected, in another state.
func (m *member) Stands(ctx context.Context, state otpcore.BotState, text string) {
	m.mu.Lock()
	m.failures, m.heard = 0, true
	m.mu.Unlock()
	m.settle(ctx, state, text)
}

// Known stores whose account the bot speaks for, if that is news.
func (m *member) Known(ctx context.Context, is Identity) {
	now := m.identity()
	if is.Username == now.Username && is.Name == now.Name {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	err := m.fleet.config.Ledger.Write(ctx, func(tx otpcore.Tx) error {
		b, err := tx.Bot(m.bot.ID)
		if err != nil {
			return err
		}
		b.Username, b.Name = is.Username, is.Name
		return tx.SaveBot(b)
	})
	if err != nil && otpcore.KindOf(err) != otpcore.KindNotFound && ctx.Err() == nil {
		m.log().Error("bot's account not stored", "error", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.is = is
}

func (m *member) identity() Identity {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.is
}

// Fell stops the connector; its goroutine stores the state.
func (m *member) Fell(fall *Fall) {
	m.enter(fall.State, fall.Text)
	m.mu.Lock()
	m.fell = true
	m.mu.Unlock()
	m.leave(fall)
}

// run runs the connector until the fleet stops, the bot is removed, or the
// connector falls.
func (m *member) run(ctx context.Context) {
	defer close(m.done)
	if m.connector == nil {
		state, text, _ := m.condition()
		m.settle(ctx, state, text)
		return
	}
	staying, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(m.left, cancel)()
	for staying.Err() == nil {
		err := m.attempt(staying)
		if staying.Err() != nil {
			break
		}
		if fall, ok := errors.AsType[*Fall](err); ok {
			m.Fell(fall)
			break
		}
		backoff.Sleep(staying, m.failed(staying, err))
	}
	if fall, ok := errors.AsType[*Fall](context.Cause(m.left)); ok {
		m.log().Warn("bot fell", "state", fall.State, "error", fall.Err)
		m.settle(ctx, fall.State, fall.Text)
	}
}

// attempt is one run of the connector behind panic recovery.
func (m *member) attempt(ctx context.Context) (err error) {
	defer func() {
		if thrown := recover(); thrown != nil {
			m.log().Error("panic in connector", "type", fmt.Sprintf("%T", thrown), "stack", string(debug.Stack()))
			err = errPanic
		}
	}()
	if err := m.connector.Run(ctx); err != nil {
		return err
	}
	return errors.New("connector returned before its time")
}

// failed counts a failure and returns the pause before the next try. It logs
// the first failure of a row and then each time their number has doubled.
func (m *member) failed(ctx context.Context, err error) time.Duration {
	m.mu.Lock()
	m.failures++
	n, first := m.failures, !m.heard
	m.mu.Unlock()
	if n&(n-1) == 0 {
		m.log().Warn("bot in trouble", "failures", n, "error", err)
	}
	text, wait := reconnecting, m.fleet.config.Backoff.Pause(n)
	if t, ok := errors.AsType[*Trouble](err); ok {
		if t.Text != "" {
			text = t.Text
		}
		if t.Wait > 0 {
			wait = t.Wait + spread(t.Wait)
		}
		if t.Wait > 0 && first {
			m.fleet.slower()
		}
	}
	if n >= patience || wait > longWait {
		m.settle(ctx, otpcore.BotReconnecting, text)
	}
	return wait
}

// longWait is a wait that somebody who looks at the bot wants explained.
const longWait = 35 * time.Second

// spread is what is added to a wait that the network named: bots that it sent
// away together must not come back together.
func spread(wait time.Duration) time.Duration {
	most := min(wait/10, time.Second)
	return backoff.Pace{First: most, Most: most}.Pause(1)
}

func (m *member) log() *slog.Logger {
	return m.fleet.config.Log.With("bot_id", m.bot.ID, "kind", m.bot.Kind)
}
