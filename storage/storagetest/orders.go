package storagetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

// orders are the promises around orders and their codes.
var orders = []promise{
	{name: "an order is one row per business, mode and number", test: orderRows},
	{name: "a list shows the orders of its caller, each once", test: orderList},
	{name: "updates at once apply one after the other", test: ordersAtOnce},
	{name: "updates and checks at once lose neither", test: ordersAndChecks},
	{name: "a crash after the end of a code leaves nothing readable", test: orderWordKept},
	{name: "a failed write stores nothing of an update", test: orderWriteFails},
	{name: "a forgotten person is in no order", test: orderForgotten},
	{name: "orders lose their person after a month", test: orderRetention},
}

func orderShop(t *testing.T, lab Lab) *shop {
	s := openShop(t, lab, otpcore.Telegram, otpcore.SMS)
	return s
}

// linkPhone ties the phone to a chat at shop A.
func (s *shop) linkPhone(n byte, phone string) {
	s.t.Helper()
	l := activeLink(n, &otpcore.Bot{ID: coretest.TelegramBot, BusinessID: shopA.ID})
	l.Phone = otpcore.SealedPhone{Index: s.phoneIndex(phone), Sealed: []byte{1}, Region: "KZ"}
	l.VerifiedAt = s.db.Now()
	l.Chat.Sealed = s.vault.Seal(otpcore.Place{Table: "links", Column: "chat", Row: l.ID, Business: shopA.ID}, fmt.Appendf(nil, "chat-%d", n))
	s.write(func(tx otpcore.Tx) error { return tx.SaveLink(&l) })
}

func (s *shop) update(by otpcore.Caller, r otpcore.OrderRequest) *otpcore.OrderUpdated {
	s.t.Helper()
	out, err := s.core.Orders.Update(s.t.Context(), by, r)
	if err != nil {
		s.t.Fatalf("update of %s: %v", r.Number, err)
	}
	return out
}

func (s *shop) orderOf(by otpcore.Caller, number string) *otpcore.OrderView {
	s.t.Helper()
	v, err := s.core.Orders.Get(s.t.Context(), by, number)
	if err != nil {
		s.t.Fatalf("order %s: %v", number, err)
	}
	return v
}

func orderRows(t *testing.T, lab Lab) {
	s := orderShop(t, lab)
	for _, by := range []otpcore.Caller{liveA, testA, liveB} {
		for _, status := range []otpcore.OrderStatus{otpcore.OrderPlaced, otpcore.OrderPaid} {
			s.update(by, otpcore.OrderRequest{Number: "№ 1/2", Status: status, Phone: phoneOf(1)})
		}
		v := s.orderOf(by, "№ 1/2")
		equal(t, "status", v.Order.Status, otpcore.OrderPaid)
		equal(t, "history", len(v.History), 2)
		alone, err := s.db.Order(t.Context(), by.Business.ID, by.Mode, "№ 1/2")
		must(t, err)
		equal(t, "order by its number", alone.ID, v.Order.ID)
	}
	_, err := s.db.Order(t.Context(), shopB.ID, otpcore.Test, "№ 1/2")
	missing(t, "order of nobody by its number", err)
	_, err = s.core.Orders.Get(t.Context(), testB, "№ 1/2")
	missing(t, "order of nobody", err)
}

