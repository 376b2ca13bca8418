package bot

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/otpcore"
)

// posted is a puppet whose network posts.
type postedPuppet struct {
	*puppet
	key   string
	posts atomic.Int32
	left  atomic.Bool
}

func (p *postedPuppet) CallbackKey() string { return p.key }

func (p *postedPuppet) Receive(ctx context.Context, _ http.Header, body []byte) error {
	p.posts.Add(1)
	return p.home.Apply(ctx, Inbound{Update: int64(len(body)), Chat: "7", Kind: Command, Command: "help", Posted: true})
}

func (p *postedPuppet) Leave(context.Context) { p.left.Store(true) }

// postedFactory makes such puppets.
type postedFactory struct {
	*puppets
	made map[otpcore.ID]*postedPuppet
}

func (f *postedFactory) Connect(b otpcore.Bot, credential string, home Home) Connector {
	p := &postedPuppet{puppet: f.puppets.Connect(b, credential, home).(*puppet), key: "key of " + b.Account}
	f.made[b.ID] = p
	return p
}

// TestRegisterAgainWithoutGap: while a bot is registered anew its old connector
// takes its time to stop. Messages and posts find a connector all the while, and
// two never listen at once.
func TestRegisterAgainWithoutGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShow(t)
		factory := &postedFactory{s.factory, make(map[otpcore.ID]*postedPuppet)}
		s.fleet.config.Factories[otpcore.BotTelegram] = factory
		business := s.business()
		var listening, most atomic.Int32
		slow := func(ctx context.Context, p *puppet) error {
			most.Store(max(most.Load(), listening.Add(1)))
			defer listening.Add(-1)
			p.home.Connected(ctx)
			<-ctx.Done()
			time.Sleep(3 * time.Second) // of the bubble
			return nil
		}
		s.begin()
		request := otpcore.BotRequest{BusinessID: business, Kind: otpcore.BotTelegram, Token: "a"}
		b, err := s.fleet.Register(context.Background(), request)
		check(t, err)
		s.factory.scripts[b.ID] = slow
		b, err = s.fleet.Register(context.Background(), request) // from here on the script counts
		check(t, err)
		synctest.Wait()

		done := make(chan error, 1)
		go func() {
			_, err := s.fleet.Register(context.Background(), request)
			done <- err
		}()
		for i := range 50 {
			time.Sleep(100 * time.Millisecond)
			if _, err := s.fleet.Sender(b.ID); err != nil {
				t.Fatalf("after %d00 ms nobody sends: %v", i+1, err)
			}
			if way := s.fleet.Way(business, otpcore.Telegram); way.Reason != "" {
				t.Fatalf("after %d00 ms there is no way: %s", i+1, way.Reason)
			}
			if err := s.fleet.Receive(t.Context(), "key of a", nil, make([]byte, i+1)); err != nil {
				t.Fatalf("after %d00 ms nobody takes posts: %v", i+1, err)
			}
		}
		check(t, <-done)
		s.expect(b, otpcore.BotConnected)
		if n := most.Load(); n != 1 {
			t.Errorf("%d connectors listened at once", n)
		}
		last := factory.made[b.ID]
		check(t, s.fleet.Remove(context.Background(), business, b.ID))
		if err := s.fleet.Receive(t.Context(), "key of a", nil, []byte("x")); !errors.Is(err, otpcore.ErrNotFound) {
			t.Errorf("the address of a removed bot: %v", err)
		}
		if !last.left.Load() {
			t.Error("the network still posts")
		}
	})
}

// TestRegisterAgainWhileTheStateIsOnItsWay: a bot that is shown as connected is
// taken for one by the connector that replaces it, whether or not the database has
// heard of it yet.
func TestRegisterAgainWhileTheStateIsOnItsWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShow(t)
		request := otpcore.BotRequest{BusinessID: s.business(), Kind: otpcore.BotTelegram, Token: "a"}
		b, err := s.fleet.Register(context.Background(), request)
		check(t, err)
		s.fleet.member(b.ID).enter(otpcore.BotConnected, connected)
		_, err = s.fleet.Register(context.Background(), request)
		check(t, err)
		if got := s.fleet.member(b.ID).bot; got.State != otpcore.BotConnected || got.StateText != connected {
			t.Errorf("the new connector is told of %s, %q", got.State, got.StateText)
		}
	})
}

