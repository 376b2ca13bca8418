package storagetest

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

// retention are the promises about what tells of a person and is past its time.
var retention = []promise{
	{name: "addresses of messages go soon after the end", test: addressesGo},
	{name: "verifications lose their person a month after the end, and go after a year", test: personsGo},
	{name: "a walk goes on where it stopped, across a restart", test: walkGoesOn},
	{name: "links lose their person a month after they are over", test: linksGo},
	{name: "events go after a month, but for the newest", test: eventsGo},
	{name: "a standing without a trace for a year is forgotten", test: oldStandingsGo},
	{name: "what is under way to a forgotten person arrives and is then erased", test: erasedWhenDone},
}

func purge(t testing.TB, db Engine) {
	t.Helper()
	_, err := db.Purge(t.Context())
	must(t, err)
}

// pass lets time pass in which what is due happens by itself.
func (s *shop) pass(d time.Duration) {
	ctx, cancel := context.WithCancel(s.t.Context())
	over := make(chan struct{})
	go func() {
		defer close(over)
		_ = s.core.Run(ctx)
	}()
	time.Sleep(d)
	synctest.Wait()
	cancel()
	<-over
}

// holds reports whether a verification still has a person.
func (s *shop) holds(by otpcore.Caller, id otpcore.ID) bool {
	s.t.Helper()
	v := s.caseOf(by, id).Verification
	return v.Phone.Sealed != nil || !v.Phone.Index.IsZero() || v.OrderID != "" || v.ClientIP != "" || v.Metadata != nil ||
		v.Params != nil || v.Context != nil || v.ReturnURL != ""
}

func (s *shop) linked(n byte, phone string) otpcore.Link {
	s.t.Helper()
	l := activeLink(n, &otpcore.Bot{ID: coretest.TelegramBot, BusinessID: shopA.ID})
	l.ID = otpcore.NewID(otpcore.PrefixLink, s.db.Now())
	l.Phone.Index, l.CreatedAt, l.VerifiedAt = s.phoneIndex(phone), s.db.Now(), s.db.Now()
	l.Chat.Sealed = s.vault.Seal(otpcore.Place{Table: "links", Column: "chat", Row: l.ID, Business: l.BusinessID}, []byte("100"))
	l.Phone.Sealed = s.vault.Seal(otpcore.Place{Table: "links", Column: "phone", Row: l.ID, Business: l.BusinessID}, []byte(phone))
	s.write(func(tx otpcore.Tx) error { return tx.SaveLink(&l) })
	return l
}

func addressesGo(t *testing.T, lab Lab) {
	s := openShop(t, lab, otpcore.Telegram)
	s.linked(1, phoneOf(1))
	id := s.start(phoneOf(1))
	s.pass(time.Hour)
	for _, step := range []struct {
		after time.Duration
		held  bool
	}{{0, true}, {3*day - time.Hour, true}, {time.Hour, false}} {
		time.Sleep(step.after)
		synctest.Wait()
		purge(t, s.db)
		for _, d := range s.caseOf(liveA, id).Deliveries {
			if held := d.Target != nil; held != step.held {
				t.Errorf("%s after the last look, the %s holds an address: %t", step.after, d.Kind, held)
			}
			if d.MessageID == "" {
				t.Errorf("a receipt may still come, and the %s has no id any more", d.Kind)
			}
		}
	}
	equal(t, "the phone is held", s.holds(liveA, id), true)
}

const day = 24 * time.Hour

