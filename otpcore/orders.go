package otpcore

import (
	"context"
	"fmt"
	"reflect"
	"time"
)

// Orders is what businesses do with orders: say what is new, and look.
type Orders struct {
	desk      *desk
	ledger    Ledger
	reader    Reader
	renderer  Renderer
	templates *Templates
	doors     doors
	parse     func(by Caller, raw, country string) (Phone, error)
}

// OrderRequest says what is new with an order. What is left out of the message
// stays as it was.
type OrderRequest struct {
	Number      string
	Status      OrderStatus
	Title       string           // of a status of the business's own
	Template    string           // of the business's own, in place of the words for the status
	Params      map[string]Param // of the template
	OccurredAt  time.Time        // zero: now
	Phone       string
	Country     string
	Locale      string
	Items       []OrderItem
	Total       *Money
	TrackingURL string
	Channels    []Channel
	SMSFallback bool
	Ring        *bool // nil: as the status says
	Handover    *HandoverRequest
	Idempotency *IdempotencyKey
}

// HandoverRequest asks for a new hand-over code in place of the one before.
type HandoverRequest struct {
	Length *int
	TTL    *time.Duration
}

// OrderUpdated is the answer to an update.
type OrderUpdated struct {
	ID             ID           `json:"id"`
	Outcome        OrderOutcome `json:"outcome"`
	HeldUntil      time.Time    `json:"held_until,omitzero"` // with OutcomeHeld; zero: until /unmute
	VerificationID ID           `json:"verification_id,omitempty"`

	// TelegramLink and WhatsAppLink open the bots' chats, for whoever has none.
	TelegramLink string `json:"-"`
	WhatsAppLink string `json:"-"`
	TestCode     Code   `json:"-"` // in test mode
}

// The lives and limits of orders.
const (
	handoverLife   = 3 * day
	handoverLength = 4
	maxUpdates     = 200             // of one order: nobody reads more, and a loop must end somewhere
	clockSkew      = 5 * time.Minute // that a business's clock may be ahead
)

// Update stores what is new and brings it on its way. It returns once that is
// durable. An update that is older than what is in force is kept in the order's
// history only.
func (s *Orders) Update(ctx context.Context, by Caller, r OrderRequest) (*OrderUpdated, error) {
	draft, phone, err := s.draft(by, r)
	if err != nil {
		return nil, err
	}
	if err := s.words(ctx, by, r, &draft.news); err != nil {
		return nil, err
	}
	var out OrderUpdated
	op := Op{
		Lane: LaneRequests, BusinessID: by.Business.ID, Mode: by.Mode, OrderNumber: r.Number,
		Phone: s.desk.phoneIndex(phone), Once: r.Idempotency.Once("orders.update"),
	}
	op.Decide = func(c *Case) error {
		out = OrderUpdated{}
		if found, err := recall(c, op.Once, &out); found || err != nil {
			return err
		}
		var err error
		if out, err = s.desk.updateOrder(c, draft, phone); err != nil {
			return err
		}
		if by.Mode == Test && out.VerificationID != "" {
			out.TestCode, _ = s.desk.code(c.Verification)
		}
		return remember(c, op.Once, out)
	}
	if err := s.ledger.Do(ctx, op); err != nil {
		return nil, err
	}
	out.TelegramLink, out.WhatsAppLink = s.link(by, Telegram, phone), s.link(by, WhatsApp, phone)
	if by.Mode == Test && out.VerificationID != "" && out.TestCode.Len() == 0 { // a repeat
		out.TestCode = s.testCode(ctx, by, out.VerificationID)
	}
	return &out, nil
}

func (s *Orders) testCode(ctx context.Context, by Caller, verification ID) Code {
	c, err := s.reader.CaseOf(ctx, by.Business.ID, by.Mode, verification)
	if err != nil {
		return Code{}
	}
	code, _ := s.desk.code(c.Verification)
	return code
}

// link opens the chat of the channel's bot. It carries no token: an order lives
// for weeks, and whoever shares the order's phone there gets the order.
func (s *Orders) link(by Caller, ch Channel, phone Phone) string {
	way := s.desk.carriers.Way(by.Business.ID, by.Mode, ch, phone.Region())
	if by.Mode != Live || way.Reason != "" {
		return ""
	}
	token := ""
	if _, shared := s.desk.shared.Name(way.BotID, by.Business.ID); shared {
		token = string(by.Business.ID)
	}
	return s.doors.url(way, token, doorOf(by.Business))
}

// OrderView is an order as a business sees it.
type OrderView struct {
	*Case
	Phone        Phone
	History      []*OrderUpdate
	Outcome      OrderOutcome
	HeldUntil    time.Time
	TelegramLink string
	WhatsAppLink string
}

// Get shows an order with its history.
func (s *Orders) Get(ctx context.Context, by Caller, number string) (*OrderView, error) {
	c, err := s.reader.OrderOf(ctx, by.Business.ID, by.Mode, number)
	if err != nil {
		return nil, err
	}
	view := &OrderView{Case: c}
	if view.Phone, err = s.desk.shownPhone(orderPhonePlace(c.Order), c.Order.Phone); err != nil {
		return nil, err
	}
	if c.Order.Phone.Sealed != nil {
		view.Outcome, view.HeldUntil = s.desk.orderOutcome(c)
	}
	view.TelegramLink, view.WhatsAppLink = s.link(by, Telegram, view.Phone), s.link(by, WhatsApp, view.Phone)
	view.History, err = s.reader.OrderUpdates(ctx, c.Order.ID)
	return view, err
}

