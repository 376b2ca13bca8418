//go:build !nowhatsmeow

package whatsappdevice

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"

	"otpravka/otpcore"
)

// device is what is known of a bot's device between two runs.
type device struct {
	jid    types.JID        // zero: not linked
	state  otpcore.BotState // empty: nothing keeps it from connecting
	reason string           // the sentence that goes with the state
	until  time.Time        // when that ends by itself; zero: never
}

// device returns what is known of the bot's device; the zero value for a new bot.
func (k *Keys) device(ctx context.Context, bot otpcore.ID) (device, error) {
	if _, err := k.open(ctx); err != nil {
		return device{}, err
	}
	var d device
	var jid string
	var until int64
	err := k.db.QueryRowContext(ctx, `SELECT jid, state, reason, until FROM otpravka_devices WHERE bot_id = $1`, string(bot)).
		Scan(&jid, &d.state, &d.reason, &until)
	if errors.Is(err, sql.ErrNoRows) {
		return device{}, nil
	}
	if err != nil || jid == "" {
		return d, err
	}
	if until != 0 {
		d.until = time.UnixMilli(until)
	}
	d.jid, err = types.ParseJID(jid)
	return d, err
}

// keep stores what is known of the bot's device.
func (k *Keys) keep(ctx context.Context, bot otpcore.ID, d device) error {
	if _, err := k.open(ctx); err != nil {
		return err
	}
	var jid string
	var until int64
	if !d.jid.IsEmpty() {
		jid = d.jid.String()
	}
	if !d.until.IsZero() {
		until = d.until.UnixMilli()
	}
	_, err := k.db.ExecContext(ctx, `INSERT INTO otpravka_devices (bot_id, jid, state, reason, until) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (bot_id) DO UPDATE SET jid = excluded.jid, state = excluded.state, reason = excluded.reason, until = excluded.until`,
		string(bot), jid, string(d.state), d.reason, until)
	return err
}

// stored returns the keys of a linked device, or nil where they are gone.
func (k *Keys) stored(ctx context.Context, jid types.JID) (*store.Device, error) {
	container, err := k.open(ctx)
	if err != nil || jid.IsEmpty() {
		return nil, err
	}
	return container.GetDevice(ctx, jid)
}

// forget deletes everything that is kept of the bot's device.
func (k *Keys) forget(ctx context.Context, bot otpcore.ID) error {
	d, err := k.device(ctx, bot)
	if err != nil {
		return err
	}
	keys, err := k.stored(ctx, d.jid)
	if err == nil && keys != nil {
		err = keys.Delete(ctx)
	}
	for _, table := range []string{"otpravka_sent", "otpravka_devices", "otpravka_phones", "otpravka_forgotten"} {
		_, failed := k.db.ExecContext(ctx, `DELETE FROM `+table+` WHERE bot_id = $1`, string(bot))
		err = errors.Join(err, failed)
	}
	return errors.Join(err, k.tidy(ctx, d.jid))
}

// tidy deletes what is left of a device that is gone. The library deletes its keys
// a little later by itself, and leaves the numbers of those who wrote to it and, of
// the last device, which hidden address is whose.
func (k *Keys) tidy(ctx context.Context, gone types.JID) error {
	_, device := k.db.ExecContext(ctx, `DELETE FROM whatsmeow_device WHERE jid = $1`, gone.String())
	_, tokens := k.db.ExecContext(ctx, `DELETE FROM whatsmeow_privacy_tokens WHERE our_jid NOT IN (SELECT jid FROM whatsmeow_device)`)
	_, addresses := k.db.ExecContext(ctx, `DELETE FROM whatsmeow_lid_map WHERE NOT EXISTS (SELECT 1 FROM whatsmeow_device)`)
	return errors.Join(device, tokens, addresses)
}
