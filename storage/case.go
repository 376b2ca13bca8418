package storage

import (
	"errors"
	"time"

	"otpravka/otpcore"
)

var (
	errStaleVerification = errors.New("verification has ended already")
	errNoOnce            = errors.New("case remembers a result without an idempotency key")
)

// transaction is what the writer's one open transaction offers to an op or to
// a cold function.
type transaction struct {
	session
	now   time.Time
	epoch int64
	boot  otpcore.ID
	saved []*otpcore.Case // written by the job in hand

	phones map[phoneKey]bool // whose cases were decided in this transaction
}

func (t *transaction) blank(business otpcore.ID, mode otpcore.Mode) *otpcore.Case {
	return &otpcore.Case{Now: t.now, Epoch: t.epoch, Boot: t.boot, BusinessID: business, Mode: mode}
}

// startCase loads what a start may look at.
func (t *transaction) startCase(op *otpcore.Op) (*otpcore.Case, error) {
	c := t.blank(op.BusinessID, op.Mode)
	var err error
	if c.Links, err = t.linksOfPhone(op.BusinessID, op.Phone); err != nil {
		return nil, err
	}
	c.Standing, c.Everywhere, err = t.standings(op.BusinessID, op.Phone)
	return c, err
}

// verificationCase loads a verification with all that its rules look at.
func (s *session) verificationCase(c *otpcore.Case, id otpcore.ID) error {
	if err := s.narrowCase(c, id); err != nil {
		return err
	}
	return s.phoneOf(c)
}

// narrowCase loads a verification and its deliveries only.
func (s *session) narrowCase(c *otpcore.Case, id otpcore.ID) error {
	v, err := s.verification(c.BusinessID, c.Mode, id)
	if err != nil {
		return err
	}
	c.Verification, c.BusinessID, c.Mode = v, v.BusinessID, v.Mode
	c.Deliveries, err = s.deliveriesOf(id)
	return err
}

// phoneOf adds what is known of the verification's phone.
func (s *session) phoneOf(c *otpcore.Case) (err error) {
	v := c.Verification
	if c.Links, err = s.linksOfPhone(v.BusinessID, v.Phone.Index); err != nil {
		return err
	}
	c.Standing, err = s.standing(v.BusinessID, v.Phone.Index)
	return err
}

// replyCase loads one reply of a bot.
func (t *transaction) replyCase(c *otpcore.Case, id otpcore.ID) error {
	d, err := t.delivery(id)
	if err != nil {
		return err
	}
	if c.BusinessID != "" && (c.BusinessID != d.BusinessID || c.Mode != d.Mode) {
		return otpcore.ErrNotFound
	}
	if d.VerificationID != "" {
		return t.verificationCase(c, d.VerificationID)
	}
	c.BusinessID, c.Mode, c.Deliveries = d.BusinessID, d.Mode, []*otpcore.Delivery{d}
	return nil
}

// refCase loads the case that ref names, within the scope of business and mode.
func (t *transaction) refCase(ref otpcore.Ref, business otpcore.ID, mode otpcore.Mode) (*otpcore.Case, error) {
	c := t.blank(business, mode)
	if ref.Verification != "" {
		return c, t.verificationCase(c, ref.Verification)
	}
	return c, t.replyCase(c, ref.Delivery)
}

// opCase loads the case of an op, and what its idempotency key has answered.
func (t *transaction) opCase(op *otpcore.Op) (*otpcore.Case, error) {
	var c *otpcore.Case
	var err error
	switch {
	case op.Ref == (otpcore.Ref{}):
		c, err = t.startCase(op)
	case op.Narrow && op.Ref.Verification != "":
		c = t.blank(op.BusinessID, op.Mode)
		err = t.narrowCase(c, op.Ref.Verification)
	default:
		c, err = t.refCase(op.Ref, op.BusinessID, op.Mode)
	}
	if err == nil && op.Once != nil {
		c.Remembered, err = t.remembered(c.BusinessID, c.Mode, op.Once)
	}
	return c, err
}

// saveCase writes what a decision changed, and only that.
func (t *transaction) saveCase(c *otpcore.Case, once *otpcore.Once) error {
	ch := c.Changes()
	if err := t.saveVerification(&ch); err != nil {
		return err
	}
	for _, d := range ch.NewDeliveries {
		if err := t.insertDelivery(d); err != nil {
			return err
		}
	}
	for _, d := range ch.Deliveries {
		if err := t.updateDelivery(d); err != nil {
			return err
		}
	}
	for _, l := range ch.Links {
		if err := t.saveLink(l); err != nil {
			return err
		}
	}
	for _, st := range ch.Standings {
		if err := t.saveStanding(st); err != nil {
			return err
		}
	}
	for i := range ch.Events {
		if err := t.addEvent(&ch.Events[i]); err != nil {
			return err
		}
	}
	t.saved = append(t.saved, c)
	return t.saveRemembered(c, &ch, once)
}

func (t *transaction) saveVerification(ch *otpcore.Changes) error {
	switch {
	case ch.NewVerification != nil:
		return t.insertVerification(ch.NewVerification)
	case ch.Verification != nil:
		return t.updateVerification(ch.Verification)
	}
	return nil
}

func (t *transaction) saveRemembered(c *otpcore.Case, ch *otpcore.Changes, once *otpcore.Once) error {
	switch {
	case ch.Remember == nil:
		return nil
	case once == nil:
		return t.fold(errNoOnce)
	}
	return t.remember(c.BusinessID, c.Mode, once, ch.Remember)
}