// List gives the orders that follow a number, with their phones.
func (s *Orders) List(ctx context.Context, by Caller, after string, limit int) ([]OrderLine, error) {
	found, err := s.reader.OrdersAfter(ctx, by.Business.ID, by.Mode, after, limit)
	if err != nil {
		return nil, err
	}
	lines := make([]OrderLine, len(found))
	for i, o := range found {
		lines[i].Order = o
		if lines[i].Phone, err = s.desk.shownPhone(orderPhonePlace(o), o.Phone); err != nil {
			return nil, err
		}
	}
	return lines, nil
}

// OrderLine is an order in a list.
type OrderLine struct {
	*Order
	Phone Phone
}

// orderDraft is an update that only lacks its order.
type orderDraft struct {
	request  OrderRequest
	news     OrderNews
	locale   string        // of an order that has none yet
	handover *Verification // nil: no new code
}

var errOrderPhone = &Error{
	Kind: KindConflict, Code: "order_phone_differs", Field: "/phone",
	Detail: "This order belongs to another phone. Send the phone that it was placed with, or use another order_id.",
}

// updateOrder applies an update to the order, which may be new.
func (d *desk) updateOrder(c *Case, draft orderDraft, phone Phone) (OrderUpdated, error) {
	r, o := draft.request, c.Order
	at := or(r.OccurredAt, c.Now)
	if r.OccurredAt.IsZero() && o != nil && o.OccurredAt.After(at) {
		at = o.OccurredAt // of a clock that is ahead of ours: what happens now is newer
	}
	if at.After(c.Now.Add(clockSkew)) {
		return OrderUpdated{}, invalid("occurred_at_in_future", "/occurred_at", "Send the time at which it happened: an update from the future would hide every later one.")
	}
	at = at.Truncate(time.Millisecond)
	switch {
	case o == nil:
		o = d.newOrder(c, r.Number, phone)
	case o.Phone.Sealed == nil:
		o.Phone = d.sealPhone(orderPhonePlace(o), phone) // it was forgotten, and the person orders again
	case o.Phone.Index != d.phoneIndex(phone):
		return OrderUpdated{}, errOrderPhone
	}
	if o.Updates >= maxUpdates {
		return OrderUpdated{}, &Error{
			Kind: KindConflict, Code: "too_many_updates", Field: "/order_id",
			Detail: fmt.Sprintf("An order takes %d updates. Use another order_id.", maxUpdates),
		}
	}
	update := &OrderUpdate{
		ID: NewID(PrefixOrderUpdate, c.Now), OrderID: o.ID, BusinessID: c.BusinessID, Status: r.Status, Title: r.Title,
		OccurredAt: at, ReceivedAt: c.Now, Shown: o.Updates == 0 || !at.Before(o.OccurredAt),
	}
	out := OrderUpdated{ID: update.ID, Outcome: OutcomeOutdated}
	news := draft.news.over(o.News, draft.locale)
	if o.Updates > 0 && draft.handover == nil && at.Equal(o.OccurredAt) && o.Status == r.Status && reflect.DeepEqual(news, o.News) {
		out.ID, out.Outcome = o.UpdateID, OutcomeUnchanged
		return out, nil
	}
	o.Updates++
	c.touchOrder()
	c.changed.orderUpdate = update
	if update.Shown {
		o.Status, o.News, o.OccurredAt, o.UpdateID, o.UpdatedAt = r.Status, news, at, update.ID, c.Now
		o.Revision++
		o.NewsRevision = o.Revision
		if r.Ring != nil && *r.Ring || r.Ring == nil && (r.Status.Rings() || draft.handover != nil) {
			o.RingRevision = o.Revision
		}
		d.handOver(c, draft.handover, phone)
		if draft.handover != nil {
			out.VerificationID = o.VerificationID
		}
		out.Outcome, out.HeldUntil = d.tell(c, CauseNews)
	}
	c.note(EventOrderUpdated, nil, "order_status", string(r.Status), "update_id", string(update.ID), "delivery", string(out.Outcome))
	return out, nil
}

func (d *desk) newOrder(c *Case, number string, phone Phone) *Order {
	o := &Order{ID: NewID(PrefixOrder, c.Now), BusinessID: c.BusinessID, Mode: c.Mode, Number: number, CreatedAt: c.Now}
	o.Phone = d.sealPhone(orderPhonePlace(o), phone)
	c.Order, c.changed.newOrder = o, true
	return o
}

// handOver issues the code that an update asks for, and withdraws the one
// before: by a new one, or because there is nothing left to hand over.
func (d *desk) handOver(c *Case, draft *Verification, phone Phone) {
	if old := c.Verification; old != nil && !old.Status.Terminal() && (draft != nil || c.Order.Status.final()) {
		if c.over() {
			c.close(Expired, EndExpired)
		} else {
			c.close(Canceled, EndByBusiness)
		}
	}
	if draft == nil {
		return
	}
	if c.changed.verification {
		c.changed.former, c.changed.verification = c.Verification, false
	}
	v := *draft
	v.ID, v.Order, v.Status = NewID(PrefixVerification, c.Now), c.Order.ID, Pending
	v.MaxAttempts = d.rules.policy(KindHandover).MaxAttempts
	v.CreatedAt, v.ExpiresAt, v.Epoch, v.KeyID, v.Seed = c.Now, c.Now.Add(v.TTL), c.Epoch, d.vault.CodeKeyID(), newSeed()
	v.Phone = d.sealPhone(phonePlace(&v), phone)
	c.insertVerification(&v)
	c.Order.VerificationID = v.ID
	c.note(EventVerificationStarted, nil, "template", v.Template, "code_source", codeSource(&v))
}
