package otpcore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// send makes one call, submits its outcome and returns what was refused.
func (d *Dispatcher) send(j *job) error {
	now := d.ledger.Now()
	if d.closed.Load() || j.delivery.DueAt.Sub(now) < d.desk.rules.CallTimeout {
		// The process ends, or the lease could end during the call. The ledger
		// learns at once that no provider was asked, and need not take it for a
		// call without an answer later.
		d.log.Warn("delivery handed back", "delivery", j.delivery.ID, "channel", j.delivery.Channel, "try", j.delivery.Try)
		wait := lateTurn + spread(&j.delivery, lateTurn)
		if d.closed.Load() {
			wait = 0
		}
		d.handBack(j, wait)
		return nil
	}
	ctx, done := context.WithTimeout(d.sends, d.desk.rules.CallTimeout)
	defer done()
	accepted, err := d.call(ctx, j, now)
	if err != nil {
		d.complain(j, err)
	}
	d.submit(j, accepted, err)
	return err
}

// complain logs a refusal with who gave it and what it belongs to. The number of
// an order is left out: it is the business's own and may be a phone.
func (d *Dispatcher) complain(j *job, err error) {
	about := []any{"delivery", j.delivery.ID, "business", j.delivery.BusinessID}
	switch {
	case j.delivery.VerificationID != "":
		about = append(about, "verification", j.delivery.VerificationID)
	case j.delivery.Order != "":
		about = append(about, "order", j.delivery.Order)
	}
	about = append(about, "channel", j.delivery.Channel)
	if e := asSendError(err); e.Provider != "" {
		about = append(about, "provider", e.Provider)
	}
	d.log.Warn("delivery refused", append(about, "kind", j.delivery.Kind, "try", j.delivery.Try, "error", err)...)
}

// lateTurn is when a message that found its provider busy comes back.
const lateTurn = time.Second

// submit stores the outcome of a call.
func (d *Dispatcher) submit(j *job, accepted Accepted, sendErr error) {
	narrow := sendErr == nil // only a refusal leads to other channels
	d.store(j, narrow, func(c *Case) { d.desk.record(c, j.delivery.ID, j.delivery.Try, accepted, sendErr) }, func() {
		d.join(j, accepted)
		d.gone(j, sendErr)
	})
}

// handBack returns a job of which no provider has heard to the ledger, where it
// waits for its turn.
func (d *Dispatcher) handBack(j *job, wait time.Duration) {
	d.store(j, false, func(c *Case) { d.desk.putBack(c, j.delivery.ID, j.delivery.DueAt, wait) }, func() {})
}

// store makes the decision about the job's delivery durable. While the storage
// has trouble it tries again until the lease is over; after that the outcome
// counts as unknown.
func (d *Dispatcher) store(j *job, narrow bool, decide func(*Case), stored func()) {
	op := Op{Lane: LaneDeliveries, Ref: j.delivery.ref(), Narrow: narrow, Decide: func(c *Case) error {
		decide(c)
		return nil
	}}
	d.workers.Add(1)
	d.ledger.Submit(op, func(err error) {
		defer d.workers.Done()
		switch {
		case err == nil:
			stored()
		case KindOf(err) == KindNotFound:
		case d.ledger.Now().After(j.delivery.DueAt):
			d.log.Error("outcome of a delivery not stored", "delivery", j.delivery.ID, "error", err)
		default:
			d.again(func() { d.store(j, narrow, decide, stored) })
		}
	})
}

func (dlv *Delivery) ref() Ref {
	if dlv.Order != "" {
		return Ref{Order: dlv.Order}
	}
	if dlv.VerificationID != "" {
		return Ref{Verification: dlv.VerificationID}
	}
	return Ref{Delivery: dlv.ID}
}

