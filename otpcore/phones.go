package otpcore

import (
	"context"
	"time"
)

// Phones is what businesses do with a phone as such: look it up, lift its
// locks and pauses, forget its holder.
type Phones struct {
	desk   *desk
	ledger Ledger
	reader Reader
	others Memories // nil: there are none
	parse  func(by Caller, raw, country string) (Phone, error)
}

// PhoneView is what is known of a phone at one business.
type PhoneView struct {
	Phone       Phone
	Links       []*Link
	PausedUntil time.Time // zero: codes are welcome
	LockedUntil time.Time // zero: checks are compared
	Failures    int       // wrong codes of the last 24 h
}

// Lookup shows a phone's links, pause and lock.
func (p *Phones) Lookup(ctx context.Context, by Caller, raw, country string) (*PhoneView, error) {
	phone, err := p.parse(by, raw, country)
	if err != nil {
		return nil, err
	}
	view := &PhoneView{Phone: phone}
	if by.Mode == Test {
		return view, nil // trials link nothing and lock nothing
	}
	index := p.desk.phoneIndex(phone)
	if view.Links, err = p.reader.LinksOfPhone(ctx, by.Business.ID, index); err != nil {
		return nil, err
	}
	standing, err := p.reader.StandingOf(ctx, by.Business.ID, index)
	if err != nil {
		return nil, err
	}
	now := p.ledger.Now()
	view.Failures = len(after(standing.Failures, now.Add(-day)))
	if standing.PausedUntil.After(now) {
		view.PausedUntil = standing.PausedUntil
	}
	if wait := p.desk.lockedFor(standing, now); wait > 0 {
		view.LockedUntil = now.Add(wait)
	}
	return view, nil
}

// Unblock lifts what keeps codes from the phone at this business: its lock, its
// pause and its limits of starts. Codes that are live stay counted as such. The
// limit over all businesses stays too: it guards the person against all of
// them together, so none of them may lift it.
func (p *Phones) Unblock(ctx context.Context, by Caller, raw, country string) error {
	phone, err := p.parse(by, raw, country)
	if err != nil || by.Mode == Test {
		return err
	}
	return p.ledger.Write(ctx, func(tx Tx) error {
		standing, err := tx.Standing(by.Business.ID, p.desk.phoneIndex(phone))
		if err != nil {
			return err
		}
		standing.Failures, standing.Consecutive, standing.PausedUntil = nil, 0, noTime
		standing.ForgivenAt = tx.Now()
		return tx.SaveStanding(standing)
	})
}
