package storage

import (
	"time"

	"otpravka/otpcore"
)

// transaction is what the writer runs a cold function in. What the function
// changes leaves the memory at once: no op looks at it before the commit.
type transaction struct {
	session
	now    time.Time
	epoch  int64
	boot   otpcore.ID
	memory *memory
	saved  []*otpcore.Case // to be told of after the commit
}

func (t *transaction) blank(business otpcore.ID, mode otpcore.Mode) *otpcore.Case {
	return &otpcore.Case{Now: t.now, Epoch: t.epoch, Boot: t.boot, BusinessID: business, Mode: mode}
}

// tx is the transaction as cold functions see it.
type tx struct{ t *transaction }

var _ otpcore.Tx = tx{}

func (x tx) Now() time.Time { return x.t.now }

func (x tx) Case(ref otpcore.Ref) (*otpcore.Case, error) {
	c := x.t.blank("", "")
	if err := x.t.load(c, &otpcore.Op{Ref: ref}); err != nil {
		return nil, err
	}
	return c, nil
}

func (x tx) Save(c *otpcore.Case) error {
	ch := c.Changes()
	list, err := changes(nil, c, &ch, nil)
	if err != nil {
		return x.t.fold(err)
	}
	x.t.memory.forget(c)
	if err := x.t.tell(list...); err != nil {
		return err
	}
	x.t.saved = append(x.t.saved, c)
	return nil
}

func (x tx) PendingOf(business otpcore.ID, phone otpcore.Index) ([]otpcore.ID, error) {
	return x.t.pendingOf(business, phone)
}

func (x tx) Standing(business otpcore.ID, phone otpcore.Index) (*otpcore.Standing, error) {
	return x.t.standing(business, phone)
}

func (x tx) SaveStanding(s *otpcore.Standing) error {
	x.t.memory.phones.drop(phoneKey{s.BusinessID, s.Phone})
	return x.t.tell(putStanding(s))
}

func (x tx) AddDelivery(d *otpcore.Delivery) error {
	x.t.memory.cases.drop(d.VerificationID)
	if err := x.t.tell(putDelivery(d)); err != nil {
		return err
	}
	c := x.t.blank(d.BusinessID, d.Mode)
	c.AddReply(d)
	x.t.saved = append(x.t.saved, c)
	return nil
}

func (x tx) AddEvent(e otpcore.Event) error {
	if err := x.t.tell(putEvent(&e)); err != nil {
		return err
	}
	c := x.t.blank(e.BusinessID, e.Mode)
	c.AddEvent(e)
	x.t.saved = append(x.t.saved, c)
	return nil
}

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
	return x.t.tell(putOnce(business, mode, &once, &r, x.t.now))
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

func (x tx) Endpoint(id otpcore.ID) (*otpcore.Endpoint, error) { return x.t.endpoint(id) }

func (x tx) EndpointsOf(business otpcore.ID, mode otpcore.Mode) ([]*otpcore.Endpoint, error) {
	return x.t.endpoints(business, mode)
}

func (x tx) SaveEndpoint(e *otpcore.Endpoint) error { return x.t.saveEndpoint(e) }

func (x tx) DeleteEndpoint(id otpcore.ID) error { return x.t.deleteEndpoint(id) }

func (x tx) TemplatesOf(business otpcore.ID, key string) ([]*otpcore.Template, error) {
	return x.t.templatesOf(business, key)
}

func (x tx) SaveTemplate(t *otpcore.Template) error { return x.t.saveTemplate(t) }

func (x tx) DeleteTemplate(business otpcore.ID, key string, version int) error {
	return x.t.deleteTemplate(business, key, version)
}

func (x tx) TemplateKeys(business otpcore.ID) ([]string, error) { return x.t.templateKeys(business) }

func (x tx) Posting(id otpcore.ID) (*otpcore.Posting, error) { return x.t.posting(id) }

func (x tx) SavePosting(p *otpcore.Posting) error { return x.t.savePosting(p) }

func (x tx) LastPosition(business otpcore.ID, mode otpcore.Mode) (int64, error) {
	return value[int64](&x.t.session, lastPosition, string(business), string(mode))
}

func (x tx) FirstSight(bot otpcore.ID, update int64) (bool, error) {
	return x.t.firstSight(bot, update)
}

func (x tx) SetOffset(bot otpcore.ID, offset int64) error { return x.t.setOffset(bot, offset) }
