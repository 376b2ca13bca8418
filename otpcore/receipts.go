package otpcore

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"
)

// Receipts takes in what providers say about messages after they took them.
type Receipts struct {
	desk   *desk
	ledger Ledger
	log    *slog.Logger

	mu sync.Mutex
	// kept names the receipts that came before their message, with the time at
	// which each is forgotten. It spares every other send a look. Those of an
	// earlier process match nothing: what it had not recorded is sent anew,
	// under another id.
	kept  map[providerMessage]time.Time
	sweep time.Time // when forgotten ones are taken out next
	early earlyReceipts
}

type providerMessage struct{ provider, id string }

// receiptsAtOnce share one transaction: a provider reports up to a thousand at
// once and does not wait for a thousand syncs.
const receiptsAtOnce = 100

// keepReceipt is how long a receipt waits for its message.
const keepReceipt = 15 * time.Minute

func newReceipts(d *desk, cfg Config) *Receipts {
	return &Receipts{desk: d, ledger: cfg.Ledger, log: cfg.Logger, kept: make(map[providerMessage]time.Time)}
}

// keep notes that a receipt is about to be kept for its message. It tells of those
// that waited in vain: a wrong path to the id in a declaration looks like a
// provider that never reports.
func (r *Receipts) keep(m providerMessage) {
	for provider, n := range r.note(m, r.ledger.Now()) {
		r.log.Warn("reports belong to no message", "provider", provider, "messages", n)
	}
}

// note returns how many receipts of each provider are forgotten with it.
func (r *Receipts) note(m providerMessage, now time.Time) (forgotten map[string]int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.After(r.sweep) { // not each time: many providers report early, always
		forgotten = make(map[string]int)
		maps.DeleteFunc(r.kept, func(m providerMessage, until time.Time) bool {
			if !now.After(until) {
				return false
			}
			forgotten[m.provider]++
			return true
		})
		r.sweep = now.Add(keepReceipt)
	}
	r.kept[m] = now.Add(keepReceipt)
	return forgotten
}

// waiting reports, once, whether a receipt was kept for the bot's message.
func (r *Receipts) waiting(bot ID, m providerMessage) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.kept[m]
	delete(r.kept, m)
	return ok || r.early.has(bot, m)
}

// hold keeps in memory what a bot said of a message that is not known yet.
func (r *Receipts) hold(receipt Receipt) {
	now := r.ledger.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.early.hold(receipt, now)
}

// held gives back, once, what hold has kept, or nil.
func (r *Receipts) held(bot ID, m providerMessage) *Receipt {
	now := r.ledger.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.early.take(bot, m, now)
}

// Accept applies receipts. One that comes before the answer to its own send is
// kept and joined to it; one for a message that nobody knows is dropped after
// a while. An error means that the provider should send the receipts again:
// applying one twice changes nothing.
func (r *Receipts) Accept(ctx context.Context, receipts []Receipt) error {
	for some := range slices.Chunk(receipts, receiptsAtOnce) {
		err := r.ledger.Write(ctx, func(tx Tx) error {
			for _, receipt := range some {
				if err := r.acceptOne(tx, receipt); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *Receipts) acceptOne(tx Tx, receipt Receipt) error {
	ref, id, err := find(tx, receipt)
	if errors.Is(err, ErrNotFound) && receipt.BotID != "" {
		if receipt.Reference == "" {
			r.hold(receipt)
		}
		return nil // what is not ours is no business of the bot's owner, now or later
	}
	if errors.Is(err, ErrNotFound) {
		r.keep(providerMessage{receipt.Provider, receipt.MessageID})
		return tx.KeepReceipt(receipt)
	}
	if err != nil {
		return err
	}
	return r.apply(tx, ref, id, receipt)
}

// join applies the kept receipt of a message whose id was stored a moment ago.
func (r *Receipts) join(ctx context.Context, bot ID, m providerMessage) error {
	early := r.held(bot, m)
	return r.ledger.Write(ctx, func(tx Tx) error {
		receipt := early
		var err error
		if receipt == nil {
			receipt, err = tx.TakeReceipt(m.provider, m.id)
		}
		if err != nil || receipt == nil {
			return err
		}
		ref, id, err := tx.FindSent(m.provider, m.id)
		if err != nil {
			return err
		}
		return r.apply(tx, ref, id, *receipt)
	})
}

func (r *Receipts) apply(tx Tx, ref Ref, id ID, receipt Receipt) error {
	c, err := tx.Case(ref)
	if err != nil {
		return err
	}
	r.desk.receive(c, id, receipt)
	return tx.Save(c)
}

// find prefers our own id, where the provider echoes it: it works even before
// the provider's id is stored.
func find(tx Tx, receipt Receipt) (Ref, ID, error) {
	if id, ok := ParseID(PrefixDelivery, string(receipt.Reference)); ok {
		ref, err := tx.FindDelivery(id)
		if !errors.Is(err, ErrNotFound) {
			return ref, id, err
		}
	}
	return tx.FindSent(receipt.Provider, receipt.MessageID)
}
