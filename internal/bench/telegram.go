package bench

import (
	"context"
	"errors"
	"fmt"

	"otpravka/internal/sim/telegramsim"
)

// telegram is a simulated Telegram with bots in it.
type telegram struct {
	*telegramsim.Server
	bots []*telegramsim.Bot
}

func newTelegram(bots int) (*telegram, error) {
	t := &telegram{Server: telegramsim.New(telegramsim.Options{Quiet: true})}
	for i := range bots {
		token := fmt.Sprintf("%d:bench-token-of-a-simulated-telegram", 7_000_000_001+i)
		t.bots = append(t.bots, t.AddBot(token, fmt.Sprintf("bench_%d_bot", i), "Bench"))
	}
	if _, err := t.Listen(); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// registerBots hands every bot to the server and returns once all of them poll.
func (s *site) registerBots(ctx context.Context) (err error) {
	c, err := s.connect(ctx, "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	for _, b := range s.telegram.bots {
		if _, err := c.do(s.post("/v1/bots", `{"kind":"telegram","token":"`+b.Token()+`"}`)); err != nil {
			return fmt.Errorf("register a bot: %w", err)
		}
	}
	return s.telegram.waitPolling(ctx)
}

func (t *telegram) waitPolling(ctx context.Context) error {
	for _, b := range t.bots {
		if err := b.WaitPolling(ctx); err != nil {
			return fmt.Errorf("wait until a bot polls: %w", err)
		}
	}
	return nil
}