func personsGo(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	var ids []otpcore.ID
	for _, r := range tellingStarts(1) {
		ids = append(ids, s.startBy(liveA, r))
	}
	s.pass(time.Hour)
	for _, step := range []struct {
		after time.Duration
		held  bool
	}{{30*day - time.Hour, true}, {time.Hour, false}, {300 * day, false}} {
		time.Sleep(step.after)
		synctest.Wait()
		purge(t, s.db)
		for _, id := range ids {
			equal(t, "the person is held", s.holds(liveA, id), step.held)
		}
	}
	id := ids[0]
	v := s.caseOf(liveA, id).Verification
	if v.Status != otpcore.Expired || v.Phone.Region != "KZ" || v.CreatedAt.IsZero() || len(v.Route) == 0 {
		t.Errorf("the statistics lost %+v", v)
	}
	list, err := s.db.VerificationsOf(t.Context(), otpcore.PhoneQuery{BusinessID: shopA.ID, Mode: otpcore.Live, Limit: 10})
	must(t, err)
	equal(t, "verifications of nobody", len(list), 0)
	view, err := s.core.Verifications.Get(t.Context(), liveA, id)
	must(t, err)
	equal(t, "the phone that is shown", view.Phone.E164(), "")
	equal(t, "a check", s.check(id, "123456").Reason, otpcore.ReasonExpired)
	sent := s.caseOf(liveA, id).Deliveries
	equal(t, "messages before a year is over", len(sent), 1)
	time.Sleep(65 * day)
	purge(t, s.db)
	_, err = s.db.CaseOf(t.Context(), shopA.ID, otpcore.Live, id)
	missing(t, "verification after a year", err)
	s.write(func(tx otpcore.Tx) error {
		for _, d := range sent {
			_, err := tx.FindDelivery(d.ID)
			missing(t, "message after a year", err)
		}
		return nil
	})
}

func walkGoesOn(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	const phones = 250
	var ids []otpcore.ID
	for n := range phones {
		id := s.start(phoneOf(n))
		_, err := s.core.Verifications.Cancel(t.Context(), liveA, id, nil)
		must(t, err)
		ids = append(ids, id)
	}
	time.Sleep(30*day + time.Hour)
	commits := 0
	lab.Break(func(statement string) error {
		if commits += count(statement == "COMMIT"); commits > 3 {
			return errors.New("the disk is full")
		}
		return nil
	})
	_, err := s.db.Purge(t.Context())
	wantKind(t, err, otpcore.KindUnavailable)
	lab.Break(nil)
	s.close()
	again := openShop(t, lab)
	purge(t, again.db)
	for _, id := range ids {
		if again.holds(liveA, id) {
			t.Fatalf("%s still has its phone", id)
		}
	}
	rows, err := again.db.Purge(t.Context())
	must(t, err)
	equal(t, "rows that are taken twice", rows, 0)
}

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}

func linksGo(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	revoked, renewed, requested := s.linked(1, phoneOf(1)), s.linked(2, phoneOf(2)), s.linked(3, phoneOf(3))
	revoked.Status, revoked.EndedAt, revoked.EndReason = otpcore.LinkRevoked, s.db.Now().Add(day), "stopped"
	requested.Status, requested.Chat, requested.ExpiresAt = otpcore.LinkPending, otpcore.Chat{}, s.db.Now().Add(time.Hour)
	requested.TokenHash = []byte{1, 2, 3}
	s.write(func(tx otpcore.Tx) error { return errors.Join(tx.SaveLink(&revoked), tx.SaveLink(&requested)) })
	for _, step := range []struct {
		after                       time.Duration
		revoked, renewed, requested bool
	}{
		{30 * day, true, true, true},
		{time.Hour, true, true, false},
		{day, false, true, false},
		{363 * day, false, true, false},
		{2 * day, false, false, false},
	} {
		time.Sleep(step.after)
		purge(t, s.db)
		purge(t, s.db) // the walk goes round
		for l, want := range map[*otpcore.Link]bool{&revoked: step.revoked, &renewed: step.renewed, &requested: step.requested} {
			got, err := s.db.Link(t.Context(), l.ID)
			held := err == nil && (!got.Phone.Index.IsZero() || got.Phone.Sealed != nil || got.Chat.Sealed != nil || got.TokenHash != nil)
			if held != want {
				t.Errorf("%s after the last look, a link that was %s holds a person: %t", step.after, l.Status, held)
			}
		}
	}
	_, err := s.db.Link(t.Context(), revoked.ID)
	missing(t, "a link that was revoked a year ago", err)
	got, err := s.db.Link(t.Context(), renewed.ID)
	must(t, err)
	equal(t, "a link that was of no use any more", []string{string(got.Status), got.EndReason}, []string{"revoked", "lapsed"})
}

