package telegram

import (
	"context"
	"encoding/json"
	"strconv"
	"sync"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"otpravka/internal/backoff"
	"otpravka/internal/failpoint"
)

// The pauses of the poll loop.
const (
	graceOfPoll   = 15 * time.Second       // beyond the time that the server may hold a poll
	hasty         = 200 * time.Millisecond // an empty answer before this did not wait at all
	hastyPause    = 250 * time.Millisecond // so that such a server is not asked in a hot loop
	conflictPause = 3 * time.Second        // for another poll of this bot to end
)

// allowedUpdates is named on every call: the server keeps the list of the last
// call that had one, whoever made it.
const allowedUpdates = `["message","callback_query","my_chat_member"]`

// reader is one run of a connector.
type reader struct {
	*Connector
	offset    int64
	hold      time.Duration // how long the server may wait for updates; at first not at all, to see at once that it answers
	hangups   int           // in a row
	conflicts int           // in a row
	hooked    bool          // this run has set the webhook

	aside context.Context // of what goes on beside the loop
	work  sync.WaitGroup
}

// step asks for updates once and handles them. An error ends the run.
func (r *reader) step(ctx context.Context) error {
	began := time.Now()
	batch, failed := r.updates(ctx)
	if failed != nil {
		return r.trouble(ctx, failed)
	}
	r.hangups, r.conflicts = 0, 0
	r.home.Connected(ctx)
	r.introduced.Do(func() { r.work.Go(r.introduce) })

	waited := r.hold > 0
	r.hold = r.poll
	before := r.offset
	if err := r.handle(ctx, batch); err != nil {
		return err
	}
	if waited && r.offset == before && time.Since(began) < hasty {
		backoff.Sleep(ctx, hastyPause)
	}
	return nil
}

func (r *reader) updates(ctx context.Context) ([]json.RawMessage, *callError) {
	p := tgbotapi.Params{
		"timeout":         strconv.Itoa(int(r.hold / time.Second)),
		"allowed_updates": allowedUpdates,
	}
	if r.offset != 0 {
		p["offset"] = strconv.FormatInt(r.offset, 10)
	}
	raw, failed := r.client.call(ctx, r.token, "getUpdates", p, r.hold+graceOfPoll)
	if failed != nil {
		return nil, failed
	}
	var batch []json.RawMessage
	if err := json.Unmarshal(raw, &batch); err != nil {
		return nil, &callError{method: "getUpdates", class: unanswered, code: 200, phrase: "no list"}
	}
	return batch, nil
}

// trouble waits where the server said how long, and returns nil to go on or
// the error that ends the run.
func (r *reader) trouble(ctx context.Context, e *callError) error {
	switch {
	case e.class == rateLimited:
		return asksToWait(e)
	case e.class == hooked:
		return r.unhook(ctx, e)
	case e.class == conflicting && r.conflicts == 0:
		// A poll of our own that the network has cut may still hang at the
		// server. Only a second conflict in a row is another program.
		r.conflicts++
		backoff.Sleep(ctx, conflictPause)
		return nil
	case e.hungUp() && r.hangups == 0:
		r.hangups++
		return nil
	}
	if fall := fallOf(e); fall != nil {
		return fall
	}
	return e
}

// handle gives the updates to the home one by one and moves the offset behind
// each that is done. The offset follows the last id seen, even downwards: after
// a week of silence Telegram goes on with ids that may be lower.
func (r *reader) handle(ctx context.Context, batch []json.RawMessage) error {
	for _, raw := range batch {
		h, err := hear(raw)
		if err != nil {
			r.log.Warn("update not understood", "update", h.update, "error", err)
		}
		if h.update == 0 {
			continue
		}
		if h.inbound != nil {
			failpoint.Hit(failpoint.UpdateReceived)
			if err := r.home.Apply(ctx, *h.inbound); err != nil {
				return err
			}
			failpoint.Hit(failpoint.UpdateStored)
		}
		r.offset = h.update + 1
		if h.press != "" {
			r.acknowledge(h.press)
		}
	}
	return nil
}
