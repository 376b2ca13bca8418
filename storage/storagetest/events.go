package storagetest

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"otpravka/otpcore"
)

// events are the promises about the list of a business's events.
var events = []promise{
	{name: "events are listed in the order of their commits, whatever their ids say", test: eventsInOrder},
	{name: "a business and a mode see their own events only, and no notes", test: eventsScoped},
	{name: "an event brings the sealed phone of its verification", test: eventsBringPhone},
	{name: "an event that belongs to no case is told of after its commit", test: eventsTold},
	{name: "whoever follows the list while others write misses nothing", test: eventsFollowed},
}

// event is an event without a verification; n is the end of its id.
func event(by otpcore.Caller, t otpcore.EventType, n byte) otpcore.Event {
	return otpcore.Event{
		ID: otpcore.FormatID(otpcore.PrefixEvent, [16]byte{14: 1, 15: n}), BusinessID: by.Business.ID, Mode: by.Mode,
		Type: t, At: at(int(n)), Data: map[string]string{"channel": "telegram"},
	}
}

func addEvents(t testing.TB, db Engine, all ...otpcore.Event) {
	t.Helper()
	write(t, db, func(tx otpcore.Tx) error {
		for _, e := range all {
			if err := tx.AddEvent(e); err != nil {
				return err
			}
		}
		return nil
	})
}

func query(by otpcore.Caller, after otpcore.ID, limit int) otpcore.EventQuery {
	return otpcore.EventQuery{BusinessID: by.Business.ID, Mode: by.Mode, After: after, Limit: limit}
}

func listEvents(t testing.TB, db Engine, q otpcore.EventQuery) (list []otpcore.Event) {
	t.Helper()
	found, err := db.EventsAfter(t.Context(), q)
	must(t, err)
	for _, e := range found {
		list = append(list, e.Event)
	}
	return list
}

func eventsInOrder(t *testing.T, lab Lab) {
	db := open(t, lab)
	last, err := db.LastEvent(t.Context(), shopA.ID, otpcore.Live)
	must(t, err)
	equal(t, "the last of none", last, otpcore.ID(""))
	equal(t, "none", len(listEvents(t, db, query(liveA, "", 10))), 0)

	one, two, three := event(liveA, otpcore.EventLinkCreated, 3), event(liveA, otpcore.EventLinkStale, 1), event(liveA, otpcore.EventLinkRevoked, 2)
	addEvents(t, db, one, two)
	addEvents(t, db, three)
	for _, c := range []struct {
		after otpcore.ID
		limit int
		want  []otpcore.Event
	}{
		{"", 10, []otpcore.Event{one, two, three}},
		{"", 2, []otpcore.Event{one, two}},
		{one.ID, 1, []otpcore.Event{two}},
		{two.ID, 10, []otpcore.Event{three}},
		{three.ID, 10, nil},
	} {
		equal(t, "events after "+string(c.after), listEvents(t, db, query(liveA, c.after, c.limit)), c.want)
	}
	last, err = db.LastEvent(t.Context(), shopA.ID, otpcore.Live)
	must(t, err)
	equal(t, "the last", last, three.ID)
}

func eventsScoped(t *testing.T, lab Lab) {
	db := open(t, lab)
	mine, note := event(liveA, otpcore.EventLinkCreated, 1), event(liveA, otpcore.NoteCheckFailed, 2)
	trial, foreign := event(testA, otpcore.EventVerificationStarted, 3), event(liveB, otpcore.EventLinkCreated, 4)
	addEvents(t, db, mine, note, trial, foreign)
	for _, c := range []struct {
		by   otpcore.Caller
		want []otpcore.Event
	}{
		{liveA, []otpcore.Event{mine}},
		{testA, []otpcore.Event{trial}},
		{liveB, []otpcore.Event{foreign}},
		{testB, nil},
	} {
		equal(t, "events", listEvents(t, db, query(c.by, "", 10)), c.want)
		last, err := db.LastEvent(t.Context(), c.by.Business.ID, c.by.Mode)
		must(t, err)
		if len(c.want) > 0 {
			equal(t, "the last", last, c.want[0].ID)
		}
	}
	for _, cursor := range []otpcore.ID{note.ID, trial.ID, foreign.ID, event(liveA, otpcore.EventLinkStale, 9).ID, "'"} {
		_, err := db.EventsAfter(t.Context(), query(liveA, cursor, 10))
		missing(t, "cursor "+string(cursor), err)
	}
}

func eventsBringPhone(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	phone := phoneOf(1)
	id := s.start(phone)
	addEvents(t, s.db, event(liveA, otpcore.EventBotStateChanged, 1))
	found, err := s.db.EventsAfter(t.Context(), query(liveA, "", 10))
	must(t, err)
	for _, e := range found {
		if e.VerificationID == "" {
			equal(t, "phone of an event without verification", e.Phone, []byte(nil))
			continue
		}
		equal(t, "verification", e.VerificationID, id)
		plain, err := s.vault.Open(otpcore.Place{Table: "verifications", Column: "phone", Row: id, Business: shopA.ID}, e.Phone)
		must(t, err)
		equal(t, "phone", string(plain), phone)
	}
	equal(t, "first", found[0].Type, otpcore.EventVerificationStarted)
}

func eventsTold(t *testing.T, lab Lab) {
	db := open(t, lab)
	type telling struct {
		business otpcore.ID
		mode     otpcore.Mode
		events   []otpcore.Event
	}
	var mu sync.Mutex
	var told []telling
	db.OnCommit(func(c *otpcore.Case) {
		// Whoever is told may look at once: what is told is there to be read.
		list, err := db.EventsAfter(t.Context(), query(liveA, "", 10))
		mu.Lock()
		defer mu.Unlock()
		if err != nil || len(list) == 0 {
			t.Errorf("told before the commit: %d events, %v", len(list), err)
		}
		told = append(told, telling{c.BusinessID, c.Mode, c.Changes().Events})
	})
	one := event(liveA, otpcore.EventLinkCreated, 1)
	addEvents(t, db, one)
	synctest.Wait()
	mu.Lock()
	defer mu.Unlock()
	equal(t, "told", told, []telling{{shopA.ID, otpcore.Live, []otpcore.Event{one}}})
}

func eventsFollowed(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	const writers, each = 8, 12
	done := make(chan struct{})
	go func() {
		defer close(done)
		together(writers, func(w int) {
			for n := range each {
				e := event(liveA, otpcore.EventLinkCreated, 0)
				e.ID = otpcore.NewID(otpcore.PrefixEvent, at(0))
				if err := s.db.Write(t.Context(), func(tx otpcore.Tx) error { return tx.AddEvent(e) }); err != nil {
					t.Errorf("writer %d, event %d: %v", w, n, err)
				}
			}
		})
	}()
	var seen []otpcore.ID
	after := otpcore.ID("")
	for over := false; ; {
		page := listEvents(t, s.db, query(liveA, after, 5))
		for _, e := range page {
			seen, after = append(seen, e.ID), e.ID
		}
		if len(page) > 0 {
			continue
		}
		if over {
			break
		}
		select {
		case <-done:
			over = true
		default:
		}
	}
	var all []otpcore.ID
	for _, e := range listEvents(t, s.db, query(liveA, "", 1000)) {
		all = append(all, e.ID)
	}
	equal(t, "number of events", len(all), writers*each)
	if !slices.Equal(seen, all) {
		t.Errorf("the follower saw %d events of %d", len(seen), len(all))
	}
}
