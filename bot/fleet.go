package bot

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"otpravka/internal/backoff"
	"otpravka/otpcore"
)

// Inbox handles updates; it is the Conversation.
type Inbox interface {
	Apply(ctx context.Context, in Inbound) error
}

// FleetConfig is what a Fleet works with.
type FleetConfig struct {
	Ledger    otpcore.Ledger
	Reader    otpcore.Reader
	Vault     otpcore.Vault
	Inbox     Inbox
	Factories map[otpcore.BotKind]Factory
	Alerts    *Alerts        // nil: owners are told nothing
	Shared    otpcore.Shared // bots of the operator; no others of theirs run
	// Told names, for bots of the operator, the business whose owner is told of
	// their trouble.
	Told map[otpcore.ID]otpcore.ID
	Log  *slog.Logger

	// Stagger is the pause between the starts of two bots when the program
	// starts; zero: 65 ms. Chat networks frown on a thousand at once.
	Stagger time.Duration
	// Backoff paces the tries of a connector in trouble; zero: 300 ms doubled
	// up to 30 s.
	Backoff backoff.Pace
}

// Fleet supervises the connectors of all bots and knows which bot carries
// which channel of a business. Bots come and go while it runs. All methods are
// safe for concurrent use.
type Fleet struct {
	config FleetConfig

	turns    turns      // one change of an account at a time, however long it takes
	changing sync.Mutex // held while what is stored and the members change together
	retired  []*otpcore.Bot

	mu      sync.RWMutex
	members map[otpcore.ID]*member
	owned   map[otpcore.ID][]*member // by business, oldest bot first
	posted  map[string]*member       // by callback key, those whose network posts
	running *fleetRun                // nil unless Run is active
	stagger time.Duration            // at present
}

// Telegram's own server admits a thousand tokens a minute that it has not seen
// since it started, and only twenty of one address where it is set up so
// (https://github.com/tdlib/telegram-bot-api, ClientManager). A start that is
// told to wait goes on at that slowest pace.
const (
	defaultStagger = 65 * time.Millisecond
	slowestStagger = 3 * time.Second
)

// fleetRun is one call of Run with the connectors that it runs.
type fleetRun struct {
	ctx        context.Context
	connectors sync.WaitGroup
}

// NewFleet returns a fleet without bots; Load and Run bring them in.
func NewFleet(config FleetConfig) *Fleet {
	if config.Stagger == 0 {
		config.Stagger = defaultStagger
	}
	if config.Backoff.First == 0 {
		config.Backoff = backoff.Pace{First: 300 * time.Millisecond, Most: 30 * time.Second}
	}
	return &Fleet{
		config:  config,
		members: make(map[otpcore.ID]*member),
		owned:   make(map[otpcore.ID][]*member),
		posted:  make(map[string]*member),
		stagger: config.Stagger,
	}
}

// Load makes all stored bots known, so that messages can be sent through them
// before Run starts to listen. Calling it again adds, and in a running fleet
// starts, what another process has registered meanwhile.
func (f *Fleet) Load(ctx context.Context) error {
	f.changing.Lock()
	defer f.changing.Unlock()
	bots, err := f.config.Reader.Bots(ctx, "")
	if err != nil {
		return fmt.Errorf("load bots: %w", err)
	}
	f.retired = nil
	for _, b := range bots {
		if _, declared := f.config.Shared[b.ID]; b.Shared() && !declared {
			f.retired = append(f.retired, b) // it was taken out of the operator's file
			continue
		}
		if f.member(b.ID) == nil {
			m := f.enlist(b)
			f.add(m)
			f.launch(m)
		}
	}
	return nil
}

// Run loads the bots, runs their connectors until ctx ends, and returns once
// all have stopped. One that falls stays down alone; its state says why. Call
// it once.
func (f *Fleet) Run(ctx context.Context) error {
	if err := f.Load(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // stopped before it began
		}
		return err
	}
	r := &fleetRun{ctx: ctx}
	f.mu.Lock()
	f.running = r
	waiting := make([]*member, 0, len(f.members))
	for _, m := range f.members {
		waiting = append(waiting, m)
	}
	f.mu.Unlock()
	r.connectors.Go(func() { f.retire(ctx) })
	slices.SortFunc(waiting, func(a, b *member) int { return cmp.Compare(a.bot.ID, b.bot.ID) })

	for _, m := range waiting {
		f.launch(m)
		if !backoff.Sleep(ctx, f.pause()) {
			break
		}
	}
	<-ctx.Done()
	f.mu.Lock()
	f.running = nil // from here on launch adds nobody
	f.mu.Unlock()
	r.connectors.Wait()
	return nil
}

// retire takes back the addresses that bots were posted to which the operator
// has taken out of the file. What people write waits at the network, for the
// bot's next program or until it is declared again; nothing of another program
// is touched.
func (f *Fleet) retire(ctx context.Context) {
	f.changing.Lock()
	retired := f.retired
	f.changing.Unlock()
	for _, b := range retired {
		if posted, ok := f.enlist(b).connectorOrNil().(Posted); ok {
			ctx, cancel := context.WithTimeout(ctx, leaveWithin)
			posted.Leave(ctx)
			cancel()
		}
	}
}

func (f *Fleet) pause() time.Duration {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.stagger
}

// slower lets more time pass between the starts that are still to come.
func (f *Fleet) slower() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stagger = min(2*f.stagger, slowestStagger)
}

