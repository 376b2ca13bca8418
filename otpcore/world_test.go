package otpcore_test

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

// tb is what testing.T and rapid.T have in common.
type tb interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// try is one delivery in a process's hands.
type try struct {
	id     otpcore.ID
	number int
}

// world is one phone at one business with one verification, kept in memory. Do
// runs a decision like a storage does, and holds its outcome to what is true of
// every verification at all times.
type world struct {
	t        tb
	now      time.Time
	mode     otpcore.Mode
	boot     otpcore.ID
	rules    otpcore.Rules
	vault    *coretest.Vault
	carriers *coretest.Carriers
	desk     *otpcore.Desk
	phone    otpcore.Phone

	v          *otpcore.Verification
	deliveries []*otpcore.Delivery
	links      []*otpcore.Link
	standing   *otpcore.Standing
	everywhere *otpcore.Standing
	begun      []otpcore.Begun // by the verifications before this one
	events     []otpcore.Event
	inHand     []try
	epoch      int64
}

var (
	started = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	shop    = otpcore.FormatID(otpcore.PrefixBusiness, [16]byte{0: 1, 15: 1})
)

func newWorld(t tb, on ...otpcore.Channel) *world {
	w := &world{
		t: t, now: started, mode: otpcore.Live, boot: otpcore.NewID(otpcore.PrefixBoot, started), rules: otpcore.DefaultRules(),
		vault: coretest.NewVault(), carriers: coretest.NewCarriers(on...), phone: otpcore.NewPhone("+77011234567", "KZ"), epoch: 1,
	}
	w.desk = otpcore.NewDesk(w.rules, w.vault, w.carriers)
	w.standing = &otpcore.Standing{BusinessID: shop, Phone: w.desk.PhoneIndex(w.phone)}
	w.everywhere = &otpcore.Standing{Phone: w.standing.Phone}
	return w
}

// draft is what a plain start over telegram and SMS asks for.
func draft(route ...otpcore.Channel) otpcore.Verification {
	if len(route) == 0 {
		route = []otpcore.Channel{otpcore.Telegram, otpcore.SMS}
	}
	return otpcore.Verification{
		BusinessID: shop, Mode: otpcore.Live, Kind: otpcore.KindCode, Template: "login", Locale: "ru", Route: route,
		WhenUnlinked: otpcore.SMSNow, FallbackOn: otpcore.Unconfirmed, LinkProof: otpcore.ProofContact,
		LinkNotBefore: started.Add(-90 * 24 * time.Hour), CodeLength: 6, TTL: 180 * time.Second, FallbackAfter: 45 * time.Second,
	}
}

// link ties the phone to a chat of the channel's bot.
func (w *world) link(ch otpcore.Channel) *otpcore.Link {
	bot := map[otpcore.Channel]otpcore.ID{otpcore.Telegram: coretest.TelegramBot, otpcore.WhatsApp: coretest.WhatsAppBot}[ch]
	l := &otpcore.Link{
		ID: otpcore.NewID(otpcore.PrefixLink, w.now), BusinessID: shop, BotID: bot, Channel: ch, Proof: otpcore.ProofContact,
		Status: otpcore.LinkActive, VerifiedAt: w.now.Add(-time.Hour), Chat: otpcore.Chat{Index: otpcore.Index{byte(len(w.links) + 1)}},
	}
	l.Chat.Sealed = w.vault.Seal(otpcore.LinkChatPlace(l), fmt.Appendf(nil, "chat-%d", len(w.links)+1))
	w.links = append(w.links, l)
	return l
}

func (w *world) load() *otpcore.Case {
	c := &otpcore.Case{Now: w.now, Epoch: w.epoch, Boot: w.boot, Mode: w.mode, BusinessID: shop}
	if w.v != nil {
		c.Verification = clone(w.v)
	}
	for _, d := range w.deliveries {
		c.Deliveries = append(c.Deliveries, clone(d))
	}
	for _, l := range w.links {
		c.Links = append(c.Links, clone(l))
	}
	c.Standing, c.Everywhere, c.Begun = clone(w.standing), clone(w.everywhere), w.begun
	return c
}

func clone[T any](v *T) *T {
	out := *v
	return &out
}

// do runs one decision and keeps what it changed, unless it answers an error.
func (w *world) do(decide func(*otpcore.Case) error) error {
	w.t.Helper()
	c := w.load()
	if err := decide(c); err != nil {
		return err
	}
	w.untouched(c)
	w.invariants(c)
	w.v, w.deliveries, w.links, w.standing = c.Verification, c.Deliveries, c.Links, c.Standing
	w.events = append(w.events, c.Changes().Events...)
	for _, d := range c.Leased() {
		w.inHand = append(w.inHand, try{d.ID, d.Try})
	}
	w.round()
	return nil
}

