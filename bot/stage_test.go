package bot

import (
	"context"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
	"otpravka/storage"
)

// stage is a real database and the real domain behind it; only texts and
// senders are recorded.
type stage struct {
	testing.TB
	db       *storage.DB
	vault    *coretest.Vault
	carriers *coretest.Carriers
	core     *otpcore.Core
	log      *slog.Logger
	update   int64
}

func newStage(t testing.TB) *stage {
	t.Helper()
	s := &stage{
		TB: t, vault: coretest.NewVault(), carriers: coretest.NewCarriers(otpcore.Telegram), update: 1000,
		log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	boot := otpcore.NewID(otpcore.PrefixBoot, time.Now())
	var err error
	s.db, err = storage.Open(context.Background(), storage.Config{URL: filepath.Join(t.TempDir(), "otpravka.db"), Boot: boot})
	check(t, err)
	t.Cleanup(func() { check(t, s.db.Close()) })
	s.core = otpcore.New(otpcore.Config{
		Ledger: s.db, Reader: s.db, Vault: s.vault, Carriers: s.carriers, Renderer: coretest.NewRenderer(),
		Phones: coretest.NewPhones(), Rules: otpcore.DefaultRules(), Boot: boot, Logger: s.log,
	})
	s.db.OnCommit(s.core.Committed)
	t.Cleanup(func() { s.core.Dispatcher.Close(context.Background()) })
	return s
}

// business returns a new business.
func (s *stage) business() otpcore.ID {
	s.Helper()
	created, err := s.core.Businesses.Create(context.Background(), "Shop", otpcore.Settings{Locale: "en"})
	check(s, err)
	return created.Business.ID
}

// bot stores a bot of the business with a token of its own.
func (s *stage) bot(business otpcore.ID) *otpcore.Bot {
	s.Helper()
	b := &otpcore.Bot{
		ID: otpcore.NewID(otpcore.PrefixBot, time.Now()), BusinessID: business, Kind: otpcore.BotTelegram,
		Username: "shop_bot", Name: "Shop", State: otpcore.BotConnected, CreatedAt: s.db.Now(), StateAt: s.db.Now(),
	}
	b.Account = string(b.ID)
	b.Token = s.vault.Seal(tokenPlace(b), []byte("token of "+b.ID))
	check(s, s.db.Write(context.Background(), func(tx otpcore.Tx) error { return tx.SaveBot(b) }))
	return b
}

func (s *stage) conversation(ledger otpcore.Ledger, renderer otpcore.Renderer) *Conversation {
	return NewConversation(ledger, s.core.Linking, renderer, coretest.NewPhones(), s.log)
}

// next completes an update with a fresh number.
func (s *stage) next(b *otpcore.Bot, in Inbound) Inbound {
	s.update++
	in.BotID, in.Update = b.ID, s.update
	return in
}

// offset returns where the bot's next poll begins.
func (s *stage) offset(b *otpcore.Bot) int64 {
	s.Helper()
	offset, err := s.db.Offset(context.Background(), b.ID)
	check(s, err)
	return offset
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// spy watches and disturbs what goes through a ledger.
type spy struct {
	otpcore.Ledger
	before func() error // nil: nothing goes wrong before the transaction
	after  func() error // nor after the commit, when the caller is answered

	mu      sync.Mutex
	events  []otpcore.Event
	replies int
	said    []*otpcore.Delivery // the replies, sealed
}

func (s *spy) Write(ctx context.Context, fn func(otpcore.Tx) error) error {
	if s.before != nil {
		if err := s.before(); err != nil {
			return err
		}
	}
	watched := &spiedTx{}
	err := s.Ledger.Write(ctx, func(tx otpcore.Tx) error {
		*watched = spiedTx{Tx: tx} // fn may run twice
		return fn(watched)
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.events = append(s.events, watched.events...)
	s.replies += watched.replies
	s.said = append(s.said, watched.said...)
	s.mu.Unlock()
	if s.after != nil {
		return s.after()
	}
	return nil
}

func (s *spy) states() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var states []string
	for _, e := range s.events {
		if e.Type == otpcore.EventBotStateChanged {
			states = append(states, e.Data["state"])
		}
	}
	return states
}

type spiedTx struct {
	otpcore.Tx
	events  []otpcore.Event
	replies int
	said    []*otpcore.Delivery
}

func (t *spiedTx) AddEvent(e otpcore.Event) error {
	t.events = append(t.events, e)
	return t.Tx.AddEvent(e)
}

func (t *spiedTx) AddDelivery(d *otpcore.Delivery) error {
	t.replies++
	t.said = append(t.said, d)
	return t.Tx.AddDelivery(d)
}
