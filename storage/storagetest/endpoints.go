package storagetest

import (
	"slices"
	"testing"
	"time"

	"otpravka/otpcore"
)

// endpoints are the promises about the addresses that get events, and about
// what was posted to them.
var endpoints = []promise{
	{name: "an endpoint is kept, replaced, listed and removed", test: endpointsKept},
	{name: "positions grow with the commits, and outlive the events", test: positionsGrow},
	{name: "a time has a position", test: timesHavePositions},
	{name: "the log of an endpoint is listed newest first", test: postingsListed},
	{name: "what is due is listed by its time", test: postingsDue},
	{name: "the log of what arrived goes after a week, the rest after a month", test: postingsGo},
}

func endpointID(n byte) otpcore.ID {
	return otpcore.FormatID(otpcore.PrefixEndpoint, [16]byte{6: 0x70, 8: 0x80, 15: n})
}

func endpoint(by otpcore.Caller, n byte) *otpcore.Endpoint {
	return &otpcore.Endpoint{
		ID: endpointID(n), BusinessID: by.Business.ID, Mode: by.Mode, URL: "https://shop.example/hooks", Description: "orders",
		Types: []otpcore.EventType{otpcore.EventLinkCreated}, Secret: []byte{1}, OldSecret: []byte{2}, OldUntil: at(3),
		Status: otpcore.EndpointActive, StatusAt: at(1), Position: 4, ReplayPosition: 2, ReplayUntil: 3, FailingSince: at(2), CreatedAt: at(0),
	}
}

func endpointsKept(t *testing.T, lab Lab) {
	db := open(t, lab)
	one, two, trial, foreign := endpoint(liveA, 1), endpoint(liveA, 2), endpoint(testA, 3), endpoint(liveB, 4)
	two.Types = nil
	write(t, db, func(tx otpcore.Tx) error {
		for _, e := range []*otpcore.Endpoint{two, trial, foreign, one} {
			if err := tx.SaveEndpoint(e); err != nil {
				return err
			}
		}
		list, err := tx.EndpointsOf(shopA.ID, otpcore.Live)
		equal(t, "endpoints inside the transaction", list, []*otpcore.Endpoint{one, two})
		return err
	})
	for _, c := range []struct {
		business otpcore.ID
		mode     otpcore.Mode
		want     []*otpcore.Endpoint
	}{
		{shopA.ID, otpcore.Live, []*otpcore.Endpoint{one, two}},
		{shopA.ID, otpcore.Test, []*otpcore.Endpoint{trial}},
		{shopB.ID, otpcore.Live, []*otpcore.Endpoint{foreign}},
		{shopB.ID, otpcore.Test, nil},
		{"", "", []*otpcore.Endpoint{one, two, trial, foreign}},
	} {
		list, err := db.Endpoints(t.Context(), c.business, c.mode)
		must(t, err)
		equal(t, "endpoints", list, c.want)
	}
	one.URL, one.Types, one.OldSecret, one.Status, one.Reason, one.Position = "https://other.example", nil, nil, otpcore.EndpointDisabled, otpcore.EndpointGone, 9
	write(t, db, func(tx otpcore.Tx) error { return tx.SaveEndpoint(one) })
	got, err := db.Endpoint(t.Context(), one.ID)
	must(t, err)
	equal(t, "replaced endpoint", got, one)
	write(t, db, func(tx otpcore.Tx) error { return tx.DeleteEndpoint(one.ID) })
	_, err = db.Endpoint(t.Context(), one.ID)
	missing(t, "removed endpoint", err)
	missing(t, "second removal", db.Write(t.Context(), func(tx otpcore.Tx) error { return tx.DeleteEndpoint(one.ID) }))
}

func behind(by otpcore.Caller, position int64) otpcore.EventsBehind {
	return otpcore.EventsBehind{BusinessID: by.Business.ID, Mode: by.Mode, Behind: position, Limit: 100}
}

func listBehind(t testing.TB, db Engine, q otpcore.EventsBehind) (ids []otpcore.ID, positions []int64) {
	t.Helper()
	found, err := db.EventsBehind(t.Context(), q)
	must(t, err)
	for _, e := range found {
		ids, positions = append(ids, e.ID), append(positions, e.Position)
	}
	return ids, positions
}

