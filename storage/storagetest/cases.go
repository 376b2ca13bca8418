package storagetest

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/otpcore"
)

// cases are the promises about verifications and what hangs on them.
var cases = []promise{
	{name: "a start is stored whole and read back as it was", test: startsKept},
	{name: "a start sees the phone's starts of a day at all businesses", test: startsSeen},
	{name: "a case of another business or mode is not found", test: casesScoped},
	{name: "a narrow op sees the verification and its deliveries only", test: narrowCases},
	{name: "an error of the decision stores nothing", test: decideErrorStoresNothing},
	{name: "a panic of the decision fails that op alone", test: decidePanics},
	{name: "an ended verification keeps nothing that derives its code", test: seedsWiped},
	{name: "the timeline keeps the order of events", test: timelineOrdered},
	{name: "pending verifications of a phone are found, oldest first", test: pendingFound},
	{name: "a phone's verifications are listed in pages, newest first", test: verificationsPaged},
	{name: "a sent message is found by its provider's id", test: sentFound},
	{name: "a committed case reaches the domain, a lost one does not", test: committedTold},
	{name: "a reply is a case of its own", test: repliesKept},
}

func startsKept(t *testing.T, lab Lab) {
	s := openShop(t, lab, otpcore.SMS, otpcore.Telegram)
	release := s.carriers.Of(otpcore.SMS).Hold()
	defer release()
	var before otpcore.Case
	s.db.OnCommit(func(c *otpcore.Case) { before = *c })
	id := s.startBy(liveA, otpcore.StartRequest{
		Phone: phoneOf(1), Template: "order_confirm", OrderID: "o-1", ClientIP: "203.0.113.9", Locale: "ru",
		Params:   map[string]otpcore.Param{"order_number": {Text: "A-17"}, "total": {Money: &otpcore.Money{Amount: "10.00", Currency: "KZT"}}},
		Metadata: map[string]string{"cart": "42"}, ReturnURL: "https://shop.example.com/",
	})
	after := s.caseOf(liveA, id)
	if len(before.Verification.Context) == 0 {
		before.Verification.Context = nil // empty or absent is one thing
	}
	equal(t, "verification", *after.Verification, *before.Verification)
	equal(t, "deliveries", after.Deliveries, before.Deliveries)
	equal(t, "standing", *after.Standing, *before.Standing)
}

func startsSeen(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	var want []otpcore.Begun
	for i, by := range []otpcore.Caller{liveA, liveB, liveA} {
		if i > 0 {
			time.Sleep(9 * time.Hour) // which passes a midnight
		}
		id := s.startBy(by, otpcore.StartRequest{Phone: phoneOf(1)})
		s.startBy(testA, otpcore.StartRequest{Phone: phoneOf(1)}) // a trial, which counts for nobody
		s.startBy(by, otpcore.StartRequest{Phone: phoneOf(2)})
		if i == 0 {
			s.check(id, s.code(liveA, id))
		}
		want = append(want, s.caseOf(by, id).Verification.Begun())
	}
	if !want[0].Approved || want[1].Approved || want[2].Until.IsZero() {
		t.Fatalf("the starts are %+v", want)
	}
	look := errors.New("only looking")
	var seen []otpcore.Begun
	err := s.db.Do(t.Context(), otpcore.Op{
		BusinessID: shopA.ID, Mode: otpcore.Live, Phone: s.phoneIndex(phoneOf(1)),
		Decide: func(c *otpcore.Case) error { seen = c.Begun; return look },
	})
	if !errors.Is(err, look) {
		t.Fatal(err)
	}
	slices.SortFunc(seen, func(a, b otpcore.Begun) int { return a.At.Compare(b.At) })
	equal(t, "starts", seen, want)
}