// TestBotDeletedWhileItListens: the removal of a bot ends its poll at once, and
// an update that is in hand at that moment is answered by nobody.
func TestBotDeletedWhileItListens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShow(t)
		b := s.bot(s.business())
		other := s.bot(s.business())
		var applied error
		s.factory.scripts[b.ID] = func(ctx context.Context, p *puppet) error {
			p.home.Connected(ctx)
			<-ctx.Done()
			applied = p.home.Apply(context.WithoutCancel(ctx), s.next(b, Inbound{Chat: "7", Kind: Command, Command: "help"}))
			return nil
		}
		s.begin()
		time.Sleep(time.Second)
		replies := s.ledger.replies
		check(t, s.fleet.Remove(context.Background(), b.BusinessID, b.ID))
		if applied != nil || s.ledger.replies != replies {
			t.Errorf("the update in hand: %v, %d replies", applied, s.ledger.replies-replies)
		}
		s.expect(other, otpcore.BotConnected)
	})
}

// TestStartGoesSlowerWhenAsked: a network that sends new bots away gets the
// others one by one, and those whom it has sent away when it wished.
func TestStartGoesSlowerWhenAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShow(t)
		business := s.business()
		var mu sync.Mutex
		var starts []time.Time
		started := func() int {
			mu.Lock()
			defer mu.Unlock()
			starts = append(starts, time.Now())
			return len(starts)
		}
		for range 30 {
			b := s.bot(business)
			s.factory.scripts[b.ID] = func(ctx context.Context, p *puppet) error {
				if p.runs.Load() == 1 && started() <= 10 {
					return &Trouble{Wait: 40 * time.Second, Text: "Wait.", Err: errors.New("429")}
				}
				return steady(ctx, p)
			}
		}
		began := time.Now()
		s.begin()
		time.Sleep(30 * time.Second)
		mu.Lock()
		early := len(starts)
		mu.Unlock()
		time.Sleep(5 * time.Minute)
		mu.Lock()
		defer mu.Unlock()
		if early < 10 || early > 20 || len(starts) != 30 {
			t.Errorf("%d bots started within half a minute, %d in all", early, len(starts))
		}
		for i := 12; i < len(starts); i++ {
			if gap := starts[i].Sub(starts[i-1]); gap > slowestStagger+time.Second/10 {
				t.Errorf("bot %d started %v after the one before", i, gap)
			}
		}
		bots, err := s.fleet.List(t.Context(), business)
		check(t, err)
		for _, b := range bots {
			if b.State != otpcore.BotConnected {
				t.Errorf("after %v a bot is %s: %s", time.Since(began), b.State, b.StateText)
			}
		}
	})
}

// TestEveryStateHasASentence goes through the states that a bot can be in.
func TestEveryStateHasASentence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShow(t)
		b := s.bot(s.business())
		hold := make(chan struct{})
		s.factory.scripts[b.ID] = func(ctx context.Context, p *puppet) error {
			switch p.runs.Load() {
			case 1:
				<-hold
				return &Trouble{Wait: time.Minute, Text: "Wait for it.", Err: errors.New("429")}
			case 2:
				p.home.Connected(ctx)
				return &Fall{State: otpcore.BotInUse, Text: "Somebody else has it."}
			}
			return errors.New("never")
		}
		s.begin()
		var seen []string
		look := func() {
			synctest.Wait()
			now, err := s.fleet.Get(t.Context(), b.BusinessID, b.ID)
			check(t, err)
			seen = append(seen, fmt.Sprintf("%s: %s", now.State, now.StateText))
		}
		look()
		close(hold)
		look()
		time.Sleep(2 * time.Minute)
		look()
		want := []string{"connecting: " + connecting, "reconnecting: Wait for it.", "in_use: Somebody else has it."}
		if fmt.Sprint(seen) != fmt.Sprint(want) {
			t.Errorf("the bot was %q, want %q", seen, want)
		}
		if got := s.ledger.states(); fmt.Sprint(got) != "[reconnecting connected in_use]" {
			t.Errorf("events tell of %v", got)
		}
	})
}

// inbox counts updates.
type inbox struct{ atomic.Int32 }

func (i *inbox) Apply(context.Context, Inbound) error {
	i.Add(1)
	return nil
}

