package storage

import (
	"time"

	"otpravka/otpcore"
)

// tx is the transaction as cold functions see it.
type tx struct{ t *transaction }

var _ otpcore.Tx = tx{}

func (x tx) Now() time.Time { return x.t.now }

func (x tx) Case(ref otpcore.Ref) (*otpcore.Case, error) {
	c, err := x.t.refCase(ref, "", "")
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (x tx) Save(c *otpcore.Case) error { return x.t.saveCase(c, nil) }

func (x tx) PendingOf(business otpcore.ID, phone otpcore.Index) ([]otpcore.ID, error) {
	return x.t.pendingOf(business, phone)
}

func (x tx) Standing(business otpcore.ID, phone otpcore.Index) (*otpcore.Standing, error) {
	return x.t.standing(business, phone)
}

func (x tx) SaveStanding(s *otpcore.Standing) error { return x.t.saveStanding(s) }

func (x tx) AddDelivery(d *otpcore.Delivery) error {
	if err := x.t.insertDelivery(d); err != nil {
		return err
	}
	c := x.t.blank(d.BusinessID, d.Mode)
	c.AddReply(d)
	x.t.saved = append(x.t.saved, c)
	return nil
}

func (x tx) AddEvent(e otpcore.Event) error { return x.t.addEvent(&e) }

func (x tx) FindSent(provider, messageID string) (otpcore.Ref, otpcore.ID, error) {
	return x.t.findSent(provider, messageID)
}

func (x tx) FindDelivery(id otpcore.ID) (otpcore.Ref, error) { return x.t.findDelivery(id) }

func (x tx) KeepReceipt(r otpcore.Receipt) error { return x.t.keepReceipt(&r) }

func (x tx) TakeReceipt(provider, messageID string) (*otpcore.Receipt, error) {
	return x.t.takeReceipt(provider, messageID)
}

func (x tx) Remembered(business otpcore.ID, mode otpcore.Mode, once otpcore.Once) (*otpcore.Remembered, error) {
	return x.t.remembered(business, mode, &once)
}

func (x tx) Remember(business otpcore.ID, mode otpcore.Mode, once otpcore.Once, r otpcore.Remembered) error {
	return x.t.remember(business, mode, &once, &r)
}

func (x tx) Business(id otpcore.ID) (*otpcore.Business, error) { return x.t.business(id) }

func (x tx) SaveBusiness(b *otpcore.Business) error { return x.t.saveBusiness(b) }

func (x tx) Key(business, id otpcore.ID) (*otpcore.APIKey, error) { return x.t.key(business, id) }

func (x tx) SaveKey(k *otpcore.APIKey) error { return x.t.saveKey(k) }

func (x tx) Bot(id otpcore.ID) (*otpcore.Bot, error) { return x.t.bot(id) }

func (x tx) SaveBot(b *otpcore.Bot) error { return x.t.saveBot(b) }

func (x tx) DeleteBot(id otpcore.ID) error { return x.t.deleteBot(id) }

func (x tx) Link(id otpcore.ID) (*otpcore.Link, error) { return x.t.link(id) }

func (x tx) SaveLink(l *otpcore.Link) error { return x.t.saveLink(l) }

func (x tx) LinksOfPhone(business otpcore.ID, phone otpcore.Index) ([]*otpcore.Link, error) {
	return x.t.linksOfPhone(business, phone)
}

func (x tx) LinksOfChat(bot otpcore.ID, chat otpcore.Index) ([]*otpcore.Link, error) {
	return x.t.linksOfChat(bot, chat)
}

func (x tx) LinkByToken(hash []byte) (*otpcore.Link, error) { return x.t.linkByToken(hash) }

func (x tx) Session(bot otpcore.ID, chat otpcore.Index) (*otpcore.LinkSession, error) {
	return x.t.linkSession(bot, chat)
}

func (x tx) SaveSession(s *otpcore.LinkSession) error { return x.t.saveLinkSession(s) }

func (x tx) DeleteSession(bot otpcore.ID, chat otpcore.Index) error {
	return x.t.deleteLinkSession(bot, chat)
}

func (x tx) UseToken(source otpcore.ID) (bool, error) { return x.t.useToken(source) }

func (x tx) FirstSight(bot otpcore.ID, update int64) (bool, error) {
	return x.t.firstSight(bot, update)
}

func (x tx) SetOffset(bot otpcore.ID, offset int64) error { return x.t.setOffset(bot, offset) }
