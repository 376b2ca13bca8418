package bot

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/internal/backoff"
	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

// puppet is a connector whose runs follow a script.
type puppet struct {
	*coretest.Sender
	home Home
	run  func(ctx context.Context, p *puppet) error
	runs atomic.Int32
}

func (p *puppet) Run(ctx context.Context) error {
	p.runs.Add(1)
	return p.run(ctx, p)
}

// steady is a bot without trouble.
func steady(ctx context.Context, p *puppet) error {
	p.home.Connected(ctx)
	<-ctx.Done()
	return nil
}

// puppets is a factory whose connectors follow the script of their bot.
type puppets struct {
	scripts map[otpcore.ID]func(context.Context, *puppet) error // none: steady

	mu   sync.Mutex
	made map[otpcore.ID]*puppet
}

func (f *puppets) Identify(_ context.Context, credential string, _ bool) (Identity, error) {
	return Identity{Account: credential, Username: "new_bot", Name: "New"}, nil
}

func (f *puppets) Connect(b otpcore.Bot, _ string, home Home) Connector {
	p := &puppet{Sender: coretest.NewSender("puppet", otpcore.Capabilities{}), home: home, run: f.scripts[b.ID]}
	if p.run == nil {
		p.run = steady
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.made[b.ID] = p
	return p
}

// show is a fleet of puppets over a real database.
type show struct {
	*stage
	fleet   *Fleet
	factory *puppets
	ledger  *spy
	stop    func()
}

func newShow(t testing.TB) *show {
	t.Helper()
	s := &show{stage: newStage(t), factory: &puppets{
		scripts: make(map[otpcore.ID]func(context.Context, *puppet) error), made: make(map[otpcore.ID]*puppet),
	}}
	s.ledger = &spy{Ledger: s.db}
	s.fleet = NewFleet(FleetConfig{
		Ledger: s.ledger, Reader: s.db, Vault: s.vault, Log: s.log,
		Inbox:     s.conversation(s.db, coretest.NewRenderer()),
		Factories: map[otpcore.BotKind]Factory{otpcore.BotTelegram: s.factory},
		Backoff:   backoff.Pace{First: 300 * time.Millisecond, Most: 30 * time.Second, Spread: func() float64 { return 1 }},
	})
	return s
}

// begin runs the fleet until stop is called or the test ends.
func (s *show) begin() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.fleet.Run(ctx) }()
	s.stop = sync.OnceFunc(func() {
		cancel()
		check(s, <-done)
	})
	s.Cleanup(s.stop)
}

func (s *show) expect(b *otpcore.Bot, want otpcore.BotState) {
	s.Helper()
	synctest.Wait()
	live, err := s.fleet.Get(context.Background(), b.BusinessID, b.ID)
	check(s, err)
	stored, err := s.db.Bot(context.Background(), b.ID)
	check(s, err)
	if live.State != want || stored.State != want {
		s.Errorf("bot is %s, stored as %s, want %s", live.State, stored.State, want)
	}
	if live.Token != nil {
		s.Error("the credential is shown")
	}
}

func TestOneFallsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShow(t)
		business := s.business()
		well := s.bot(business)
		time.Sleep(time.Millisecond) // of the bubble: ids sort by it
		fallen, panics, shaky := s.bot(business), s.bot(business), s.bot(business)
		s.factory.scripts[fallen.ID] = func(context.Context, *puppet) error {
			return &Fall{State: otpcore.BotBadCredentials, Text: "Get another token.", Err: errors.New("401")}
		}
		s.factory.scripts[panics.ID] = func(context.Context, *puppet) error { panic("connector") }
		s.factory.scripts[shaky.ID] = func(ctx context.Context, p *puppet) error {
			if p.runs.Load() < 10 {
				return errors.New("network down")
			}
			return steady(ctx, p)
		}
		s.begin()
		time.Sleep(5 * time.Second)
		s.expect(well, otpcore.BotConnected)
		s.expect(fallen, otpcore.BotBadCredentials)
		s.expect(panics, otpcore.BotReconnecting)
		s.expect(shaky, otpcore.BotReconnecting)
		time.Sleep(5 * time.Minute)
		s.expect(shaky, otpcore.BotConnected)
		s.expect(panics, otpcore.BotReconnecting)
		if n := s.factory.made[well.ID].runs.Load(); n != 1 {
			t.Errorf("the healthy bot ran %d times", n)
		}
		if n := s.factory.made[fallen.ID].runs.Load(); n != 1 {
			t.Errorf("the fallen bot ran %d times", n)
		}
		if n := s.factory.made[panics.ID].runs.Load(); n < 10 || n > 30 {
			t.Errorf("the panicking bot ran %d times in five minutes", n)
		}
		states := s.ledger.states()
		slices.Sort(states)
		if want := []string{"bad_credentials", "connected", "reconnecting", "reconnecting"}; !slices.Equal(states, want) {
			t.Errorf("state events %v, want %v", states, want)
		}
		if way := s.fleet.Way(business, otpcore.Telegram); way.BotID != well.ID {
			t.Errorf("way leads to %s, want the oldest bot that works", way.BotID)
		}
		if _, err := s.fleet.Sender(fallen.ID); err == nil {
			t.Error("a fallen bot still sends")
		}
	})
}