func lastPosition(t testing.TB, db Engine, by otpcore.Caller) (last int64) {
	t.Helper()
	write(t, db, func(tx otpcore.Tx) (err error) {
		last, err = tx.LastPosition(by.Business.ID, by.Mode)
		return err
	})
	return last
}

func positionsGrow(t *testing.T, lab Lab) {
	db := open(t, lab)
	equal(t, "position of nothing", lastPosition(t, db, liveA), int64(0))
	now := time.Now()
	fresh := func(by otpcore.Caller, kind otpcore.EventType, n byte) otpcore.Event {
		e := event(by, kind, n)
		e.At = now
		return e
	}
	one, note, foreign, two := fresh(liveA, otpcore.EventLinkStale, 9), fresh(liveA, otpcore.NoteCheckFailed, 2), fresh(liveB, otpcore.EventLinkCreated, 3), fresh(liveA, otpcore.EventLinkRevoked, 1)
	addEvents(t, db, one, note, foreign)
	addEvents(t, db, two)
	ids, positions := listBehind(t, db, behind(liveA, 0))
	equal(t, "events", ids, []otpcore.ID{one.ID, two.ID})
	if !slices.IsSorted(positions) || positions[0] < 1 || positions[0] == positions[1] {
		t.Errorf("positions are %v", positions)
	}
	equal(t, "last position", lastPosition(t, db, liveA), positions[1])
	ids, _ = listBehind(t, db, behind(liveA, positions[0]))
	equal(t, "behind the first", ids, []otpcore.ID{two.ID})
	bounded := behind(liveA, 0)
	bounded.Until = positions[0]
	ids, _ = listBehind(t, db, bounded)
	equal(t, "up to the first", ids, []otpcore.ID{one.ID})

	got, err := db.EventOf(t.Context(), shopA.ID, otpcore.Live, two.ID)
	must(t, err)
	equal(t, "position of an event", got.Position, positions[1])
	for _, id := range []otpcore.ID{note.ID, foreign.ID} {
		_, err := db.EventOf(t.Context(), shopA.ID, otpcore.Live, id)
		missing(t, "event "+string(id), err)
	}
	_, err = db.EventOf(t.Context(), shopA.ID, otpcore.Test, two.ID)
	missing(t, "the event in another mode", err)

	// A position that no kept event has is a place all the same, and what comes
	// after it never takes an older one.
	for n := range byte(3) {
		time.Sleep(30*day + time.Hour)
		purge(t, db)
		e := event(liveA, otpcore.EventLinkCreated, 20+n)
		e.At = time.Now()
		addEvents(t, db, e)
		ids, later := listBehind(t, db, behind(liveA, positions[1]))
		if len(ids) == 0 || ids[len(ids)-1] != e.ID {
			t.Errorf("behind %d are %v at %v, and not %s", positions[1], ids, later, e.ID)
		}
		positions[1] = later[len(later)-1]
	}
}

func timesHavePositions(t *testing.T, lab Lab) {
	db := open(t, lab)
	var all []otpcore.Event
	for n := range byte(21) {
		all = append(all, event(liveA, otpcore.EventLinkCreated, n+1))
	}
	for i, e := range all { // other businesses' events lie between
		addEvents(t, db, e, event(liveB, otpcore.EventLinkCreated, 100+byte(i)))
	}
	for _, c := range []struct {
		at   time.Time
		want int // index of the first event behind
	}{
		{at(0), 0}, {at(1), 0}, {at(1).Add(time.Millisecond), 1}, {at(2), 1}, {at(11), 10}, {at(21), 20}, {at(22), 21},
	} {
		position, err := db.PositionAt(t.Context(), shopA.ID, otpcore.Live, c.at)
		must(t, err)
		ids, _ := listBehind(t, db, behind(liveA, position))
		want := all[c.want:]
		if len(ids) != len(want) || len(want) > 0 && ids[0] != want[0].ID {
			t.Errorf("behind %s are %d events, want %d", c.at, len(ids), len(want))
		}
	}
	position, err := db.PositionAt(t.Context(), shopB.ID, otpcore.Test, at(5))
	must(t, err)
	equal(t, "position where nothing happened", position, int64(0))
}

