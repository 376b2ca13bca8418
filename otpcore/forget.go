package otpcore

import (
	"context"
	"errors"
	"time"
)

// PrefixForgotten begins the ids of the receipts for forgotten persons.
const PrefixForgotten = "fgt"

// Forgotten is the receipt for a person whom a business has forgotten: when,
// and how many rows no longer tell of them. It names nobody.
type Forgotten struct {
	ID            ID        `json:"id"`
	At            time.Time `json:"at"`
	Verifications int       `json:"verifications"`
	Deliveries    int       `json:"deliveries"`
	Links         int       `json:"links"`
	Sessions      int       `json:"sessions"`
	Orders        int       `json:"orders"`
}

// forgetAtOnce is how many verifications share one transaction: with their
// deliveries they are as many rows as one may touch.
const forgetAtOnce = 20

// Forget erases the person behind the phone at this business: verifications
// lose the phone and whatever they were asked with, messages their address,
// and chats their link. Codes that still work are canceled first. Nobody is
// written to: a message would use once more what is to be forgotten.
//
// The phone's standing stays until it means nothing any more, and for a day the
// times of its starts. It holds a keyed hash and counts, and if it went, a lock,
// a pause or a limit could be lifted by asking to be forgotten.
//
// A call that breaks off halfway is finished by its repeat, and repeating one
// that was done finds nothing.
func (p *Phones) Forget(ctx context.Context, by Caller, raw, country string, key *IdempotencyKey) (*Forgotten, error) {
	phone, err := p.parse(by, raw, country)
	if err != nil {
		return nil, err
	}
	once := key.Once("phones.forget")
	receipt, found, err := p.receipt(ctx, by, once)
	if found || err != nil {
		return receipt, err
	}
	index := p.desk.phoneIndex(phone)
	// First the orders: a hand-over code leaves its message by way of the link.
	if err := p.forgetOrders(ctx, by, index, receipt); err != nil {
		return nil, err
	}
	if by.Mode == Live { // trials have no chats
		if err := p.forgetChats(ctx, by, index, receipt); err != nil {
			return nil, err
		}
		if p.others != nil {
			if err := p.others.ForgetPhone(ctx, by.Business.ID, phone); err != nil {
				return nil, err
			}
		}
	}
	if err := p.forgetVerifications(ctx, by, index, receipt); err != nil {
		return nil, err
	}
	return p.sign(ctx, by, once, receipt)
}

// receipt returns what the key has answered before, or else a blank receipt.
func (p *Phones) receipt(ctx context.Context, by Caller, once *Once) (receipt *Forgotten, found bool, err error) {
	receipt = &Forgotten{}
	if once == nil {
		return receipt, false, nil
	}
	err = p.ledger.Write(ctx, func(tx Tx) error {
		*receipt = Forgotten{}
		found, err = answered(tx, by.Business.ID, by.Mode, once, receipt)
		return err
	})
	return receipt, found, err
}

// sign completes the receipt and remembers it as the answer to the key. Of two
// requests with one key that ran at once, the first one's answer is both's.
func (p *Phones) sign(ctx context.Context, by Caller, once *Once, done *Forgotten) (*Forgotten, error) {
	var signed Forgotten
	err := p.ledger.Write(ctx, func(tx Tx) error {
		signed = *done
		signed.ID, signed.At = NewID(PrefixForgotten, tx.Now()), tx.Now()
		if found, err := answered(tx, by.Business.ID, by.Mode, once, &signed); found || err != nil {
			return err
		}
		return answer(tx, by.Business.ID, by.Mode, once, signed)
	})
	if err != nil {
		return nil, err
	}
	return &signed, nil
}

// forgetChats revokes the phone's links, takes phone and chat out of them, and
// ends what these chats are in the middle of.
func (p *Phones) forgetChats(ctx context.Context, by Caller, phone Index, receipt *Forgotten) error {
	for more := true; more; {
		links, sessions := 0, 0
		err := p.ledger.Write(ctx, func(tx Tx) error {
			found, err := tx.LinksOfPhone(by.Business.ID, phone)
			if err != nil {
				return err
			}
			found = found[:min(len(found), forgetAtOnce)]
			for _, link := range found {
				if err := forgetLink(tx, link); err != nil {
					return err
				}
			}
			links = len(found)
			sessions, err = tx.DeleteSessionsOf(by.Business.ID, phone)
			return err
		})
		if err != nil {
			return err
		}
		receipt.Links += links
		receipt.Sessions += sessions
		more = links == forgetAtOnce
	}
	return nil
}