// join applies a receipt that came before its send's own answer.
func (d *Dispatcher) join(j *job, accepted Accepted) {
	m := providerMessage{accepted.Provider, accepted.MessageID}
	if j.delivery.Kind != DeliverCode && j.delivery.Kind != DeliverOrder || !d.receipts.waiting(j.delivery.BotID, m) {
		return
	}
	d.workers.Add(1)
	go func() {
		defer d.workers.Done()
		if err := d.receipts.join(d.sends, j.delivery.BotID, m); err != nil {
			d.log.Warn("early receipt not joined", "delivery", j.delivery.ID, "error", err)
		}
	}()
}

const submitPause = 100 * time.Millisecond

// again repeats fn after a pause, unless the dispatcher is closing.
func (d *Dispatcher) again(fn func()) {
	d.workers.Add(1)
	go func() {
		defer d.workers.Done()
		select {
		case <-time.After(submitPause):
			fn()
		case <-d.sends.Done():
		}
	}()
}

// call renders the message and passes it on.
func (d *Dispatcher) call(ctx context.Context, j *job, now time.Time) (accepted Accepted, err error) {
	defer func() {
		if p := recover(); p != nil {
			// Only the type is logged: the value may quote the message.
			d.log.Error("sender panicked", "delivery", j.delivery.ID, "channel", j.delivery.Channel, "type", fmt.Sprintf("%T", p))
			err = &SendError{Class: ClassAmbiguous, Message: "The sender broke off."}
		}
	}()
	out, err := d.outgoing(j, now)
	if err != nil {
		return Accepted{}, err
	}
	region := ""
	if j.order != nil {
		region = j.order.Phone.Region
	} else if j.verification != nil {
		region = j.verification.Phone.Region
	} else if !out.Phone.IsZero() {
		region = out.Phone.Region()
	}
	sender, err := d.carriers.Sender(&j.delivery, region)
	if err != nil {
		return Accepted{}, err
	}
	if j.delivery.Edits != "" {
		return Accepted{MessageID: j.delivery.MessageID}, sender.Edit(ctx, j.delivery.MessageID, out)
	}
	return sender.Send(ctx, out)
}

func (d *Dispatcher) outgoing(j *job, now time.Time) (Outgoing, error) {
	dlv := &j.delivery
	out := Outgoing{DeliveryID: dlv.ID, BusinessID: dlv.BusinessID, BotID: dlv.BotID, Refused: dlv.Refused}
	var to target
	if dlv.Target != nil {
		sealed, err := d.desk.vault.Open(targetPlace(dlv), dlv.Target)
		if err != nil {
			return out, &SendError{Class: ClassUnknown, Message: "The chat's address cannot be read with the keys in the ring.", Err: err}
		}
		if dlv.Channel.IsChat() {
			to = readTarget(sealed)
			out.Chat = to.address
		} else {
			out.Phone = readPhoneTarget(string(sealed))
		}
	}
	if j.order != nil {
		out.Locale = or(to.language, j.order.News.Locale)
		return out, d.news(&out, j, now)
	}
	if j.verification == nil {
		return out, d.reply(&out, dlv)
	}
	out.Locale = or(to.language, j.verification.Locale)
	return out, d.text(&out, j, now)
}

func (d *Dispatcher) reply(out *Outgoing, dlv *Delivery) error {
	content, err := d.desk.vault.Open(contentPlace(dlv), dlv.Content)
	if err == nil {
		err = json.Unmarshal(content, &out.Message)
	}
	if err != nil {
		return &SendError{Class: ClassUnknown, Message: "The stored answer cannot be read.", Err: err}
	}
	return nil
}

