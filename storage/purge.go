package storage

import (
	"context"
	"fmt"
	"slices"
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
	n, err := db.purgeStandings(ctx, now)
	return total + n, err
}

func before(query string, at time.Time) func(*transaction) (int64, error) {
	return func(t *transaction) (int64, error) { return t.exec(query, millis(at), batchRows) }
}

// standingsPerPurge bounds one walk through the standings. The table has no
// index to find idle rows by, because it would be written with every start;
// instead each purge reads on where the last one stopped.
const standingsPerPurge = 10_000

func (db *DB) purgeStandings(ctx context.Context, now time.Time) (int, error) {
	db.walk.Lock()
	defer db.walk.Unlock()
	deleted := 0
	for range standingsPerPurge / batchRows {
		rows, err := all(db.reader(ctx), scanStandingRow, walkStandings, db.walked.phone[:], string(db.walked.business), batchRows)
		if err != nil {
			return deleted, err
		}
		db.walked = phoneKey{}
		if len(rows) == batchRows {
			last := rows[len(rows)-1]
			db.walked = phoneKey{last.BusinessID, last.Phone}
		}
		n, err := db.deleteIdle(ctx, rows, now)
		deleted += n
		if err != nil || db.walked == (phoneKey{}) {
			return deleted, err
		}
	}
	return deleted, nil
}

// lastSeen is the last trace of a phone in its standing. Nobody is guarded, or
// remembered by a keyed hash, for longer than a year without one.
func lastSeen(s *otpcore.Standing) time.Time {
	last := s.PausedUntil
	if n := len(s.Starts); n > 0 && s.Starts[n-1].At.After(last) {
		last = s.Starts[n-1].At
	}
	if n := len(s.Failures); n > 0 && s.Failures[n-1].After(last) {
		last = s.Failures[n-1]
	}
	return last
}

func (db *DB) deleteIdle(ctx context.Context, rows []standingRow, now time.Time) (int, error) {
	rows = slices.DeleteFunc(rows, func(r standingRow) bool { return !r.Idle(now) && lastSeen(r.Standing).After(now.Add(-rowsKept)) })
	if len(rows) == 0 {
		return 0, nil
	}
	deleted := 0
	err := db.Write(ctx, func(x otpcore.Tx) error {
		deleted = 0
		for _, r := range rows {
			n, err := x.(tx).t.exec(deleteStanding, string(r.BusinessID), r.Phone[:], r.raw)
			if err != nil {
				return err
			}
			deleted += int(n)
		}
		return nil
	})
	if err != nil {
		return 0, err // when ctx ended, the writer may still be counting
	}
	return deleted, nil
}
