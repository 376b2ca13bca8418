package otpcore

import "context"

// unlinked lists the messages that reached a phone by its bare number over a
// chat channel. Their providers may want to hear how it ended.
func (c *Case) unlinked() []Delivery {
	var list []Delivery
	for _, dlv := range c.Deliveries {
		if dlv.Mode == Live && dlv.Kind == DeliverCode && dlv.Channel.IsChat() && dlv.LinkID == "" &&
			dlv.MessageID != "" && dlv.Status.Arrived() {
			list = append(list, *dlv)
		}
	}
	return list
}

// confirm tells the providers that the code of these messages was typed. It
// happens aside and once: the code exists here for the last time, and nothing
// but the providers' statistics depends on it. It never blocks.
func (d *Dispatcher) confirm(deliveries []Delivery, code Code) {
	if len(deliveries) == 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed.Load() || d.confirms == confirmsAtOnce {
		return
	}
	d.confirms++
	d.workers.Add(1)
	go func() {
		defer d.workers.Done()
		for i := range deliveries {
			d.confirmOne(&deliveries[i], code)
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		d.confirms--
	}()
}

// confirmsAtOnce bounds the confirmations under way. What is beyond it goes
// untold: a provider that hangs must not collect goroutines here.
const confirmsAtOnce = 64

func (d *Dispatcher) confirmOne(dlv *Delivery, code Code) {
	defer func() {
		if p := recover(); p != nil {
			d.log.Error("confirmation panicked", "delivery", dlv.ID)
		}
	}()
	sender, err := d.carriers.Sender(dlv, "")
	if err != nil {
		return
	}
	c, ok := sender.(Confirmer)
	if !ok {
		return
	}
	ctx, done := context.WithTimeout(d.sends, d.desk.rules.CallTimeout)
	defer done()
	if err := c.Confirm(ctx, dlv.MessageID, code); err != nil {
		d.log.Warn("approval not told to the provider", "delivery", dlv.ID, "channel", dlv.Channel, "error", err)
	}
}
