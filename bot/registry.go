package bot

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"otpravka/otpcore"
)

// Register checks the credential with the chat network, stores the bot and
// starts it. A bot that the business has already keeps its id and its links
// and gets the new credential. Errors are those of Factory.Identify, not_found
// for an unknown business, and bot_exists for another business's bot.
func (f *Fleet) Register(ctx context.Context, r otpcore.BotRequest) (*otpcore.Bot, error) {
	factory, ok := f.config.Factories[r.Kind]
	if !ok {
		return nil, &otpcore.Error{
			Kind: otpcore.KindInvalid, Code: "bot_kind_unknown", Field: "/kind",
			Detail: "This installation has no connector of this kind.",
		}
	}
	credential, err := r.Credential()
	if err != nil {
		return nil, err
	}
	identity, err := factory.Identify(ctx, credential, r.Takeover)
	if err != nil {
		return nil, err
	}
	if identity.Account == "" {
		identity.Account = string(r.BusinessID)
	}
	over, err := f.turns.take(ctx, account{r.Kind, identity.Account})
	if err != nil {
		return nil, err
	}
	defer over()
	old, m, err := f.admit(ctx, r, credential, identity)
	if err != nil {
		return nil, err
	}
	old.stop(errRemoved)
	f.launch(m)
	return m.shown(), nil
}

// admit stores the bot and puts its member in the place of the old one. A bot
// that is registered again sends, and takes posts, without a gap: the new
// connector stands in for the old one at once, and listens once that one has
// stopped.
func (f *Fleet) admit(ctx context.Context, r otpcore.BotRequest, credential string, identity Identity) (old, m *member, err error) {
	f.changing.Lock()
	defer f.changing.Unlock()
	b, err := f.store(ctx, r, credential, identity)
	if err != nil {
		return nil, nil, err
	}
	old, m = f.member(b.ID), f.enlist(b)
	f.add(m)
	return old, m, nil
}

func (f *Fleet) store(ctx context.Context, r otpcore.BotRequest, credential string, identity Identity) (*otpcore.Bot, error) {
	known, err := f.config.Reader.Bots(ctx, r.BusinessID)
	if err != nil {
		return nil, err
	}
	var stored *otpcore.Bot
	once := r.Idempotency.Once("bots.register")
	err = otpcore.WriteOnce(ctx, f.config.Ledger, r.BusinessID, otpcore.Live, once, func(tx otpcore.Tx, found otpcore.ID) (otpcore.ID, error) {
		if found != "" {
			var err error
			stored, err = tx.Bot(found)
			return found, err
		}
		if _, err := tx.Business(r.BusinessID); err != nil {
			return "", err
		}
		b := &otpcore.Bot{
			ID: otpcore.NewID(otpcore.PrefixBot, tx.Now()), BusinessID: r.BusinessID, Kind: r.Kind,
			Account: identity.Account, CreatedAt: tx.Now(),
			State: otpcore.BotConnecting, StateText: connecting, StateAt: tx.Now(),
		}
		for _, old := range known {
			if old.Kind != r.Kind || old.Account != identity.Account {
				continue
			}
			b.ID, b.CreatedAt = old.ID, old.CreatedAt
			if state, text, at := f.lastOf(old); state.Worked() {
				// Connectors go by it until they have asked their network.
				b.State, b.StateText, b.StateAt = state, text, at
			}
		}
		b.Username, b.Name = identity.Username, identity.Name
		b.Token = f.config.Vault.Seal(tokenPlace(b), []byte(credential))
		stored = b
		return b.ID, tx.SaveBot(b)
	})
	if err != nil {
		return nil, err // the transaction of a caller that left may still write to stored
	}
	return stored, nil
}

// lastOf is the state in which a stored bot was last heard of. Its connector may
// know what is on its way to the database.
func (f *Fleet) lastOf(b *otpcore.Bot) (otpcore.BotState, string, time.Time) {
	if m := f.member(b.ID); m != nil {
		if state, text, at := m.condition(); state != otpcore.BotConnecting {
			return state, text, at
		}
	}
	return b.State, b.StateText, b.StateAt
}

// List returns the bots of the business and those of the operator that serve it,
// or all for an empty id, oldest first, without credentials. One of the
// operator's has the name under which it speaks for the business.
func (f *Fleet) List(ctx context.Context, business otpcore.ID) ([]*otpcore.Bot, error) {
	bots, err := f.config.Reader.Bots(ctx, business)
	if err != nil {
		return nil, err
	}
	for _, b := range bots {
		f.present(b)
	}
	if business == "" {
		return bots, nil
	}
	for _, m := range f.served(business) {
		b := m.shown()
		b.Name, _ = f.config.Shared.Name(b.ID, business)
		bots = append(bots, b)
	}
	slices.SortStableFunc(bots, func(a, b *otpcore.Bot) int { return cmp.Compare(a.ID, b.ID) })
	return bots, nil
}