// round keeps times as a storage does, in whole milliseconds.
func (w *world) round() {
	for _, at := range []*time.Time{&w.v.ExpiresAt, &w.v.FallbackAt, &w.v.ResendAt, &w.v.LockedUntil} {
		*at = at.Truncate(time.Millisecond)
	}
}

// untouched finds changes that the decision forgot to announce: a storage
// would not write them.
func (w *world) untouched(c *otpcore.Case) {
	w.t.Helper()
	ch := c.Changes()
	if w.v != nil && ch.Verification == nil && !reflect.DeepEqual(w.v, c.Verification) {
		w.t.Errorf("verification changed unannounced: %+v, was %+v", *c.Verification, *w.v)
	}
	for i, old := range w.deliveries {
		if !slices.Contains(ch.Deliveries, c.Deliveries[i]) && !reflect.DeepEqual(old, c.Deliveries[i]) {
			w.t.Errorf("delivery changed unannounced: %+v, was %+v", *c.Deliveries[i], *old)
		}
	}
	for i, old := range w.links {
		if !slices.Contains(ch.Links, c.Links[i]) && !reflect.DeepEqual(old, c.Links[i]) {
			w.t.Errorf("link changed unannounced: %+v", *c.Links[i])
		}
	}
	if ch.Standing == nil && !reflect.DeepEqual(w.standing, c.Standing) {
		w.t.Errorf("standing changed unannounced: %+v", *c.Standing)
	}
}

func (w *world) start(v otpcore.Verification) error {
	w.t.Helper()
	return w.do(func(c *otpcore.Case) error { return w.desk.Start(c, v, w.phone, otpcore.Code{}) })
}

// mustStart begins a verification over the route.
func (w *world) mustStart(v otpcore.Verification) {
	w.t.Helper()
	if err := w.start(v); err != nil {
		w.t.Fatalf("start: %v", err)
	}
}

func (w *world) wake() {
	w.t.Helper()
	_ = w.do(func(c *otpcore.Case) error { w.desk.Wake(c); return nil })
}

// pass lets time go by; wakeAt jumps to a time since the start and wakes.
func (w *world) pass(d time.Duration) { w.now = w.now.Add(d) }

func (w *world) wakeAt(since time.Duration) {
	w.t.Helper()
	w.now = started.Add(since)
	w.wake()
}

// answer takes the oldest try of a code in hand and records what its provider
// said; answerEdit does so with the oldest edit.
func (w *world) answer(accepted otpcore.Accepted, err error) {
	w.t.Helper()
	w.answerKind(otpcore.DeliverCode, accepted, err)
}

func (w *world) answerEdit(err error) {
	w.t.Helper()
	w.answerKind(otpcore.DeliverEdit, otpcore.Accepted{}, err)
}

func (w *world) answerKind(kind otpcore.DeliveryKind, accepted otpcore.Accepted, err error) {
	w.t.Helper()
	i := slices.IndexFunc(w.inHand, func(t try) bool { return w.delivery(t.id).Kind == kind })
	if i < 0 {
		w.t.Fatalf("no %s is in hand", kind)
	}
	t := w.inHand[i]
	w.inHand = slices.Delete(w.inHand, i, i+1)
	_ = w.do(func(c *otpcore.Case) error { w.desk.Record(c, t.id, t.number, accepted, err); return nil })
}

func (w *world) delivery(id otpcore.ID) *otpcore.Delivery {
	return w.deliveries[slices.IndexFunc(w.deliveries, func(d *otpcore.Delivery) bool { return d.ID == id })]
}

func (w *world) accept(messageID string) {
	w.t.Helper()
	w.answer(otpcore.Accepted{Provider: "p", MessageID: messageID}, nil)
}

func (w *world) refuse(class otpcore.ErrorClass) {
	w.t.Helper()
	w.answer(otpcore.Accepted{}, &otpcore.SendError{Class: class, Provider: "p", Message: "No."})
}

func (w *world) receive(id otpcore.ID, r otpcore.Receipt) {
	w.t.Helper()
	_ = w.do(func(c *otpcore.Case) error { w.desk.Receive(c, id, r); return nil })
}

func (w *world) check(code string) otpcore.CheckResult {
	w.t.Helper()
	var r otpcore.CheckResult
	err := w.do(func(c *otpcore.Case) (err error) {
		r, err = w.desk.Check(c, otpcore.NewCode(code), nil)
		return err
	})
	if err != nil {
		w.t.Fatalf("check: %v", err)
	}
	return r
}

func (w *world) resend(ch otpcore.Channel) error {
	w.t.Helper()
	return w.do(func(c *otpcore.Case) error { return w.desk.Resend(c, ch) })
}

// right is the verification's code, wrong one that is not.
func (w *world) right() string {
	code, ok := w.desk.Code(w.v)
	if !ok {
		return "000000"
	}
	return code.Reveal()
}

func (w *world) wrong() string {
	code := []byte(w.right())
	code[0] = '0' + (code[0]-'0'+1)%10
	return string(code)
}