// TestFallOfSender: a refused send stops the connector that waits elsewhere.
func TestFallOfSender(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShow(t)
		b := s.bot(s.business())
		s.begin()
		s.expect(b, otpcore.BotConnected)
		s.factory.made[b.ID].home.Fell(&Fall{State: otpcore.BotBadCredentials, Text: "Get another token."})
		if way := s.fleet.Way(b.BusinessID, otpcore.Telegram); way.Reason != "Get another token." {
			t.Errorf("way is %+v right after the fall", way)
		}
		s.expect(b, otpcore.BotBadCredentials)
	})
}

func TestStateIsStoredLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShow(t)
		b := s.bot(s.business())
		s.factory.scripts[b.ID] = func(ctx context.Context, p *puppet) error {
			if p.runs.Load() <= patience {
				return errors.New("network down")
			}
			for backoff.Sleep(ctx, time.Second) {
				p.home.Connected(ctx)
			}
			return nil
		}
		var broken atomic.Bool
		s.ledger.before = func() error {
			if broken.Load() {
				return otpcore.Unavailable(errors.New("disk full"))
			}
			return nil
		}
		s.begin()
		time.Sleep(4 * time.Second) // of the bubble
		s.expect(b, otpcore.BotReconnecting)
		broken.Store(true)
		time.Sleep(time.Minute)
		live, err := s.fleet.Get(t.Context(), b.BusinessID, b.ID)
		check(t, err)
		if live.State != otpcore.BotConnected {
			t.Errorf("bot is %s in memory", live.State)
		}
		broken.Store(false)
		time.Sleep(2 * time.Second)
		s.expect(b, otpcore.BotConnected)
	})
}

func TestRegisterAndRemoveWhileRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShow(t)
		business := s.business()
		s.begin()
		synctest.Wait()
		request := otpcore.BotRequest{BusinessID: business, Kind: otpcore.BotTelegram, Token: "a"}
		first, err := s.fleet.Register(context.Background(), request)
		check(t, err)
		s.expect(first, otpcore.BotConnected)
		old := s.factory.made[first.ID]
		again, err := s.fleet.Register(context.Background(), request)
		check(t, err)
		if again.ID != first.ID || s.factory.made[first.ID] == old {
			t.Errorf("registered again as %s with the old connector", again.ID)
		}
		s.expect(again, otpcore.BotConnected)
		if err := s.fleet.Remove(context.Background(), s.business(), first.ID); !errors.Is(err, otpcore.ErrNotFound) {
			t.Errorf("another business removed the bot: %v", err)
		}
		check(t, s.fleet.Remove(context.Background(), business, first.ID))
		if _, err := s.fleet.Get(context.Background(), business, first.ID); !errors.Is(err, otpcore.ErrNotFound) {
			t.Errorf("removed bot: %v", err)
		}
		if _, err := s.fleet.Register(context.Background(), otpcore.BotRequest{BusinessID: business, Kind: "fax"}); otpcore.CodeOf(err) != "bot_kind_unknown" {
			t.Errorf("unknown kind: %v", err)
		}
		request.BusinessID = otpcore.NewID(otpcore.PrefixBusiness, time.Now())
		if _, err := s.fleet.Register(context.Background(), request); !errors.Is(err, otpcore.ErrNotFound) {
			t.Errorf("unknown business: %v", err)
		}
	})
}

func TestUnreadableToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShow(t)
		b := s.bot(s.business())
		b.Token = []byte("sealed by another key")
		check(t, s.db.Write(context.Background(), func(tx otpcore.Tx) error { return tx.SaveBot(b) }))
		s.begin()
		s.expect(b, otpcore.BotBadCredentials)
	})
}

// TestManyStop starts a thousand bots one after the other and stops them at
// once.
func TestManyStop(t *testing.T) {
	const bots = 1000
	synctest.Test(t, func(t *testing.T) {
		s := newShow(t)
		business := s.business()
		var list []*otpcore.Bot
		check(t, s.db.Write(context.Background(), func(tx otpcore.Tx) error {
			for len(list) < bots {
				b := &otpcore.Bot{
					ID: otpcore.NewID(otpcore.PrefixBot, tx.Now()), BusinessID: business, Kind: otpcore.BotTelegram,
					State: otpcore.BotConnected, CreatedAt: tx.Now(), StateAt: tx.Now(),
				}
				b.Account, b.Token = string(b.ID), s.vault.Seal(tokenPlace(b), []byte("t"))
				if err := tx.SaveBot(b); err != nil {
					return err
				}
				list = append(list, b)
			}
			return nil
		}))
		var running atomic.Int32
		for _, b := range list {
			s.factory.scripts[b.ID] = func(ctx context.Context, p *puppet) error {
				running.Add(1)
				defer running.Add(-1)
				return steady(ctx, p)
			}
		}
		s.begin()
		time.Sleep(time.Second) // of the bubble
		if n := running.Load(); n < 14 || n > 17 {
			t.Errorf("%d bots run after a second, want about 16: starts are staggered", n)
		}
		time.Sleep(bots * defaultStagger)
		if n := running.Load(); n != bots {
			t.Errorf("%d bots run, want %d", n, bots)
		}
		began := time.Now()
		s.stop()
		if took := time.Since(began); running.Load() != 0 || took > 2*time.Second {
			t.Errorf("%d bots still run after %v", running.Load(), took)
		}
		if states := s.ledger.states(); len(states) != 0 {
			t.Errorf("a restart is no news, but %d events tell of it", len(states))
		}
	})
}