func casesScoped(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	id := s.start(phoneOf(1))
	for _, by := range []otpcore.Caller{liveB, testA, testB} {
		_, err := s.db.CaseOf(t.Context(), by.Business.ID, by.Mode, id)
		missing(t, "foreign case", err)
		err = s.db.Do(t.Context(), otpcore.Op{
			Ref: otpcore.Ref{Verification: id}, BusinessID: by.Business.ID, Mode: by.Mode,
			Decide: func(*otpcore.Case) error { t.Error("a foreign case was decided"); return nil },
		})
		missing(t, "op on a foreign case", err)
	}
	decided := false
	must(t, s.db.Do(t.Context(), otpcore.Op{Ref: otpcore.Ref{Verification: id}, Decide: func(c *otpcore.Case) error {
		decided = c.BusinessID == shopA.ID && c.Mode == otpcore.Live
		return nil
	}}))
	equal(t, "the program itself sees the case in its scope", decided, true)
	unknown := otpcore.NewID(otpcore.PrefixVerification, time.Now())
	missing(t, "unknown case", s.db.Do(t.Context(), otpcore.Op{Ref: otpcore.Ref{Verification: unknown}, Decide: nil}))
}

func narrowCases(t *testing.T, lab Lab) {
	s := openShop(t, lab, otpcore.SMS)
	release := s.carriers.Of(otpcore.SMS).Hold() // nothing changes between the looks
	defer release()
	id := s.start(phoneOf(1))
	look := func(narrow bool) (seen otpcore.Case) {
		must(t, s.db.Do(t.Context(), otpcore.Op{
			Ref: otpcore.Ref{Verification: id}, Narrow: narrow,
			Decide: func(c *otpcore.Case) error { seen = *c; return nil },
		}))
		return seen
	}
	narrow, whole := look(true), look(false)
	equal(t, "verification", *narrow.Verification, *whole.Verification)
	equal(t, "deliveries", narrow.Deliveries, whole.Deliveries)
	if whole.Standing == nil || narrow.Standing != nil || narrow.Links != nil {
		t.Errorf("standing %v and links %v of a narrow case, standing %v of a whole one", narrow.Standing, narrow.Links, whole.Standing)
	}
}

// remembering is an op with one effect, its idempotency record.
func remembering(s *shop, id otpcore.ID, key string) otpcore.Op {
	op := otpcore.Op{
		Ref: otpcore.Ref{Verification: id}, BusinessID: shopA.ID, Mode: otpcore.Live,
		Once: &otpcore.Once{Route: "probe", Key: key, Keep: time.Hour},
	}
	op.Decide = func(c *otpcore.Case) error { return c.Remember([32]byte{}, key) }
	return op
}

// remembers reports whether the op under the key has been stored.
func (s *shop) remembers(key string) (stored bool) {
	s.t.Helper()
	s.write(func(tx otpcore.Tx) error {
		r, err := tx.Remembered(shopA.ID, otpcore.Live, otpcore.Once{Route: "probe", Key: key})
		stored = r != nil
		return err
	})
	return stored
}

func decideErrorStoresNothing(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	id := s.start(phoneOf(1))
	op := remembering(s, id, "k")
	refusal := errors.New("refused")
	remember := op.Decide
	op.Decide = func(c *otpcore.Case) error { return errors.Join(remember(c), refusal) }
	if err := s.db.Do(t.Context(), op); !errors.Is(err, refusal) {
		t.Fatalf("error %v, want the decision's own", err)
	}
	equal(t, "stored", s.remembers("k"), false)
	op.Decide = remember
	must(t, s.db.Do(t.Context(), op))
	equal(t, "stored", s.remembers("k"), true)
}

func decidePanics(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	a, b := s.start(phoneOf(1)), s.start(phoneOf(2))
	release := s.holdWriter()
	panicking := remembering(s, a, "a")
	panicking.Decide = func(*otpcore.Case) error { panic("surprise") }
	outcomes := s.submit(panicking, remembering(s, b, "b"))
	release()
	synctest.Wait()
	wantKind(t, outcomes()[0], otpcore.KindInternal)
	must(t, outcomes()[1])
	equal(t, "the other op is stored", s.remembers("b"), true)
}

