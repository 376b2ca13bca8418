package bot

import (
	"context"
	"time"

	"otpravka/otpcore"
)

// settleWithin bounds how long a connector waits for its state to be stored.
const settleWithin = 5 * time.Second

// settle enters a state and stores it, together with the event that tells of
// it. When that fails the state holds in memory all the same, and the next
// change or the next sign of life stores it.
func (m *member) settle(ctx context.Context, state otpcore.BotState, text string) {
	m.enter(state, text)
	m.mu.Lock()
	known := m.stored == state
	m.mu.Unlock()
	if known {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	err := m.fleet.config.Ledger.Write(ctx, func(tx otpcore.Tx) error { return m.storeState(tx, state, text) })
	if err != nil {
		if otpcore.KindOf(err) != otpcore.KindNotFound && ctx.Err() == nil {
			m.log().Error("bot state not stored", "state", state, "error", err)
		}
		return
	}
	m.mu.Lock()
	m.stored = state
	m.mu.Unlock()
	m.log().Info("bot state changed", "state", state)
}

// enter changes the state in memory. A bot that fell stays fallen.
func (m *member) enter(state otpcore.BotState, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fell {
		return
	}
	if m.state != state {
		m.at = m.fleet.config.Ledger.Now()
	}
	m.state, m.text = state, text
}

func (m *member) storeState(tx otpcore.Tx, state otpcore.BotState, text string) error {
	b, err := tx.Bot(m.bot.ID)
	if err != nil || b.State == state {
		return err // another process has told of it
	}
	b.State, b.StateText, b.StateAt = state, text, tx.Now()
	if err := tx.SaveBot(b); err != nil {
		return err
	}
	if err := m.fleet.alert(tx, b); err != nil || b.Shared() {
		return err // of the operator's bots no business hears by an event
	}
	return tx.AddEvent(otpcore.Event{
		ID: otpcore.NewID(otpcore.PrefixEvent, tx.Now()), BusinessID: b.BusinessID, Mode: otpcore.Live,
		Type: otpcore.EventBotStateChanged, At: tx.Now(),
		Data: map[string]string{"bot_id": string(b.ID), "channel": string(b.Kind.Channel()), "state": string(state), "message": text},
	})
}
