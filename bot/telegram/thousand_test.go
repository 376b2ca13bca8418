package telegram

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"otpravka/bot"
	"otpravka/internal/sim/telegramsim"
	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
	"otpravka/storage"
)

// idle is an inbox that nobody writes to.
type idle struct{}

// Apply does nothing.
func (idle) Apply(context.Context, bot.Inbound) error { return nil }

// TestThousandBotsStopWhilePolling lets a thousand bots hold their long polls
// over real connections, in real time, and stops them. How long that takes is a
// figure of `otpravka bench`; here no poll may be waited for.
func TestThousandBotsStopWhilePolling(t *testing.T) {
	if testing.Short() {
		t.Skip("a thousand connections")
	}
	const bots, poll = 1000, 40 * time.Second
	tg := telegramsim.New(telegramsim.Options{Quiet: true})
	base, err := tg.Listen()
	check(t, err)
	t.Cleanup(tg.Close)
	client, err := NewClient(base)
	check(t, err)
	t.Cleanup(client.Close)
	vault, log := coretest.NewVault(), slog.New(slog.DiscardHandler)
	db, err := storage.Open(t.Context(), storage.Config{URL: filepath.Join(t.TempDir(), "otpravka.db"), Boot: otpcore.NewID(otpcore.PrefixBoot, time.Now())})
	check(t, err)
	t.Cleanup(func() { check(t, db.Close()) })

	business := otpcore.NewID(otpcore.PrefixBusiness, time.Now())
	var simulated []*telegramsim.Bot
	check(t, db.Write(t.Context(), func(tx otpcore.Tx) error {
		for i := range bots {
			token := fmt.Sprintf("%d:a-token-of-one-of-a-thousand-bots-xx", 7_000_000_001+i)
			b := &otpcore.Bot{
				ID: otpcore.NewID(otpcore.PrefixBot, tx.Now()), BusinessID: business, Kind: otpcore.BotTelegram,
				Account: fmt.Sprint(7_000_000_001 + i), State: otpcore.BotConnected, CreatedAt: tx.Now(), StateAt: tx.Now(),
			}
			b.Token = vault.Seal(otpcore.Place{Table: "bots", Column: "token", Row: b.ID, Business: business}, []byte(token))
			simulated = append(simulated, tg.AddBot(token, fmt.Sprintf("b%d_bot", i), "B"))
			if err := tx.SaveBot(b); err != nil {
				return err
			}
		}
		return nil
	}))
	fleet := bot.NewFleet(bot.FleetConfig{
		Ledger: db, Reader: db, Vault: vault, Inbox: idle{}, Log: log, Stagger: time.Millisecond,
		Factories: map[otpcore.BotKind]bot.Factory{otpcore.BotTelegram: NewFactory(client, poll, log)},
	})
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- fleet.Run(ctx) }()
	patience, done := context.WithTimeout(t.Context(), 2*time.Minute)
	defer done()
	for _, b := range simulated {
		check(t, b.WaitPolling(patience))
	}
	began := time.Now()
	stop()
	check(t, <-stopped)
	if took := time.Since(began); took > poll/2 {
		t.Errorf("stopped after %v: the polls were waited for", took)
	}
}