func seedsWiped(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	ends := map[otpcore.Status]func(id otpcore.ID){
		otpcore.Approved: func(id otpcore.ID) { s.check(id, s.code(liveA, id)) },
		otpcore.Canceled: func(id otpcore.ID) {
			_, err := s.core.Verifications.Cancel(t.Context(), liveA, id, nil)
			must(t, err)
		},
		otpcore.Failed: func(id otpcore.ID) {
			guess := wrong(s.code(liveA, id))
			for range 5 {
				s.check(id, guess)
			}
		},
		otpcore.Expired: func(id otpcore.ID) {
			code := s.code(liveA, id)
			time.Sleep(10 * time.Minute)
			s.check(id, code)
		},
	}
	n := 0
	for want, end := range ends {
		for _, own := range []string{"", "482913"} {
			n++
			id := s.startBy(liveA, otpcore.StartRequest{Phone: phoneOf(n), Code: own})
			if v := s.caseOf(liveA, id).Verification; (v.Seed == nil) == (v.OwnCode == nil) {
				t.Fatalf("a pending verification has seed %d bytes, own code %d bytes", len(v.Seed), len(v.OwnCode))
			}
			end(id)
			v := s.caseOf(liveA, id).Verification
			equal(t, "status", v.Status, want)
			if v.Seed != nil || v.OwnCode != nil {
				t.Errorf("%s: seed %d bytes, own code %d bytes", want, len(v.Seed), len(v.OwnCode))
			}
		}
	}
}

func timelineOrdered(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	id := s.start(phoneOf(1))
	code := s.code(liveA, id)
	synctest.Wait()
	s.check(id, wrong(code))
	s.check(id, code)
	events, err := s.db.Timeline(t.Context(), id)
	must(t, err)
	var types []otpcore.EventType
	for _, e := range events {
		types = append(types, e.Type)
	}
	equal(t, "timeline", types, []otpcore.EventType{
		otpcore.EventVerificationStarted, otpcore.NoteDeliveryQueued, otpcore.EventDeliverySent, otpcore.NoteCheckFailed,
		otpcore.EventVerificationApproved,
	})
	equal(t, "data", events[3].Data["reason"], "invalid_code")
	none, err := s.db.Timeline(t.Context(), otpcore.NewID(otpcore.PrefixVerification, time.Now()))
	must(t, err)
	equal(t, "timeline of an unknown verification", len(none), 0)
}

func pendingFound(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	untilMidnight(t)
	first := s.start(phoneOf(1))
	time.Sleep(2 * time.Second) // the next one begins on another day
	second := s.start(phoneOf(1))
	ended := s.start(phoneOf(1))
	s.check(ended, s.code(liveA, ended))
	s.startBy(liveB, otpcore.StartRequest{Phone: phoneOf(1)})
	s.startBy(testA, otpcore.StartRequest{Phone: phoneOf(1)})
	s.start(phoneOf(2))
	s.write(func(tx otpcore.Tx) error {
		ids, err := tx.PendingOf(shopA.ID, s.phoneIndex(phoneOf(1)))
		equal(t, "pending", ids, []otpcore.ID{first, second})
		return err
	})
}

// untilMidnight sleeps until a second before the next day begins.
func untilMidnight(t testing.TB) {
	t.Helper()
	now := time.Now().UTC()
	time.Sleep(now.Truncate(24 * time.Hour).Add(24*time.Hour - time.Second).Sub(now))
}

func verificationsPaged(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	var ids []otpcore.ID
	for range 5 {
		ids = append(ids, s.start(phoneOf(1)))
		time.Sleep(20 * time.Hour)
	}
	s.startBy(testA, otpcore.StartRequest{Phone: phoneOf(1)})
	s.startBy(liveB, otpcore.StartRequest{Phone: phoneOf(1)})
	slices.Reverse(ids)
	q := otpcore.PhoneQuery{BusinessID: shopA.ID, Mode: otpcore.Live, Phone: s.phoneIndex(phoneOf(1)), Limit: 2}
	for _, want := range [][]otpcore.ID{ids[:2], ids[2:4], ids[4:], nil} {
		page, err := s.db.VerificationsOf(t.Context(), q)
		must(t, err)
		var got []otpcore.ID
		for _, v := range page {
			got = append(got, v.ID)
		}
		equal(t, "page", got, want)
		if len(got) > 0 {
			q.Before = got[len(got)-1]
		}
	}
	time.Sleep(31 * 24 * time.Hour)
	q.Before = ""
	old, err := s.db.VerificationsOf(t.Context(), q)
	must(t, err)
	equal(t, "verifications of a month ago", len(old), 0)
}