// TestFloodOfOneChat: what a chat sends beyond what people can is forgotten.
// Other chats, other bots and what the network tells by itself are not.
func TestFloodOfOneChat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShow(t)
		b := s.bot(s.business())
		other := s.bot(s.business())
		handled := new(inbox)
		s.fleet.config.Inbox = handled
		s.begin()
		synctest.Wait()
		say := func(b *otpcore.Bot, chat string, kind InboundKind, n int) {
			for range n {
				in := s.next(b, Inbound{Chat: chat, Kind: kind, Command: "help", At: time.Now()})
				check(t, s.factory.made[b.ID].home.Apply(context.Background(), in))
			}
		}
		say(b, "7", Command, 5000)
		expect := func(what string, want int32) {
			t.Helper()
			if n := handled.Load(); n != want {
				t.Errorf("%s: %d updates were handled, want %d", what, n, want)
			}
		}
		say(b, "8", Command, 3)
		say(other, "7", Command, 3)
		expect("a flood", floodBurst+6)
		time.Sleep(floodRest)
		say(b, "7", Command, 3)
		expect("after a rest", floodBurst+9)
		var f floods
		for range 100 {
			f.admit(Inbound{Chat: "7", Kind: Text}, time.Now())
		}
		for _, kind := range []InboundKind{Blocked, Unblocked, Moved} {
			if !f.admit(Inbound{Chat: "7", Kind: kind}, time.Now()) {
				t.Errorf("of a chat that floods the network's word is lost: %s", kind)
			}
		}
		for i := range 1000 {
			f.admit(Inbound{Chat: fmt.Sprint(i), Kind: Text}, time.Now())
		}
		f.admit(Inbound{Chat: "x", Kind: Text}, time.Now().Add(floodRest))
		if n := len(f.chats); n != 1 {
			t.Errorf("%d chats are remembered after a rest", n)
		}
	})
}

// TestWhatWaitedIsNoFlood: after an outage the network hands over at once what a
// person has written in hours. A flood of that time is still one.
func TestWhatWaitedIsNoFlood(t *testing.T) {
	now := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		every time.Duration // between two of a hundred messages
		want  int
	}{
		"a talk":             {time.Minute, 100},
		"as fast as allowed": {floodEvery, 100},
		"a flood":            {0, floodBurst},
	} {
		var f floods
		handled := 0
		for i := range 100 {
			in := Inbound{Chat: "7", Kind: Text, At: now.Add(-3*time.Hour + time.Duration(i)*tt.every)}
			if f.admit(in, now) {
				handled++
			}
		}
		if handled != tt.want {
			t.Errorf("%s: %d of 100 messages were handled, want %d", name, handled, tt.want)
		}
	}
	var f floods
	for range 100 { // whoever could date messages ahead would gain nothing
		f.admit(Inbound{Chat: "7", Kind: Text, At: now.Add(time.Hour)}, now)
	}
	if f.admit(Inbound{Chat: "7", Kind: Text, At: now.Add(2 * time.Hour)}, now) {
		t.Error("a date in the future made room")
	}
}

// TestSlowRemovalHoldsUpNobody: while a removed bot's connector takes its time
// to stop, other bots come and go; only the same account waits its turn.
func TestSlowRemovalHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShow(t)
		slow, other := s.bot(s.business()), s.bot(s.business())
		const takes = 5 * time.Second // of the bubble
		var ended time.Time
		s.factory.scripts[slow.ID] = func(ctx context.Context, p *puppet) error {
			p.home.Connected(ctx)
			<-ctx.Done()
			time.Sleep(takes)
			ended = time.Now()
			return nil
		}
		s.begin()
		time.Sleep(time.Second)
		removed := make(chan error, 1)
		go func() { removed <- s.fleet.Remove(context.Background(), slow.BusinessID, slow.ID) }()
		synctest.Wait()

		began := time.Now()
		_, err := s.fleet.Register(context.Background(), otpcore.BotRequest{BusinessID: s.business(), Kind: otpcore.BotTelegram, Token: "b"})
		check(t, err)
		check(t, s.fleet.Remove(context.Background(), other.BusinessID, other.ID))
		check(t, s.fleet.Load(context.Background()))
		if took := time.Since(began); took != 0 {
			t.Errorf("other bots waited %v", took)
		}
		if err := s.fleet.Remove(context.Background(), slow.BusinessID, slow.ID); !errors.Is(err, otpcore.ErrNotFound) {
			t.Errorf("a bot that is being removed was removed again: %v", err)
		}
		again := otpcore.BotRequest{BusinessID: slow.BusinessID, Kind: otpcore.BotTelegram, Token: slow.Account}
		hurried, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if _, err := s.fleet.Register(hurried, again); otpcore.KindOf(err) != otpcore.KindUnavailable {
			t.Errorf("a caller that does not wait for the account: %v", err)
		}
		b, err := s.fleet.Register(context.Background(), again)
		check(t, err)
		check(t, <-removed)
		if ended.IsZero() || time.Since(ended) != 0 || b.ID == slow.ID {
			t.Errorf("the account is registered again %v after its last bot stopped, as %s", time.Since(ended), b.ID)
		}
	})
}