func eventsGo(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	end := func(phone string) otpcore.ID {
		id := s.start(phone)
		_, err := s.core.Verifications.Cancel(t.Context(), liveA, id, nil)
		must(t, err)
		return id
	}
	list := func() []otpcore.SealedEvent {
		t.Helper()
		found, err := s.db.EventsAfter(t.Context(), otpcore.EventQuery{BusinessID: shopA.ID, Mode: otpcore.Live, Limit: 100})
		must(t, err)
		return found
	}
	id := end(phoneOf(1))
	synctest.Wait()
	before := list()
	time.Sleep(30*day + time.Hour)
	purge(t, s.db)
	left := list()
	if len(left) != 1 || left[0].ID != before[len(before)-1].ID || left[0].Phone != nil {
		t.Errorf("events %+v are left of %+v", left, before)
	}
	after := otpcore.EventQuery{BusinessID: shopA.ID, Mode: otpcore.Live, After: before[len(before)-1].ID, Limit: 100}
	found, err := s.db.EventsAfter(t.Context(), after)
	must(t, err)
	equal(t, "events behind the newest", len(found), 0)
	after.After = before[0].ID
	_, err = s.db.EventsAfter(t.Context(), after)
	missing(t, "an event of long ago", err)
	timeline, err := s.db.Timeline(t.Context(), id)
	must(t, err)
	if len(timeline) > 1 {
		t.Errorf("%d rows of the timeline are left", len(timeline))
	}

	// The numbers of events that went may be given out again.
	for n := range 3 {
		end(phoneOf(2 + n))
		synctest.Wait()
		time.Sleep(30*day + time.Hour)
		purge(t, s.db)
		if left := list(); len(left) > 2+n {
			t.Errorf("%d events are left: %+v", len(left), left)
		}
	}
	time.Sleep(366 * day)
	purge(t, s.db)
	equal(t, "events after a year", len(list()), 1)
}

func oldStandingsGo(t *testing.T, lab Lab) {
	db := open(t, lab)
	guessed := &otpcore.Standing{BusinessID: businessID(1), Phone: index(1), Consecutive: 3, Failures: []time.Time{db.Now()}}
	paused := &otpcore.Standing{BusinessID: businessID(1), Phone: index(2), Pauses: 1, PausedUntil: db.Now().Add(day)}
	write(t, db, func(tx otpcore.Tx) error { return errors.Join(tx.SaveStanding(guessed), tx.SaveStanding(paused)) })
	for _, step := range []struct {
		after           time.Duration
		guessed, paused bool
	}{{364 * day, true, true}, {day, false, true}, {day, false, false}} {
		time.Sleep(step.after)
		purge(t, db)
		for want, kept := range map[*otpcore.Standing]bool{guessed: step.guessed, paused: step.paused} {
			got, err := db.StandingOf(t.Context(), want.BusinessID, want.Phone)
			must(t, err)
			if is := got.Consecutive+got.Pauses > 0; is != kept {
				t.Errorf("%s after the last look, %+v is kept: %t", step.after, want, is)
			}
		}
	}
}

func erasedWhenDone(t *testing.T, lab Lab) {
	s := openShop(t, lab, otpcore.Telegram)
	s.linked(1, phoneOf(1))
	chat := s.carriers.Of(otpcore.Telegram)
	release := chat.Hold()
	id := s.start(phoneOf(1))
	synctest.Wait() // the message is in the sender's hands
	receipt, err := s.core.Phones.Forget(t.Context(), liveA, phoneOf(1), "", nil)
	must(t, err)
	equal(t, "verifications", receipt.Verifications, 1)
	release()
	chat.Await(1)
	s.pass(time.Minute)
	equal(t, "edits that take the code out of the chat", len(chat.Edits()), 1)
	equal(t, "the phone is held", s.holds(liveA, id), false)
	time.Sleep(21 * time.Minute)
	purge(t, s.db)
	for _, d := range s.caseOf(liveA, id).Deliveries {
		if d.Target != nil || d.MessageID != "" || d.LinkID != "" || !d.DueAt.IsZero() {
			t.Errorf("the %s still leads to the person: %+v", d.Kind, d)
		}
	}
}