func sentFound(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	id := s.start(phoneOf(1))
	synctest.Wait()
	dlv := s.caseOf(liveA, id).Deliveries[0]
	equal(t, "status", dlv.Status, otpcore.Sent)
	time.Sleep(30 * time.Hour)
	s.write(func(tx otpcore.Tx) error {
		ref, found, err := tx.FindSent(dlv.Provider, dlv.MessageID)
		if err != nil {
			return err
		}
		equal(t, "case", ref, otpcore.Ref{Verification: id})
		equal(t, "delivery", found, dlv.ID)
		ref, err = tx.FindDelivery(dlv.ID)
		if err != nil {
			return err
		}
		equal(t, "case of the delivery", ref, otpcore.Ref{Verification: id})
		_, _, err = tx.FindSent("other", dlv.MessageID)
		missing(t, "another provider's message", err)
		_, _, err = tx.FindSent(dlv.Provider, "m999")
		missing(t, "unknown message", err)
		_, err = tx.FindDelivery(otpcore.NewID(otpcore.PrefixDelivery, time.Now()))
		missing(t, "unknown delivery", err)
		return nil
	})
}

func committedTold(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	var told []otpcore.ID
	s.db.OnCommit(func(c *otpcore.Case) {
		if len(c.Leased()) > 0 {
			told = append(told, c.Leased()[0].ID)
		}
	})
	a, b := s.start(phoneOf(1)), s.start(phoneOf(2))
	want := []otpcore.ID{s.caseOf(liveA, a).Deliveries[0].ID, s.caseOf(liveA, b).Deliveries[0].ID}
	lab.Break(failing("COMMIT"))
	_, err := s.core.Verifications.Start(t.Context(), liveA, otpcore.StartRequest{Phone: phoneOf(3)})
	wantKind(t, err, otpcore.KindUnavailable)
	lab.Break(nil)
	equal(t, "leased deliveries", told, want)
}

func repliesKept(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	var told []*otpcore.Case
	s.db.OnCommit(func(c *otpcore.Case) { told = append(told, c) })
	now := s.db.Now()
	d := otpcore.Delivery{
		ID: otpcore.NewID(otpcore.PrefixDelivery, now), BusinessID: shopA.ID, Mode: otpcore.Live, Kind: otpcore.DeliverReply,
		Channel: otpcore.Telegram, BotID: bot(1).ID, Target: []byte{0, 1}, Content: []byte{0, 2}, QueuedAt: now,
		Status: otpcore.Sending, Try: 1, BootID: s.boot, DueAt: now.Add(15 * time.Second),
	}
	s.write(func(tx otpcore.Tx) error { return tx.AddDelivery(&d) })
	if len(told) != 1 || told[0].Verification != nil || !slices.Equal(told[0].Deliveries, []*otpcore.Delivery{&d}) {
		t.Fatalf("told %+v, want the reply's case", told)
	}
	s.write(func(tx otpcore.Tx) error {
		ref, err := tx.FindDelivery(d.ID)
		if err != nil {
			return err
		}
		equal(t, "case", ref, otpcore.Ref{Delivery: d.ID})
		c, err := tx.Case(ref)
		if err != nil {
			return err
		}
		equal(t, "reply", c.Deliveries, []*otpcore.Delivery{&d})
		equal(t, "business", c.BusinessID, shopA.ID)
		return nil
	})
	missing(t, "reply in another scope", s.db.Do(t.Context(), otpcore.Op{
		Ref: otpcore.Ref{Delivery: d.ID}, BusinessID: shopB.ID, Mode: otpcore.Live, Decide: func(*otpcore.Case) error { return nil },
	}))
}
