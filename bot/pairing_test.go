package bot

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"otpravka/otpcore"
)

// pairedPuppet is a puppet that is linked by hand and keeps something.
type pairedPuppet struct {
	*puppet
	asked     otpcore.PairRequest
	persons   []string
	trouble   error
	forgotten atomic.Bool
}

func (p *pairedPuppet) Pair(_ context.Context, r otpcore.PairRequest) (otpcore.Pairing, error) {
	p.asked = r
	return otpcore.Pairing{Status: otpcore.PairingWaiting}, nil
}

func (p *pairedPuppet) Pairing() (otpcore.Pairing, <-chan struct{}) {
	return otpcore.Pairing{Status: otpcore.PairingNone}, nil
}

func (p *pairedPuppet) ForgetPhone(_ context.Context, phone otpcore.Phone) error {
	p.persons = append(p.persons, phone.E164())
	return p.trouble
}

func (p *pairedPuppet) Forget(context.Context) error {
	p.forgotten.Store(true)
	return errors.New("disk full")
}

type pairedFactory struct {
	*puppets
	made map[otpcore.ID]*pairedPuppet
}

func (f *pairedFactory) Connect(b otpcore.Bot, credential string, home Home) Connector {
	p := &pairedPuppet{puppet: f.puppets.Connect(b, credential, home).(*puppet)}
	f.made[b.ID] = p
	return p
}

// TestStatesOfTheNetwork: a bot that may not send is passed over, and comes back
// without being registered anew. Whose account it is, its connector finds out.
func TestStatesOfTheNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShow(t)
		b := s.bot(s.business())
		next := make(chan struct{})
		s.factory.scripts[b.ID] = func(ctx context.Context, p *puppet) error {
			p.home.Known(ctx, Identity{Name: "Nobody"})
			p.home.Stands(ctx, otpcore.BotLoggedOut, "Pair it again.")
			<-next
			p.home.Known(ctx, Identity{Username: "77010000001", Name: "Book House"})
			p.home.Stands(ctx, otpcore.BotReachOutLocked, "Only to those who wrote.")
			<-next
			return steady(ctx, p)
		}
		s.begin()
		s.expect(b, otpcore.BotLoggedOut)
		if way := s.fleet.Way(b.BusinessID, otpcore.Telegram); way.Reason != "Pair it again." {
			t.Errorf("way %+v", way)
		}
		if _, err := s.fleet.Sender(b.ID); err == nil {
			t.Error("a bot that is logged out sends")
		}
		next <- struct{}{}
		s.expect(b, otpcore.BotReachOutLocked)
		if way := s.fleet.Way(b.BusinessID, otpcore.Telegram); way.Reason != "" || way.BotName != "77010000001" {
			t.Errorf("way %+v", way)
		}
		if stored, err := s.db.Bot(t.Context(), b.ID); err != nil || stored.Username != "77010000001" || stored.Name != "Book House" {
			t.Errorf("stored as %+v, %v", stored, err)
		}
		next <- struct{}{}
		s.expect(b, otpcore.BotConnected)
	})
}

// TestPairedBot: only the owner reaches the pairing, and what the connector keeps
// goes with the bot, whether or not that succeeds.
func TestPairedBot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShow(t)
		factory := &pairedFactory{s.factory, make(map[otpcore.ID]*pairedPuppet)}
		business, foreign := s.business(), s.business()
		plain := s.bot(foreign)
		s.begin()
		synctest.Wait()
		s.fleet.config.Factories[otpcore.BotTelegram] = factory
		b, err := s.fleet.Register(t.Context(), otpcore.BotRequest{BusinessID: business, Kind: otpcore.BotTelegram, Token: "a"})
		check(t, err)
		shown, err := s.fleet.Pair(t.Context(), business, b.ID, otpcore.PairRequest{Phone: otpcore.NewPhone("+77011234567", "KZ")})
		check(t, err)
		made := factory.made[b.ID]
		if shown.Status != otpcore.PairingWaiting || made.asked.Phone.IsZero() {
			t.Errorf("shown %+v, asked %+v", shown, made.asked)
		}
		if now, _, err := s.fleet.Pairing(t.Context(), business, b.ID); err != nil || now.Status != otpcore.PairingNone {
			t.Errorf("shown %+v, %v", now, err)
		}
		if _, err := s.fleet.Pair(t.Context(), foreign, b.ID, otpcore.PairRequest{}); !errors.Is(err, otpcore.ErrNotFound) {
			t.Errorf("another business pairs the bot: %v", err)
		}
		if _, _, err := s.fleet.Pairing(t.Context(), foreign, plain.ID); otpcore.CodeOf(err) != "bot_needs_no_pairing" {
			t.Errorf("a bot that is not paired: %v", err)
		}
		anna := otpcore.NewPhone("+77011234567", "KZ")
		check(t, s.fleet.ForgetPhone(t.Context(), business, anna))
		check(t, s.fleet.ForgetPhone(t.Context(), foreign, anna))
		if len(made.persons) != 1 || made.persons[0] != anna.E164() {
			t.Errorf("the connector was told of %v", made.persons)
		}
		made.trouble = errors.New("disk full")
		if err := s.fleet.ForgetPhone(t.Context(), business, anna); otpcore.KindOf(err) != otpcore.KindUnavailable {
			t.Errorf("a person that stays: %v", err)
		}
		check(t, s.fleet.Remove(t.Context(), business, b.ID))
		if !made.forgotten.Load() {
			t.Error("the connector keeps what it had")
		}
	})
}
