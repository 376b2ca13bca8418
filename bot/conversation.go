package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"otpravka/otpcore"
)

// Conversation answers what people write to any bot. It is safe for concurrent
// use; the updates of one bot come in one after the other.
type Conversation struct {
	ledger   otpcore.Ledger
	linking  *otpcore.Linking
	renderer otpcore.Renderer
	phones   otpcore.PhoneParser
	log      *slog.Logger

	supported *recall // when a chat got the support text last
}

// supportEvery is how often a chat gets the support text at most: people talk
// to bots in several short messages, and one answer is enough.
const supportEvery = time.Hour

// NewConversation returns a conversation without memory of earlier ones.
func NewConversation(
	ledger otpcore.Ledger, linking *otpcore.Linking, renderer otpcore.Renderer, phones otpcore.PhoneParser, log *slog.Logger,
) *Conversation {
	return &Conversation{
		ledger: ledger, linking: linking, renderer: renderer, phones: phones, log: log,
		supported: newRecall(supportEvery),
	}
}

// Apply handles one update: its effect, the replies, the mark that it was
// handled and the bot's next offset are one transaction, so an update that
// comes twice has one effect, and a reply leaves exactly when that effect
// stands.
//
// An error means that nothing was stored and the update must come again. An
// update that can never be handled is logged and skipped instead, so that one
// of them does not block the bot.
func (c *Conversation) Apply(ctx context.Context, in Inbound) error {
	err := c.handle(ctx, in)
	if err == nil || ctx.Err() != nil || otpcore.KindOf(err) == otpcore.KindUnavailable {
		return err
	}
	c.log.ErrorContext(ctx, "update skipped", "inbound", in, "error", err)
	return c.ledger.Write(ctx, func(tx otpcore.Tx) error {
		_, err := tx.FirstSight(in.BotID, in.Update)
		return errors.Join(err, in.moveOffset(tx))
	})
}

// moveOffset lets the next poll begin behind the update.
func (in Inbound) moveOffset(tx otpcore.Tx) error {
	if in.Posted {
		return nil
	}
	return tx.SetOffset(in.BotID, in.Update+1)
}

func (c *Conversation) handle(ctx context.Context, in Inbound) error {
	t := &talk{Conversation: c, in: in}
	err := c.ledger.Write(ctx, func(tx otpcore.Tx) error {
		*t = talk{Conversation: c, in: in, tx: tx, now: tx.Now()}
		bot, err := tx.Bot(in.BotID)
		if otpcore.KindOf(err) == otpcore.KindNotFound {
			return nil // removed a moment ago: there is nobody left to answer
		}
		if err != nil {
			return err
		}
		first, err := tx.FirstSight(in.BotID, in.Update)
		if err != nil {
			return err
		}
		if first {
			if err := t.guarded(ctx, bot); err != nil {
				return err
			}
		}
		return in.moveOffset(tx)
	})
	if err == nil {
		t.remember()
	}
	return err
}

// errPanic is a panic while an update was handled. What was thrown is not
// shown: it may quote the person.
var errPanic = errors.New("panic")

// guarded carries the update out and turns a panic into an error: it happens
// on the storage's goroutine, where it would end the program.
func (t *talk) guarded(ctx context.Context, bot *otpcore.Bot) (err error) {
	defer func() {
		if thrown := recover(); thrown != nil {
			t.log.ErrorContext(ctx, "panic in conversation", "inbound", t.in, "type", fmt.Sprintf("%T", thrown), "stack", string(debug.Stack()))
			err = errPanic
		}
	}()
	return t.answer(bot)
}
