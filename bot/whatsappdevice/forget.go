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

// forgetAgain is when a person's keys are deleted for the second time. Until then the
// device may change a message of theirs into one without its code, which takes keys
// of their phone anew; what that needs is erased after 20 minutes.
const forgetAgain = 25 * time.Minute

// person is somebody as the protocol knows them.
type person struct {
	number types.JID
	hidden types.JID // empty: nobody told it
}

// ForgetPhone deletes what the protocol keeps of a person: the keys of their chat
// and the number behind their hidden address. If they write again, WhatsApp agrees
// on new keys by itself.
func (c *Connector) ForgetPhone(ctx context.Context, phone otpcore.Phone) error {
	keys := c.factory.opts.Keys
	d, err := keys.device(ctx, c.bot.ID)
	if err != nil || d.jid.IsEmpty() {
		return err
	}
	who, err := keys.person(ctx, phone.E164()[1:])
	if err != nil {
		return err
	}
	c.present.forget(who.number)
	_, err = keys.db.ExecContext(ctx, `INSERT INTO otpravka_forgotten (bot_id, number, hidden, due) VALUES ($1, $2, $3, $4)
		ON CONFLICT (bot_id, number) DO UPDATE SET due = excluded.due`,
		string(c.bot.ID), who.number.User, who.hidden.User, time.Now().Add(forgetAgain).UnixMilli())
	if err != nil {
		return err
	}
	return keys.erase(ctx, d.jid, who)
}

func (k *Keys) person(ctx context.Context, number string) (person, error) {
	var hidden string
	err := k.db.QueryRowContext(ctx, `SELECT lid FROM whatsmeow_lid_map WHERE pn = $1`, number).Scan(&hidden)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return personOf(number, hidden), err
}

func personOf(number, hidden string) person {
	p := person{number: types.NewJID(number, types.DefaultUserServer)}
	if hidden != "" {
		p.hidden = types.NewJID(hidden, types.HiddenUserServer)
	}
	return p
}

// erase deletes what the device keeps of a person.
func (k *Keys) erase(ctx context.Context, device types.JID, who person) error {
	var failed []error
	do := func(query string, args ...any) {
		_, err := k.db.ExecContext(ctx, query, args...)
		failed = append(failed, err)
	}
	for _, jid := range []types.JID{who.number, who.hidden} {
		if jid.IsEmpty() {
			continue
		}
		phones := jid.SignalAddressUser() + ":%" // and the number of each of their devices
		do(`DELETE FROM whatsmeow_sessions WHERE our_jid = $1 AND their_id LIKE $2`, device.String(), phones)
		do(`DELETE FROM whatsmeow_identity_keys WHERE our_jid = $1 AND their_id LIKE $2`, device.String(), phones)
		do(`DELETE FROM whatsmeow_sender_keys WHERE our_jid = $1 AND sender_id LIKE $2`, device.String(), phones)
		do(`DELETE FROM whatsmeow_contacts WHERE our_jid = $1 AND their_jid = $2`, device.String(), jid.String())
		do(`DELETE FROM whatsmeow_chat_settings WHERE our_jid = $1 AND chat_jid = $2`, device.String(), jid.String())
		do(`DELETE FROM whatsmeow_privacy_tokens WHERE our_jid = $1 AND their_jid = $2`, device.String(), jid.String())
		do(`DELETE FROM whatsmeow_message_secrets WHERE our_jid = $1 AND (chat_jid = $2 OR sender_jid = $2)`, device.String(), jid.String())
	}
	// Which address is whose is known to all devices of the installation: another
	// one may still need it.
	do(`DELETE FROM whatsmeow_lid_map WHERE pn = $1 AND NOT EXISTS (
		SELECT 1 FROM whatsmeow_sessions WHERE their_id LIKE $1 || ':%' OR their_id LIKE $2)`,
		who.number.User, who.hidden.SignalAddressUser()+":%")
	return errors.Join(failed...)
}

// eraseDue deletes for the second time what is due for it.
func (k *Keys) eraseDue(ctx context.Context, bot otpcore.ID, now time.Time) error {
	d, err := k.device(ctx, bot)
	if err != nil {
		return err
	}
	people, err := k.due(ctx, bot, now)
	for _, who := range people {
		err = errors.Join(err, k.erase(ctx, d.jid, who))
	}
	if err != nil {
		return err
	}
	_, err = k.db.ExecContext(ctx, `DELETE FROM otpravka_forgotten WHERE bot_id = $1 AND due <= $2`, string(bot), now.UnixMilli())
	return err
}

func (k *Keys) due(ctx context.Context, bot otpcore.ID, now time.Time) (people []person, err error) {
	rows, err := k.db.QueryContext(ctx, `SELECT number, hidden FROM otpravka_forgotten WHERE bot_id = $1 AND due <= $2`, string(bot), now.UnixMilli())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var number, hidden string
		if err := rows.Scan(&number, &hidden); err != nil {
			return nil, err
		}
		people = append(people, personOf(number, hidden))
	}
	return people, rows.Err()
}