// orderList walks the orders page by page, with neighbours that are no business
// of the caller.
func orderList(t *testing.T, lab Lab) {
	s := orderShop(t, lab)
	want := make(map[string]bool)
	for n := range 7 {
		number := fmt.Sprintf("№ %d/a", n)
		want[number] = true
		for _, by := range []otpcore.Caller{liveA, testA, liveB} {
			s.update(by, otpcore.OrderRequest{Number: number, Status: otpcore.OrderPlaced, Phone: phoneOf(1)})
		}
	}
	after := ""
	for range 3 {
		page, err := s.core.Orders.List(t.Context(), liveA, after, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page {
			equal(t, "business", o.BusinessID, shopA.ID)
			equal(t, "mode", o.Mode, otpcore.Live)
			equal(t, "phone", o.Phone.E164(), phoneOf(1))
			equal(t, "listed for the first time", want[o.Number], true)
			delete(want, o.Number)
			after = o.Number
		}
	}
	equal(t, "orders left out", len(want), 0)
	page, err := s.core.Orders.List(t.Context(), testB, "", 3)
	equal(t, "error", err, nil)
	equal(t, "orders of nobody", len(page), 0)
}

// ordersAtOnce counts: two updates that were applied to the same state would
// make a revision twice.
func ordersAtOnce(t *testing.T, lab Lab) {
	s := orderShop(t, lab)
	s.linkPhone(1, phoneOf(1))
	const many = 40
	var all sync.WaitGroup
	errs := make([]error, many)
	for i := range many {
		all.Go(func() {
			_, errs[i] = s.core.Orders.Update(t.Context(), liveA, otpcore.OrderRequest{
				Number: "A-1", Status: "step", Title: "Step " + string(rune('a'+i%26)) + string(rune('a'+i/26)), Phone: phoneOf(1),
				OccurredAt: s.db.Now().Add(-time.Second).Add(time.Duration(i) * time.Millisecond),
			})
		})
	}
	all.Wait()
	must(t, errors.Join(errs...))
	ctx, stop := context.WithCancel(t.Context())
	go func() { _ = s.core.Run(ctx) }()
	time.Sleep(time.Minute) // the chat's pace
	synctest.Wait()
	stop()
	synctest.Wait()
	v := s.orderOf(liveA, "A-1")
	equal(t, "updates", v.Order.Updates, many)
	equal(t, "history", len(v.History), many)
	equal(t, "outcome", v.Outcome, otpcore.OutcomeSent)
	equal(t, "title", v.Order.News.Title, "Step nb")
	sent := s.carriers.Of(otpcore.Telegram)
	equal(t, "messages", len(sent.Sent()), 1)
	edits := sent.Edits()
	if len(edits) > 0 && !strings.Contains(edits[len(edits)-1].Outgoing.Message.Text, "Step nb") {
		t.Errorf("the last edit says %q", edits[len(edits)-1].Outgoing.Message.Text)
	}
}

func ordersAndChecks(t *testing.T, lab Lab) {
	s := orderShop(t, lab)
	s.linkPhone(1, phoneOf(1))
	out := s.update(liveA, otpcore.OrderRequest{Number: "A-1", Status: otpcore.OrderShipped, Phone: phoneOf(1), Handover: &otpcore.HandoverRequest{}})
	code := coretest.CodeIn(s.carriers.Of(otpcore.Telegram).Await(1)[0])
	var all sync.WaitGroup
	errs := make([]error, 8)
	for i := range 4 {
		all.Go(func() {
			_, errs[i] = s.core.Verifications.Check(t.Context(), liveA, out.VerificationID, wrong(code), nil, nil)
		})
		all.Go(func() {
			_, errs[4+i] = s.core.Orders.Update(t.Context(), liveA, otpcore.OrderRequest{Number: "A-1", Status: "step", Title: "Step " + string(rune('a'+i)), Phone: phoneOf(1)})
		})
	}
	all.Wait()
	must(t, errors.Join(errs...))
	synctest.Wait()
	c := s.caseOf(liveA, out.VerificationID)
	equal(t, "attempts", c.Verification.Attempts, 4)
	equal(t, "status", c.Verification.Status, otpcore.Pending)
	equal(t, "updates", s.orderOf(liveA, "A-1").Order.Updates, 5)
	equal(t, "the right code", s.check(out.VerificationID, code).Valid, true)
	ctx, stop := context.WithCancel(t.Context())
	go func() { _ = s.core.Run(ctx) }()
	time.Sleep(10 * time.Second) // the chat's pace
	synctest.Wait()
	stop()
	synctest.Wait()
	edits := s.carriers.Of(otpcore.Telegram).Edits()
	if len(edits) == 0 || coretest.CodeIn(edits[len(edits)-1].Outgoing) != "" {
		t.Errorf("the used code is readable after %d edits", len(edits))
	}
}

// orderWordKept ends a code and loses the process: the row that says so is
// there for the next one.
func orderWordKept(t *testing.T, lab Lab) {
	s := orderShop(t, lab)
	s.linkPhone(1, phoneOf(1))
	out := s.update(liveA, otpcore.OrderRequest{Number: "A-1", Status: otpcore.OrderShipped, Phone: phoneOf(1), Handover: &otpcore.HandoverRequest{}})
	code := coretest.CodeIn(s.carriers.Of(otpcore.Telegram).Await(1)[0])
	synctest.Wait()
	equal(t, "check", s.check(out.VerificationID, code).Valid, true)
	refs, _, err := s.db.Due(t.Context(), s.db.Now(), 10)
	must(t, err)
	equal(t, "due", len(refs), 1)
	equal(t, "due order", refs[0].Order, s.orderOf(liveA, "A-1").Order.ID)
}

// orderWriteFails lets each write of an update fail once.
func orderWriteFails(t *testing.T, lab Lab) {
	s := orderShop(t, lab)
	for n := 1; ; n++ {
		number, done := fmt.Sprint("A-", n), 0
		var mu sync.Mutex
		lab.Break(func(statement string) error {
			mu.Lock()
			defer mu.Unlock()
			if strings.HasPrefix(strings.TrimSpace(statement), "SELECT") {
				return nil
			}
			if done++; done == n {
				return errors.New("disk I/O error")
			}
			return nil
		})
		r := otpcore.OrderRequest{Number: number, Status: otpcore.OrderShipped, Phone: phoneOf(n), Handover: &otpcore.HandoverRequest{}, Idempotency: &otpcore.IdempotencyKey{Key: number}}
		_, err := s.core.Orders.Update(t.Context(), liveA, r)
		lab.Break(nil)
		if err != nil {
			wantKind(t, err, otpcore.KindUnavailable)
			_, err = s.core.Orders.Get(t.Context(), liveA, number)
			missing(t, "order of a failed write", err)
			s.update(liveA, r)
		}
		equal(t, "updates", s.orderOf(liveA, number).Order.Updates, 1)
		if done < n {
			if n < 4 {
				t.Fatalf("an update has %d writes: too few to be one", n-1)
			}
			return
		}
	}
}

func orderForgotten(t *testing.T, lab Lab) {
	s := orderShop(t, lab)
	s.linkPhone(1, phoneOf(1))
	for n := range 25 {
		s.update(liveA, otpcore.OrderRequest{
			Number: fmt.Sprint("A-", n), Status: otpcore.OrderShipped, Phone: phoneOf(1), Items: []otpcore.OrderItem{{Name: "Tea"}},
			Handover: &otpcore.HandoverRequest{},
		})
	}
	s.update(liveA, otpcore.OrderRequest{Number: "B-1", Status: otpcore.OrderShipped, Phone: phoneOf(2)})
	login := s.start(phoneOf(1)) // which 25 hand-over codes neither limit nor hide
	s.write(func(tx otpcore.Tx) error {
		ids, err := tx.PendingOf(shopA.ID, s.phoneIndex(phoneOf(1)))
		equal(t, "pending codes", ids, []otpcore.ID{login})
		return err
	})
	synctest.Wait()
	receipt, err := s.core.Phones.Forget(t.Context(), liveA, phoneOf(1), "", nil)
	must(t, err)
	equal(t, "orders", receipt.Orders, 25)
	v := s.orderOf(liveA, "A-7")
	equal(t, "phone", v.Phone.E164(), "")
	equal(t, "items", len(v.Order.News.Items), 0)
	equal(t, "code", v.Verification.Status, otpcore.Canceled)
	for _, d := range v.Deliveries {
		if d.DueAt.IsZero() && (d.Target != nil || d.MessageID != "" || d.LinkID != "") {
			t.Errorf("a message tells of the person: %+v", d)
		}
	}
	equal(t, "somebody else's phone", s.orderOf(liveA, "B-1").Phone.E164(), phoneOf(2))
	// The person may order again.
	equal(t, "outcome", s.update(liveA, otpcore.OrderRequest{Number: "A-7", Status: otpcore.OrderDelivered, Phone: phoneOf(1)}).Outcome, otpcore.OutcomeNoLink)
	equal(t, "phone", s.orderOf(liveA, "A-7").Phone.E164(), phoneOf(1))
}

func orderRetention(t *testing.T, lab Lab) {
	s := orderShop(t, lab)
	s.update(liveA, otpcore.OrderRequest{Number: "old", Status: "at_customs", Title: "At the customs", Phone: phoneOf(1)})
	time.Sleep(29 * 24 * time.Hour)
	s.update(liveA, otpcore.OrderRequest{Number: "young", Status: otpcore.OrderPaid, Phone: phoneOf(2)})
	purge := func() {
		_, err := s.db.Purge(t.Context())
		must(t, err)
	}
	purge()
	equal(t, "phone before its time", s.orderOf(liveA, "old").Phone.E164(), phoneOf(1))
	time.Sleep(25 * time.Hour)
	purge()
	purge()
	v := s.orderOf(liveA, "old")
	equal(t, "phone", v.Phone.E164(), "")
	equal(t, "title", v.Order.News.Title+v.History[0].Title, "")
	equal(t, "phone of the young one", s.orderOf(liveA, "young").Phone.E164(), phoneOf(2))
	time.Sleep(336 * 24 * time.Hour)
	purge()
	purge()
	_, err := s.core.Orders.Get(t.Context(), liveA, "old")
	missing(t, "order after a year", err)
	updates, err := s.db.OrderUpdates(t.Context(), v.Order.ID)
	must(t, err)
	equal(t, "its history", len(updates), 0)
}