// launch runs the member's connector if the fleet runs and the member is still
// in it. Launching twice does no harm.
func (f *Fleet) launch(m *member) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.running == nil || f.members[m.bot.ID] != m {
		return
	}
	m.launched.Do(func() {
		r := f.running
		r.connectors.Go(func() { m.run(r.ctx) })
	})
}

// Way tells which bot carries the channel for the business. It fits
// otpcore.Carriers for the chat channels and answers from memory. The business's
// own bot goes first, then one of the operator's that serves it, and what reaches
// bare numbers stands behind both.
func (f *Fleet) Way(business otpcore.ID, ch otpcore.Channel) otpcore.Way {
	f.mu.RLock()
	defer f.mu.RUnlock()
	chat := f.first(f.owned[business], ch, false)
	phone := f.first(f.owned[business], ch, true)
	if chat == nil || chat.Reason != "" {
		if shared := f.first(f.serving(business), ch, false); shared != nil && (chat == nil || shared.Reason == "") {
			chat = shared
		}
	}
	switch {
	case phone == nil && chat == nil:
		return otpcore.Way{Channel: ch, Reason: "No bot for " + string(ch) + " is registered."}
	case phone == nil, chat != nil && phone.Reason != "":
		return *chat
	case chat == nil, chat.Reason != "":
		return *phone
	}
	chat.Unlinked = phone
	return *chat
}

// serving lists the operator's bots that serve the business. The caller holds the
// lock.
func (f *Fleet) serving(business otpcore.ID) []*member {
	var list []*member
	for _, m := range f.owned[""] {
		if _, ok := f.config.Shared.Name(m.bot.ID, business); ok {
			list = append(list, m)
		}
	}
	return list
}

// first is the way of the oldest usable of the bots that carries the channel,
// with a reason where none is usable, or nil where there is none. The caller
// holds the lock.
func (f *Fleet) first(bots []*member, ch otpcore.Channel, byPhone bool) *otpcore.Way {
	var unusable *otpcore.Way
	for _, m := range bots {
		kind := m.bot.Kind
		if kind.Channel() != ch || byPhone && !kind.ByPhone() || !byPhone && !kind.HasChats() {
			continue
		}
		can, text := m.offer(byPhone)
		if text == "" {
			return &otpcore.Way{Channel: ch, BotID: m.bot.ID, BotName: m.identity().Username, ByPhone: byPhone, Capabilities: can}
		}
		unusable = &otpcore.Way{Channel: ch, ByPhone: byPhone, Reason: text}
	}
	return unusable
}

// Sender returns what sends through the bot, or a *otpcore.SendError when
// nothing can any more.
func (f *Fleet) Sender(id otpcore.ID) (otpcore.Sender, error) {
	m := f.member(id)
	if m == nil {
		return nil, &otpcore.SendError{Class: otpcore.ClassNoRoute, Provider: "bot", Message: "The bot was removed."}
	}
	if state, text, _ := m.condition(); !state.Usable() || m.connector == nil {
		return nil, &otpcore.SendError{Class: otpcore.ClassAuth, Provider: string(m.bot.Kind), Message: text}
	}
	return m.connector, nil
}

// Kind is the kind of the bot; empty: there is no such bot.
func (f *Fleet) Kind(id otpcore.ID) otpcore.BotKind {
	if m := f.member(id); m != nil {
		return m.bot.Kind
	}
	return ""
}

// Greet answers the call by which a chat network makes sure that the address is
// its bot's owner's. An address behind which there is no such bot is ErrNotFound,
// another word than the bot's is unauthorized.
func (f *Fleet) Greet(key, verifyToken string) error {
	f.mu.RLock()
	m := f.posted[key]
	f.mu.RUnlock()
	if m == nil {
		return otpcore.ErrNotFound
	}
	called, ok := m.connector.(Called)
	if !ok {
		return otpcore.ErrNotFound
	}
	if !called.Greets(verifyToken) {
		return &otpcore.Error{Kind: otpcore.KindUnauthorized, Code: "unauthorized", Detail: "The verify token is not the bot's."}
	}
	return nil
}

// Receive hands a post that came to a callback address to the bot behind it. An
// address behind which there is none is ErrNotFound; other errors are those of
// Posted.Receive.
func (f *Fleet) Receive(ctx context.Context, key string, header http.Header, body []byte) error {
	f.mu.RLock()
	m := f.posted[key]
	f.mu.RUnlock()
	if m == nil {
		return otpcore.ErrNotFound
	}
	return m.connector.(Posted).Receive(ctx, header, body)
}

func (f *Fleet) member(id otpcore.ID) *member {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.members[id]
}

// add brings a member in, in place of an earlier one of the same bot.
func (f *Fleet) add(m *member) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.drop(m.bot.ID, m.bot.BusinessID)
	f.members[m.bot.ID] = m
	if key := m.callbackKey(); key != "" {
		f.posted[key] = m
	}
	list := append(f.owned[m.bot.BusinessID], m)
	slices.SortFunc(list, func(a, b *member) int { return cmp.Compare(a.bot.ID, b.bot.ID) })
	f.owned[m.bot.BusinessID] = list
}

// drop takes a bot out of the maps. The caller holds the lock.
func (f *Fleet) drop(id, business otpcore.ID) {
	if m := f.members[id]; m != nil {
		delete(f.posted, m.callbackKey())
	}
	delete(f.members, id)
	left := slices.DeleteFunc(slices.Clone(f.owned[business]), func(m *member) bool { return m.bot.ID == id })
	if len(left) == 0 {
		delete(f.owned, business)
		return
	}
	f.owned[business] = left
}
