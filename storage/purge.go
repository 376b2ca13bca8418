package storage

import (
	"context"
	"fmt"
	"time"

	"otpravka/internal/failpoint"
	"otpravka/otpcore"
)

// batchRows bounds what one statement may touch in the writer: a longer one
// would stop everybody.
const batchRows = 200

// How long what nobody needs any more is kept.
const (
	inboxKept    = 48 * time.Hour
	receiptsKept = 15 * time.Minute
	// A start token lives 7 days at most, and must not be used twice in them.
	tokensKept = 8 * 24 * time.Hour
)

const (
	purgeOnce = `DELETE FROM idempotency WHERE (business_id, mode, route, key) IN
		(SELECT business_id, mode, route, key FROM idempotency WHERE expires_at <= $1 LIMIT $2)`
	purgeInbox = `DELETE FROM inbox WHERE (bot_id, update_id) IN
		(SELECT bot_id, update_id FROM inbox WHERE at <= $1 LIMIT $2)`
	purgeReceipts = `DELETE FROM kept_receipts WHERE (provider, message_id) IN
		(SELECT provider, message_id FROM kept_receipts WHERE kept_at <= $1 LIMIT $2)`
	purgeSessions = `DELETE FROM link_sessions WHERE (bot_id, chat_index) IN
		(SELECT bot_id, chat_index FROM link_sessions WHERE expires_at <= $1 LIMIT $2)`
	purgeTokens = `DELETE FROM used_tokens WHERE source IN
		(SELECT source FROM used_tokens WHERE used_at <= $1 LIMIT $2)`
)

// Purge deletes what is past its time and returns how many rows that were. It
// goes through the writer in small batches, between everybody else's work.
func (db *DB) Purge(ctx context.Context) (int, error) {
	now := db.Now()
	steps := []func(*transaction) (int64, error){
		before(purgeOnce, now), before(purgeInbox, now.Add(-inboxKept)), before(purgeReceipts, now.Add(-receiptsKept)),
		before(purgeSessions, now), before(purgeTokens, now.Add(-tokensKept)), func(t *transaction) (int64, error) { return t.purgeRetiredBots() },
		(*transaction).purgeErasures,
	}
	total := 0
	for _, step := range steps {
		failpoint.Hit(failpoint.PurgeStep)
		for more := true; more; {
			var n int64
			err := db.Write(ctx, func(x otpcore.Tx) (err error) {
				n, err = step(x.(tx).t)
				return err
			})
			if err != nil {
				return total, err
			}
			total += int(n)
			more = n > 0
		}
	}
	for i := range walks {
		n, err := walks[i].run(ctx, db)
		total += n
		if err != nil {
			return total, fmt.Errorf("take %s past their time: %w", walks[i].name, err)
		}
	}
	return total, nil
}

func before(query string, at time.Time) func(*transaction) (int64, error) {
	return func(t *transaction) (int64, error) { return t.exec(query, millis(at), batchRows) }
}