func posting(n byte, of otpcore.ID, due time.Time) *otpcore.Posting {
	return &otpcore.Posting{
		ID: otpcore.FormatID(otpcore.PrefixPosting, [16]byte{6: 0x70, 8: 0x80, 15: n}), EndpointID: of, BusinessID: shopA.ID,
		EventID: event(liveA, "", n).ID, EventType: otpcore.EventLinkCreated, Cause: otpcore.PostedEvent, Status: otpcore.PostingWaiting,
		DueAt: due, CreatedAt: at(0),
	}
}

func savePostings(t testing.TB, db Engine, all ...*otpcore.Posting) {
	t.Helper()
	write(t, db, func(tx otpcore.Tx) error {
		for _, p := range all {
			if err := tx.SavePosting(p); err != nil {
				return err
			}
		}
		return nil
	})
}

func postingsListed(t *testing.T, lab Lab) {
	db := open(t, lab)
	one, two, three, other := posting(1, endpointID(1), at(1)), posting(2, endpointID(1), at(2)), posting(3, endpointID(1), at(3)), posting(4, endpointID(2), at(4))
	savePostings(t, db, three, one, other, two)
	two.Status, two.Tries, two.DueAt, two.HTTPStatus, two.Took, two.TriedAt = otpcore.PostingDelivered, 1, time.Time{}, 204, 31*time.Millisecond, at(5)
	savePostings(t, db, two)
	for _, c := range []struct {
		q    otpcore.PostingQuery
		want []*otpcore.Posting
	}{
		{otpcore.PostingQuery{Limit: 10}, []*otpcore.Posting{three, two, one}},
		{otpcore.PostingQuery{Limit: 2}, []*otpcore.Posting{three, two}},
		{otpcore.PostingQuery{Before: two.ID, Limit: 10}, []*otpcore.Posting{one}},
		{otpcore.PostingQuery{Status: otpcore.PostingWaiting, Limit: 10}, []*otpcore.Posting{three, one}},
		{otpcore.PostingQuery{Before: one.ID, Limit: 10}, nil},
	} {
		c.q.EndpointID = endpointID(1)
		list, err := db.PostingsOf(t.Context(), c.q)
		must(t, err)
		equal(t, "log", list, c.want)
	}
}

func postingsDue(t *testing.T, lab Lab) {
	db := open(t, lab)
	late, soon, done, other := posting(1, endpointID(1), at(9)), posting(2, endpointID(1), at(1)), posting(3, endpointID(1), time.Time{}), posting(4, endpointID(2), at(1))
	savePostings(t, db, late, soon, done, other)
	list, err := db.DuePostings(t.Context(), endpointID(1), 10)
	must(t, err)
	equal(t, "due", list, []*otpcore.Posting{soon, late})
	list, err = db.DuePostings(t.Context(), endpointID(1), 1)
	must(t, err)
	equal(t, "due first", list, []*otpcore.Posting{soon})
}

func postingsGo(t *testing.T, lab Lab) {
	db := open(t, lab)
	make := func(status otpcore.PostingStatus) otpcore.ID {
		p := posting(0, endpointID(1), time.Time{})
		p.ID, p.Status, p.CreatedAt = otpcore.NewID(otpcore.PrefixPosting, time.Now()), status, time.Now()
		savePostings(t, db, p)
		return p.ID
	}
	taken, failed := make(otpcore.PostingDelivered), make(otpcore.PostingFailed)
	for _, step := range []struct {
		after time.Duration
		left  []otpcore.ID
	}{
		{7*day - time.Hour, []otpcore.ID{failed, taken}}, {2 * time.Hour, []otpcore.ID{failed}}, {22 * day, []otpcore.ID{failed}}, {2 * day, nil},
	} {
		time.Sleep(step.after)
		purge(t, db)
		list, err := db.PostingsOf(t.Context(), otpcore.PostingQuery{EndpointID: endpointID(1), Limit: 10})
		must(t, err)
		var ids []otpcore.ID
		for _, p := range list {
			ids = append(ids, p.ID)
		}
		equal(t, "log after "+step.after.String(), ids, step.left)
	}
}
