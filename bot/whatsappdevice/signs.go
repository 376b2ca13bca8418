//go:build !nowhatsmeow

package whatsappdevice

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"go.mau.fi/whatsmeow/types"

	"otpravka/otpcore"
)

// WhatsApp unlinks the devices of a phone that was not online for about two weeks.
// The phone gives signs of life by itself: it confirms each message that a device
// sends in its name.
const (
	silentFor = 12 * 24 * time.Hour // without a sign, though there was reason for one
	signEvery = time.Hour           // how exactly a sign is remembered
)

// phoneSigned is an event of the session: the phone is there again.
type phoneSigned struct{}

// sign notes a sign of the phone's, if it came from the phone itself and not from
// another device of the account.
func (s *session) sign(from types.JID, at time.Time) {
	if from.User != s.client.Store.GetJID().User && from.User != s.client.Store.GetLID().User || from.Device != 0 {
		return
	}
	before := s.c.signed.Load()
	if at.UnixMilli() < before+signEvery.Milliseconds() || !s.c.signed.CompareAndSwap(before, at.UnixMilli()) {
		return
	}
	if err := s.c.factory.opts.Keys.signed(s.ctx, s.c.bot.ID, at); err != nil {
		s.c.log().Warn("sign of the phone not stored", "error", err)
	}
	s.on(phoneSigned{})
}

// signed stores when the phone was last heard of.
func (k *Keys) signed(ctx context.Context, bot otpcore.ID, at time.Time) error {
	_, err := k.db.ExecContext(ctx, `INSERT INTO otpravka_phones (bot_id, signed_at) VALUES ($1, $2)
		ON CONFLICT (bot_id) DO UPDATE SET signed_at = excluded.signed_at`, string(bot), at.UnixMilli())
	return err
}

// begin takes the moment for a sign where none is known: a phone that links a device
// is online.
func (k *Keys) begin(ctx context.Context, bot otpcore.ID, at time.Time) error {
	_, err := k.db.ExecContext(ctx, `INSERT INTO otpravka_phones (bot_id, signed_at) VALUES ($1, $2) ON CONFLICT (bot_id) DO NOTHING`,
		string(bot), at.UnixMilli())
	return err
}

// silentSince is the phone's last sign, if it is so old that the link is in danger;
// zero: all is well. A phone is asked for a sign by each message; where none was sent
// for a while its silence means nothing.
func (k *Keys) silentSince(ctx context.Context, bot otpcore.ID, now time.Time) (time.Time, error) {
	var signed, asked sql.NullInt64
	err := k.db.QueryRowContext(ctx, `SELECT signed_at, (SELECT min(sent_at) FROM otpravka_sent WHERE bot_id = $1 AND sent_at > signed_at)
		FROM otpravka_phones WHERE bot_id = $1`, string(bot)).Scan(&signed, &asked)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	last := time.UnixMilli(signed.Int64)
	if err != nil || now.Sub(last) < silentFor || !asked.Valid || now.Sub(time.UnixMilli(asked.Int64)) < 24*time.Hour {
		return time.Time{}, err
	}
	return last, nil
}
