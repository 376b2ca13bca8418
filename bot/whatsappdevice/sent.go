//go:build !nowhatsmeow

package whatsappdevice

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"go.mau.fi/whatsmeow/types"

	"otpravka/otpcore"
)

const (
	// keepContent is how long a message can be asked for again: no code lives
	// longer.
	keepContent = 10 * time.Minute
	// keepSent is how long receipts find their message. WhatsApp keeps messages
	// for phones that are off for about a month.
	keepSent = 30 * 24 * time.Hour
)

// messageID is the id of a delivery's message. It follows from the delivery's
// own id, which is stored before anything is sent, so that a repeat after an
// answer that was lost is the same message to WhatsApp and to the phone, which
// shows it once. It has the form of ids that WhatsApp Web makes.
func messageID(delivery otpcore.ID) types.MessageID {
	sum := sha256.Sum256([]byte("otpravka whatsapp message " + string(delivery)))
	return fmt.Sprintf("3EB0%X", sum[:9])
}

// outgoing is a message as it is remembered.
type outgoing struct {
	id       types.MessageID
	delivery otpcore.ID      // whose receipts are wanted; empty: nobody's
	edits    types.MessageID // the message that this one changes; empty: none
	content  []byte          // sealed
}

// remember stores a message before it is sent. One that is sent again stays as
// it is but for its content.
func (k *Keys) remember(ctx context.Context, bot otpcore.ID, m outgoing) error {
	_, err := k.db.ExecContext(ctx, `INSERT INTO otpravka_sent (bot_id, message_id, delivery_id, edits, content, sent_at)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (bot_id, message_id) DO UPDATE SET content = excluded.content`,
		string(bot), m.id, string(m.delivery), m.edits, m.content, time.Now().UnixMilli())
	return err
}

// sent finds a message, with its content if it still has some.
func (k *Keys) sent(ctx context.Context, bot otpcore.ID, id types.MessageID) (m outgoing, found bool, err error) {
	m.id = id
	err = k.db.QueryRowContext(ctx, `SELECT delivery_id, edits, content FROM otpravka_sent WHERE bot_id = $1 AND message_id = $2`,
		string(bot), id).Scan(&m.delivery, &m.edits, &m.content)
	if errors.Is(err, sql.ErrNoRows) {
		return m, false, nil
	}
	return m, err == nil, err
}

// arrived drops the content of a message that nobody will ask for again.
func (k *Keys) arrived(ctx context.Context, bot otpcore.ID, id types.MessageID) error {
	_, err := k.db.ExecContext(ctx, `UPDATE otpravka_sent SET content = NULL WHERE bot_id = $1 AND message_id = $2 AND content IS NOT NULL`,
		string(bot), id)
	return err
}

// silence drops the content of all messages of a device that stays away.
func (k *Keys) silence(ctx context.Context, bot otpcore.ID) error {
	_, err := k.db.ExecContext(ctx, `UPDATE otpravka_sent SET content = NULL WHERE bot_id = $1 AND content IS NOT NULL`, string(bot))
	return err
}

// sweep drops what has lost its meaning, of all devices, and what is to be forgotten
// of the bot's.
func (k *Keys) sweep(ctx context.Context, bot otpcore.ID, now time.Time) error {
	_, content := k.db.ExecContext(ctx, `UPDATE otpravka_sent SET content = NULL WHERE content IS NOT NULL AND sent_at < $1`,
		now.Add(-keepContent).UnixMilli())
	_, rows := k.db.ExecContext(ctx, `DELETE FROM otpravka_sent WHERE sent_at < $1`, now.Add(-keepSent).UnixMilli())
	return errors.Join(content, rows, k.eraseDue(ctx, bot, now))
}
