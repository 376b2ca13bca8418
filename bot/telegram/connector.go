package telegram

import (
	"context"
	"log/slog"
	"sync"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"otpravka/bot"
	"otpravka/otpcore"
)

// Connector is one bot: it sends at any time and hears while Run runs.
type Connector struct {
	sender
	home    bot.Home
	hook    hook
	poll    time.Duration
	log     *slog.Logger
	presses chan struct{} // holds one token per press being acknowledged
	posts   chan struct{} // holds one token per post being handled

	introduced sync.Once
}

var _ bot.Posted = (*Connector)(nil)

// pressesAtOnce bounds the button presses whose acknowledgement is under way.
// One beyond it stays without: its button blinks a little longer, that is all.
const pressesAtOnce = 16

// Run hears updates until ctx ends. Whatever it has begun beside that ends
// before it returns.
func (c *Connector) Run(ctx context.Context) error {
	offset, err := c.home.Offset(ctx)
	if err != nil {
		return err
	}
	aside, stop := context.WithCancel(ctx)
	r := &reader{Connector: c, offset: offset, aside: aside}
	defer r.work.Wait()
	defer stop()
	step := r.step
	if c.hook.url != "" {
		step = r.watch
	}
	for ctx.Err() == nil {
		if err := step(ctx); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// acknowledge ends the waiting sign on a pressed button. It is best effort:
// the answer to the press is a message of its own.
func (r *reader) acknowledge(press string) {
	select {
	case r.presses <- struct{}{}:
	default:
		return
	}
	r.work.Go(func() {
		defer func() { <-r.presses }()
		p := tgbotapi.Params{"callback_query_id": press}
		if _, failed := r.client.call(r.aside, r.token, "answerCallbackQuery", p, callLimit); failed != nil {
			r.log.Debug("press not acknowledged", "error", failed)
		}
	})
}

// fallOf tells the owner what to do about trouble that stays, or returns nil
// for trouble that passes.
func fallOf(e *callError) *bot.Fall {
	switch e.class {
	case badToken:
		return &bot.Fall{
			State: otpcore.BotBadCredentials, Err: e,
			Text: "Telegram no longer accepts this bot's token; copy the present one from @BotFather and register the bot again.",
		}
	case conflicting:
		return &bot.Fall{
			State: otpcore.BotConflict, Err: e,
			Text: "Another program reads this bot's messages with the same token; stop it, then register the bot again.",
		}
	}
	return nil
}
