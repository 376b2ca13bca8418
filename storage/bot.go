package storage

import (
	"errors"

	"otpravka/otpcore"
)

const (
	botColumns = `id, business_id, kind, account, username, name, token, state, state_text, state_at, created_at`
	selectBot  = `SELECT ` + botColumns + ` FROM bots WHERE id = $1`
	listBots   = `SELECT ` + botColumns + ` FROM bots WHERE business_id = $1 OR $1 = '' ORDER BY id`
	upsertBot  = `INSERT INTO bots (` + botColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (id) DO UPDATE SET account = excluded.account, username = excluded.username, name = excluded.name,
			token = excluded.token, state = excluded.state, state_text = excluded.state_text, state_at = excluded.state_at
		WHERE bots.business_id = excluded.business_id`
	deleteBot    = `DELETE FROM bots WHERE id = $1`
	retireBot    = `INSERT INTO retired_bots (id) VALUES ($1) ON CONFLICT (id) DO NOTHING`
	nextRetired  = `SELECT id FROM retired_bots LIMIT 1`
	forgetBot    = `DELETE FROM retired_bots WHERE id = $1`
	deleteOffset = `DELETE FROM bot_offsets WHERE bot_id = $1`

	deleteLinksOfBot    = `DELETE FROM links WHERE id IN (SELECT id FROM links WHERE bot_id = $1 LIMIT $2)`
	deleteSessionsOfBot = `DELETE FROM link_sessions WHERE bot_id = $1 AND chat_index IN
		(SELECT chat_index FROM link_sessions WHERE bot_id = $1 LIMIT $2)`
	deleteInboxOfBot = `DELETE FROM inbox WHERE bot_id = $1 AND update_id IN
		(SELECT update_id FROM inbox WHERE bot_id = $1 LIMIT $2)`
)

var errBotExists = &otpcore.Error{
	Kind: otpcore.KindConflict, Code: "bot_exists",
	Detail: "This bot is registered already. Delete the other registration first, or register another bot.",
}

func scanBot(scan func(...any) error) (*otpcore.Bot, error) {
	var b otpcore.Bot
	var stateAt, created int64
	err := scan((*string)(&b.ID), (*string)(&b.BusinessID), (*string)(&b.Kind), &b.Account, &b.Username, &b.Name,
		&b.Token, (*string)(&b.State), &b.StateText, &stateAt, &created)
	b.StateAt, b.CreatedAt = fromMillis(stateAt), fromMillis(created)
	return &b, err
}

func (s *session) bot(id otpcore.ID) (*otpcore.Bot, error) {
	return one(s, scanBot, selectBot, string(id))
}

func (s *session) bots(business otpcore.ID) ([]*otpcore.Bot, error) {
	return all(s, scanBot, listBots, string(business))
}

func (s *session) saveBot(b *otpcore.Bot) error {
	_, err := s.exec(upsertBot, string(b.ID), string(b.BusinessID), string(b.Kind), b.Account, b.Username, b.Name,
		b.Token, string(b.State), b.StateText, millis(b.StateAt), millis(b.CreatedAt))
	if isUnique(err) {
		return errBotExists
	}
	return err
}

// deleteBot removes the bot at once, and as many of its links, sessions and
// updates as one transaction may touch. The purge takes what is left; until
// then nothing uses it, because no connector of that bot runs any more.
func (s *session) deleteBot(id otpcore.ID) error {
	n, err := s.exec(deleteBot, string(id))
	if err == nil && n == 0 {
		err = otpcore.ErrNotFound
	}
	if err == nil {
		_, err = s.exec(deleteOffset, string(id))
	}
	if err == nil {
		_, err = s.exec(retireBot, string(id))
	}
	if err != nil {
		return err
	}
	_, err = s.purgeRetiredBots()
	return err
}

// purgeRetiredBots removes a part of what a deleted bot has left behind, and
// the bot's own mark when nothing is left. It returns how many rows that were.
func (s *session) purgeRetiredBots() (int64, error) {
	id, err := value[string](s, nextRetired)
	if errors.Is(err, otpcore.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	var total int64
	for _, del := range []string{deleteLinksOfBot, deleteSessionsOfBot, deleteInboxOfBot} {
		n, err := s.exec(del, id, batchRows)
		if err != nil {
			return 0, err
		}
		total += n
	}
	if total > 0 {
		return total, nil
	}
	return s.exec(forgetBot, id)
}