func forgetLink(tx Tx, link *Link) error {
	if !link.Chat.Index.IsZero() {
		if err := leaveSession(tx, link); err != nil {
			return err
		}
	}
	over := link.Status == LinkRevoked
	if !over {
		link.Status, link.EndReason, link.EndedAt = LinkRevoked, "forgotten", tx.Now()
	}
	link.Erase()
	if err := tx.SaveLink(link); err != nil || over {
		return err
	}
	return tell(tx, link, EventLinkRevoked)
}

// leaveSession ends what the link's chat is in the middle of with the link's
// business. Over a shared bot it may be in the middle of something with another one.
func leaveSession(tx Tx, link *Link) error {
	session, err := tx.Session(link.BotID, link.Chat.Index)
	if err != nil || session.BusinessID != link.BusinessID {
		return unlessNotFound(err)
	}
	return tx.DeleteSession(link.BotID, link.Chat.Index)
}

// Erase takes out of a link whatever tells of the person.
func (l *Link) Erase() {
	l.Phone, l.Chat = SealedPhone{Region: l.Phone.Region}, Chat{}
	l.TokenHash, l.Locale, l.Language, l.ReturnURL, l.ActedAt = nil, "", "", "", noTime
}

// forgetVerifications cancels and erases the phone's verifications, a few in
// each transaction. What is erased is not found any more.
func (p *Phones) forgetVerifications(ctx context.Context, by Caller, phone Index, receipt *Forgotten) error {
	q := PhoneQuery{BusinessID: by.Business.ID, Mode: by.Mode, Phone: phone, Limit: forgetAtOnce}
	for more := true; more; {
		var ids []ID
		deliveries := 0
		err := p.ledger.Write(ctx, func(tx Tx) (err error) {
			if ids, err = tx.Traces(q); err != nil {
				return err
			}
			deliveries, err = p.eraseAll(tx, phone, ids)
			return err
		})
		if err != nil {
			return err
		}
		receipt.Verifications += len(ids)
		receipt.Deliveries += deliveries
		more = len(ids) == q.Limit
	}
	return nil
}

// forgetOrders erases the phone's orders. Hand-over codes that still work are
// canceled, and the chat's message loses its code.
func (p *Phones) forgetOrders(ctx context.Context, by Caller, phone Index, receipt *Forgotten) error {
	q := PhoneQuery{BusinessID: by.Business.ID, Mode: by.Mode, Phone: phone, Limit: forgetAtOnce}
	for more := true; more; {
		orders, deliveries := 0, 0
		err := p.ledger.Write(ctx, func(tx Tx) error {
			orders, deliveries = 0, 0
			ids, err := tx.OrderTraces(q)
			if err != nil {
				return err
			}
			for _, id := range ids {
				c, err := tx.Case(Ref{Order: id})
				if err != nil {
					return err
				}
				if p.desk.takeCodeOut(c) {
					if err := tx.Save(c); err != nil {
						return err
					}
				}
				n, err := tx.EraseOrder(id)
				if err != nil {
					return err
				}
				deliveries += n
			}
			orders = len(ids)
			return nil
		})
		if err != nil {
			return err
		}
		receipt.Orders += orders
		receipt.Deliveries += deliveries
		more = orders == q.Limit
	}
	return nil
}

// eraseAll erases the verifications and keeps of them what the limits of starts
// need, which else could be lifted by asking to be forgotten.
func (p *Phones) eraseAll(tx Tx, phone Index, ids []ID) (deliveries int, err error) {
	var starts []Begun
	for _, id := range ids {
		c, err := tx.Case(Ref{Verification: id})
		if err != nil {
			return 0, err
		}
		if c.Verification.Status == Pending {
			p.desk.end(c, Canceled, EndByBusiness)
			if err := tx.Save(c); err != nil {
				return 0, err
			}
		}
		if c.Mode == Live {
			starts = append(starts, c.Verification.Begun())
		}
		n, err := tx.Erase(id)
		if err != nil {
			return 0, err
		}
		deliveries += n
	}
	if starts = sinceDay(starts, tx.Now()); len(starts) == 0 {
		return deliveries, nil
	}
	everywhere, err := tx.Standing("", phone)
	if err != nil {
		return 0, err
	}
	everywhere.Erased = append(sinceDay(everywhere.Erased, tx.Now()), starts...)
	return deliveries, tx.SaveStanding(everywhere)
}

// shownPhone opens a phone for showing it. What is erased is no phone, and
// neither is what no key opens any more: all else about it can still be told.
func (d *desk) shownPhone(at Place, s SealedPhone) (Phone, error) {
	if s.Sealed == nil {
		return NewPhone("", s.Region), nil
	}
	phone, err := d.openPhone(at, s)
	if errors.Is(err, ErrKeyGone) {
		return NewPhone("", s.Region), nil
	}
	return phone, err
}
