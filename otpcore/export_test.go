package otpcore

import "time"

// This file opens what the tests of package otpcore_test decide on. They need
// the fakes of coretest, which imports this package.

type Desk = desk

func NewDesk(rules Rules, vault Vault, carriers Carriers) *Desk {
	return &desk{rules: rules, vault: vault, carriers: trials{carriers}}
}

func (d *desk) Start(c *Case, draft Verification, phone Phone, own Code) error {
	return d.start(c, draft, phone, own)
}

func (d *desk) Check(c *Case, guess Code, context map[string]Param) (CheckResult, error) {
	return d.check(c, guess, context)
}

func (d *desk) Record(c *Case, id ID, try int, accepted Accepted, err error) {
	d.record(c, id, try, accepted, err)
}

func (d *desk) Code(v *Verification) (Code, bool)       { return d.code(v) }
func (d *desk) End(c *Case, s Status, reason EndReason) { d.end(c, s, reason) }
func (d *desk) Linked(c *Case, l *Link) bool            { return d.linked(c, l) }
func (d *desk) PhoneIndex(p Phone) Index                { return d.phoneIndex(p) }
func (d *desk) Receive(c *Case, id ID, r Receipt)       { d.receive(c, id, r) }
func (d *desk) Resend(c *Case, ch Channel) error        { return d.resend(c, ch) }
func (d *desk) Wake(c *Case)                            { d.wake(c) }
func (d *desk) Bury(c *Case)                            { d.bury(c) }
func (d *desk) LockedFor(s *Standing, now time.Time) time.Duration {
	return d.lockedFor(s, now)
}

// WithChecksum completes the text of a key.
func WithChecksum(body string) string { return body + checksum(body) }

func LinkChatPlace(l *Link) Place { return linkChatPlace(l) }

func (d *desk) UpdateOrder(c *Case, r OrderRequest, news OrderNews, handover *Verification, phone Phone) (OrderUpdated, error) {
	return d.updateOrder(c, orderDraft{request: r, news: news, locale: "en", handover: handover}, phone)
}

func (d *desk) Tell(c *Case) { d.tell(c, CauseLinked) }

func CheckOrderNumber(number string) error { return checkOrderNumber(number) }
func CheckItems(items []OrderItem) error   { return checkItems(items) }
func CheckStatus(status OrderStatus, title string) error {
	return checkStatus(OrderRequest{Status: status, Title: title})
}