func (f *Fleet) served(business otpcore.ID) []*member {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.serving(business)
}

// Get returns one of the bots that List gives the business, or of any for an
// empty business, with its present state and without its credential.
func (f *Fleet) Get(ctx context.Context, business, id otpcore.ID) (*otpcore.Bot, error) {
	b, err := f.config.Reader.Bot(ctx, id)
	if err != nil {
		return nil, err
	}
	if business != "" && b.BusinessID != business {
		name, serves := f.config.Shared.Name(b.ID, business)
		if !serves {
			return nil, otpcore.ErrNotFound
		}
		b.Name = name
	}
	f.present(b)
	return b, nil
}

// Remove deletes the bot with its links and stops it. A bot of the operator is
// nobody's to remove.
func (f *Fleet) Remove(ctx context.Context, business, id otpcore.ID) error {
	b, err := f.Get(ctx, business, id)
	if err != nil {
		return err
	}
	if business != "" && b.Shared() {
		return otpcore.ErrNotFound
	}
	over, err := f.turns.take(ctx, account{b.Kind, b.Account})
	if err != nil {
		return err
	}
	defer over()
	m, err := f.dismiss(ctx, b)
	if err != nil {
		return err
	}
	m.stop(errRemoved)
	if m.callbackKey() != "" {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveWithin)
		defer cancel()
		m.connector.(Posted).Leave(ctx)
	}
	if keeper, ok := m.connectorOrNil().(Forgetful); ok {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), forgetWithin)
		defer cancel()
		if err := keeper.Forget(ctx); err != nil {
			m.log().Error("what a removed bot kept was not deleted", "error", err)
		}
	}
	return nil
}

// dismiss deletes the bot and returns the member that it had.
func (f *Fleet) dismiss(ctx context.Context, b *otpcore.Bot) (*member, error) {
	f.changing.Lock()
	defer f.changing.Unlock()
	if err := f.config.Ledger.Write(ctx, func(tx otpcore.Tx) error { return tx.DeleteBot(b.ID) }); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	m := f.members[b.ID]
	f.drop(b.ID, b.BusinessID)
	return m, nil
}

// ForgetPhone deletes what connectors of the business keep about a phone beside the
// ledger. Those of shared bots keep nothing.
func (f *Fleet) ForgetPhone(ctx context.Context, business otpcore.ID, phone otpcore.Phone) error {
	f.mu.RLock()
	owned := slices.Clone(f.owned[business])
	f.mu.RUnlock()
	var failed []error
	for _, m := range owned {
		if keeper, ok := m.connectorOrNil().(Remembering); ok {
			failed = append(failed, keeper.ForgetPhone(ctx, phone))
		}
	}
	if err := errors.Join(failed...); err != nil {
		return &otpcore.Error{
			Kind: otpcore.KindUnavailable, Code: "unavailable", RetryAfter: time.Second, Err: err,
			Detail: "What a linked device keeps about the phone could not be deleted. Repeat the request.",
		}
	}
	return nil
}

// forgetWithin bounds how long a removal waits for what the connector keeps.
const forgetWithin = 10 * time.Second

// connectorOrNil is for a bot that may have no member.
func (m *member) connectorOrNil() Connector {
	if m == nil {
		return nil
	}
	return m.connector
}

// leaveWithin bounds how long a removal waits for the chat network.
const leaveWithin = 3 * time.Second

// present puts the live state over the stored one and takes the credential
// out.
func (f *Fleet) present(b *otpcore.Bot) {
	b.Token = nil
	if m := f.member(b.ID); m != nil {
		b.State, b.StateText, b.StateAt = m.condition()
	}
}

// Callback is what the owner of the bot has to tell its chat network by hand: our
// address, and the word that the network's first call there brings. Both are
// empty where there is nothing to tell.
func (f *Fleet) Callback(id otpcore.ID) (url, verifyToken string) {
	if m := f.member(id); m != nil {
		if called, ok := m.connector.(Called); ok {
			return called.Callback()
		}
	}
	return "", ""
}

// shown is the member's bot as callers may see it.
func (m *member) shown() *otpcore.Bot {
	b := m.bot
	b.Token = nil
	is := m.identity()
	b.Username, b.Name = is.Username, is.Name
	b.State, b.StateText, b.StateAt = m.condition()
	return &b
}

func tokenPlace(b *otpcore.Bot) otpcore.Place {
	return otpcore.Place{Table: "bots", Column: "token", Row: b.ID, Business: b.BusinessID}
}