func (d *Dispatcher) text(out *Outgoing, j *job, now time.Time) error {
	v := j.verification
	business, err := d.businesses.Get(d.sends, v.BusinessID)
	if err != nil {
		return &SendError{Class: ClassProviderDown, Message: "The business's settings could not be read.", Err: err}
	}
	open := d.desk.openPhone
	if j.delivery.Kind == DeliverEdit { // which may outlive the phone of somebody who was forgotten
		open = d.desk.shownPhone
	}
	if out.Phone, err = open(phonePlace(v), v.Phone); err != nil {
		return &SendError{Class: ClassUnknown, Message: "The phone cannot be read with the keys in the ring.", Err: err}
	}
	name, shared := d.desk.shared.Name(j.delivery.BotID, v.BusinessID)
	if !shared {
		name = business.Name
	}
	defer func() {
		if shared && out.Message.Text != "" {
			out.Message = out.Message.Under(name)
		}
	}()
	if j.delivery.Kind == DeliverRenewal {
		return d.renewal(out, name)
	}
	code, live := d.desk.code(v)
	if !live && (j.delivery.Kind == DeliverCode || j.delivery.Wanted == WantAlsoSMS) {
		return &SendError{Class: ClassUnknown, Message: "The code can no longer be made: its key is gone."}
	}
	said, err := d.templates.said(d.sends, v.BusinessID, v.Template, v.TemplateVersion)
	if err != nil {
		return &SendError{Class: ClassProviderDown, Message: "The business's own text could not be read.", Err: err}
	}
	out.Locale = said.locale(d.renderer, out.Locale, v.Locale)
	out.Useful = usefulFor(v, &j.delivery, now)
	out.Message, err = d.renderer.Code(CodeText{
		Template: v.Template, Channel: j.delivery.Channel, Locale: out.Locale, Frame: business.Settings.Locale, Brand: name, Code: code,
		Verification: v.ID, ValidUntil: v.ExpiresAt, Now: now, Location: location(business), Params: v.Params, Context: v.Context,
		Capabilities: d.desk.wayOf(v, &j.delivery).Capabilities, Wanted: j.delivery.Wanted, ReturnURL: v.ReturnURL,
		Own: said.text(out.Locale), Origin: business.Settings.SMSOrigin, AppHash: business.Settings.SMSAppHash,
	})
	return unrendered(err)
}

func (d *Dispatcher) renewal(out *Outgoing, business string) (err error) {
	out.Message, err = d.renderer.Reply("renew", out.Locale, map[string]string{"business": business, "phone": out.Phone.Short()})
	return unrendered(err)
}

func unrendered(err error) error {
	if err != nil {
		return &SendError{Class: ClassTemplateMissing, Message: "The text could not be rendered.", Err: err}
	}
	return nil
}

// usefulFor is how long the delivery's message is of use to its reader.
func usefulFor(v *Verification, dlv *Delivery, now time.Time) time.Duration {
	end := v.ExpiresAt
	if dlv.Channel != SMS && v.FallbackAt.After(now) {
		end = earlier(end, v.FallbackAt)
	}
	return max(0, end.Sub(now))
}

// gone follows a chat that refuses the bot, where the case does not: an answer in
// the chat names no link, and over a shared bot the chat may be linked for other
// businesses, too.
func (d *Dispatcher) gone(j *job, sendErr error) {
	e, ok := errors.AsType[*SendError](sendErr)
	if !ok || !e.EndsLink() || j.delivery.Target == nil {
		return
	}
	if _, shared := d.desk.shared[j.delivery.BotID]; !shared && j.delivery.LinkID != "" {
		return
	}
	address, err := d.desk.vault.Open(targetPlace(&j.delivery), j.delivery.Target)
	if err != nil {
		return
	}
	chat := ChatRef{Bot: &Bot{ID: j.delivery.BotID}, Address: readTarget(address).address}
	linking := &Linking{desk: d.desk}
	d.workers.Add(1)
	go func() {
		defer d.workers.Done()
		err := d.ledger.Write(d.sends, func(tx Tx) error { return linking.Gone(tx, chat, "blocked") })
		if err != nil {
			d.log.Warn("refusing chat still linked for other businesses", "delivery", j.delivery.ID, "error", err)
		}
	}()
}
