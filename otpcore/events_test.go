package otpcore_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

func (h *house) listEvents(by otpcore.Caller, r otpcore.EventsRequest) *otpcore.EventPage {
	h.t.Helper()
	if r.Limit == 0 {
		r.Limit = 100
	}
	page, err := h.Events.List(h.t.Context(), by, r)
	if err != nil {
		h.t.Fatalf("list of events: %v", err)
	}
	return page
}

func typesOf(page *otpcore.EventPage) (types []otpcore.EventType) {
	for _, e := range page.Events {
		types = append(types, e.Type)
	}
	return types
}

// addEvents stores events that belong to no verification.
func (h *house) addEvents(by otpcore.Caller, types ...otpcore.EventType) (ids []otpcore.ID) {
	h.t.Helper()
	h.write(func(tx otpcore.Tx) error {
		ids = nil
		for _, t := range types {
			e := otpcore.Event{ID: otpcore.NewID(otpcore.PrefixEvent, tx.Now()), BusinessID: by.Business.ID, Mode: by.Mode, Type: t, At: tx.Now()}
			ids = append(ids, e.ID)
			if err := tx.AddEvent(e); err != nil {
				return err
			}
		}
		return nil
	})
	return ids
}

func TestEventsOfALifeAreListedInOrder(t *testing.T) {
	inHouse(t, func(h *house) {
		h.linkUser("1")
		s := h.begin()
		synctest.Wait()
		code := coretest.CodeIn(h.carriers.Of(tg).Await(1)[0])
		h.check(s.Verification.ID, code)
		synctest.Wait()
		all := h.listEvents(h.by, otpcore.EventsRequest{})
		want := []otpcore.EventType{otpcore.EventLinkCreated, otpcore.EventVerificationStarted, otpcore.EventDeliverySent, otpcore.EventVerificationApproved}
		if got := typesOf(all); !slices.Equal(got, want) {
			t.Errorf("events are %v, want %v", got, want)
		}
		for _, e := range all.Events {
			if e.Phone.E164() != user {
				t.Errorf("%s names the phone %s", e.Type, e.Phone)
			}
		}
		// Page by page it is the same list, and the last place begins nothing.
		var paged []otpcore.ToldEvent
		place, more := otpcore.FromBeginning, true
		for more {
			page := h.listEvents(h.by, otpcore.EventsRequest{After: place, Limit: 1})
			paged, place, more = append(paged, page.Events...), page.Next, page.More
		}
		if len(paged) != len(all.Events) || place != all.Next {
			t.Errorf("%d events page by page up to %s, %d at once up to %s", len(paged), place, len(all.Events), all.Next)
		}
		if rest := h.listEvents(h.by, otpcore.EventsRequest{After: place}); len(rest.Events) != 0 || rest.More || rest.Next != place {
			t.Errorf("behind the last event: %+v", rest)
		}
	})
}

func TestEventPlaces(t *testing.T) {
	inHouse(t, func(h *house) {
		for _, after := range []string{"", otpcore.FromBeginning, otpcore.FromLatest} {
			page := h.listEvents(h.by, otpcore.EventsRequest{After: after})
			if page.Next != otpcore.FromBeginning || len(page.Events) != 0 || page.More {
				t.Errorf("after %q, while there is nothing: %+v", after, page)
			}
		}
		trial := otpcore.Caller{Business: h.by.Business, Mode: otpcore.Test}
		mine := h.addEvents(h.by, otpcore.EventLinkCreated)[0]
		foreign := h.addEvents(trial, otpcore.EventVerificationStarted)[0]
		if page := h.listEvents(h.by, otpcore.EventsRequest{After: otpcore.FromLatest}); page.Next != string(mine) || len(page.Events) != 0 {
			t.Errorf("after the latest: %+v", page)
		}
		for _, after := range []string{string(foreign), string(otpcore.NewID(otpcore.PrefixEvent, time.Now())), "evt_", "newest", string(h.by.Business.ID)} {
			_, err := h.Events.List(h.t.Context(), h.by, otpcore.EventsRequest{After: after, Limit: 1})
			if otpcore.CodeOf(err) != "bad_cursor" || otpcore.KindOf(err) != otpcore.KindInvalid {
				t.Errorf("after %q: %v", after, err)
			}
		}
	})
}

func TestUnwantedTypesArePassedOver(t *testing.T) {
	inHouse(t, func(h *house) {
		types := slices.Repeat([]otpcore.EventType{otpcore.EventLinkStale}, 24)
		ids := h.addEvents(h.by, append(types, otpcore.EventLinkRevoked, otpcore.EventLinkStale)...)
		r := otpcore.EventsRequest{Types: []otpcore.EventType{otpcore.EventLinkRevoked}, Limit: 2}
		page := h.listEvents(h.by, r)
		if len(page.Events) != 0 || !page.More || page.Next != string(ids[19]) {
			t.Errorf("a request looked at too much: %+v", page)
		}
		r.After, r.Wait = page.Next, time.Hour // there is more, so nothing waits
		page = h.listEvents(h.by, r)
		if len(page.Events) != 1 || page.Events[0].ID != ids[24] || page.Next != string(ids[25]) || page.More {
			t.Errorf("the wanted event: %+v", page)
		}
	})
}

// counted counts the looks at the list of events.
type counted struct {
	otpcore.Reader
	looks int
}

func (c *counted) EventsAfter(ctx context.Context, q otpcore.EventQuery) ([]otpcore.SealedEvent, error) {
	c.looks++
	return c.Reader.EventsAfter(ctx, q)
}

// A listener costs nothing until something of its own business and mode
// happens, and hears of that in the same moment.
func TestListenerWakesWithItsEvent(t *testing.T) {
	inHouse(t, func(h *house) {
		other := h.business("Taxi", otpcore.NewID(otpcore.PrefixBot, time.Now()))
		trial := otpcore.Caller{Business: h.by.Business, Mode: otpcore.Test}
		reader := &counted{Reader: h.db}
		core := otpcore.New(otpcore.Config{Reader: reader, Ledger: h.db, Vault: h.vault, Carriers: h.carriers, Rules: otpcore.DefaultRules()})
		h.db.OnCommit(func(c *otpcore.Case) { h.Committed(c); core.Committed(c) })
		defer core.Dispatcher.Close(h.t.Context())
		begin := time.Now()
		heard := make(chan *otpcore.EventPage, 1)
		go func() {
			page, err := core.Events.List(h.t.Context(), h.by, otpcore.EventsRequest{After: otpcore.FromLatest, Limit: 10, Wait: 30 * time.Second})
			if err != nil {
				t.Error(err)
			}
			heard <- page
		}()
		for _, happen := range []func(){
			func() { h.addEvents(other, otpcore.EventLinkCreated) },
			func() { h.addEvents(trial, otpcore.EventVerificationStarted) },
			func() { h.addEvents(h.by, otpcore.NoteCheckFailed) },
		} {
			time.Sleep(5 * time.Second)
			happen()
			synctest.Wait()
		}
		if reader.looks != 1 {
			t.Errorf("%d looks before anything happened", reader.looks)
		}
		time.Sleep(5 * time.Second)
		want := h.addEvents(h.by, otpcore.EventLinkCreated)[0]
		page := <-heard
		if len(page.Events) != 1 || page.Events[0].ID != want || time.Since(begin) != 20*time.Second {
			t.Errorf("heard of %+v after %s", page, time.Since(begin))
		}
		if reader.looks != 2 {
			t.Errorf("%d looks for one event", reader.looks)
		}
	})
}

func TestListenerLeavesWhenItsTimeIsOver(t *testing.T) {
	inHouse(t, func(h *house) {
		begin := time.Now()
		page := h.listEvents(h.by, otpcore.EventsRequest{Wait: 7 * time.Second})
		if len(page.Events) != 0 || page.More || time.Since(begin) != 7*time.Second {
			t.Errorf("%+v after %s", page, time.Since(begin))
		}
		ctx, cancel := context.WithTimeout(h.t.Context(), 2*time.Second)
		defer cancel()
		_, err := h.Events.List(ctx, h.by, otpcore.EventsRequest{Limit: 1, Wait: time.Minute})
		if otpcore.KindOf(err) != otpcore.KindUnavailable || time.Since(begin) != 9*time.Second {
			t.Errorf("a caller that left: %v after %s", err, time.Since(begin))
		}
	})
}

// wait lets n listeners of the key wait for a minute and reports how each of
// them ended.
func (h *house) wait(n int, key otpcore.ID) <-chan error {
	ends := make(chan error, n)
	for range n {
		go func() {
			_, err := h.Events.List(h.t.Context(), h.by, otpcore.EventsRequest{Listener: key, Limit: 1, Wait: time.Minute})
			ends <- err
		}()
	}
	synctest.Wait()
	return ends
}

func (h *house) codeOf(ends <-chan error) string {
	h.t.Helper()
	synctest.Wait()
	select {
	case err := <-ends:
		return otpcore.CodeOf(err)
	default:
		return "waits"
	}
}

func TestListenersAreBounded(t *testing.T) {
	inHouse(t, func(h *house) {
		first := h.wait(5, "key_1")
		if got := h.codeOf(h.wait(1, "key_1")); got != "too_many_listeners" {
			t.Errorf("the sixth of a key: %s", got)
		}
		if got := h.codeOf(h.wait(1, "key_2")); got != "waits" {
			t.Errorf("another key's first: %s", got)
		}
		h.listEvents(h.by, otpcore.EventsRequest{Listener: "key_1"}) // without waiting there is no bound
		h.addEvents(h.by, otpcore.EventLinkCreated)
		for range 5 {
			if got := h.codeOf(first); got != "" {
				t.Errorf("a listener ended with %s", got)
			}
		}
		h.by.Mode = otpcore.Test // where nothing has happened
		if got := h.codeOf(h.wait(1, "key_1")); got != "waits" {
			t.Errorf("a key whose listeners have left: %s", got)
		}
		for n := range 50 {
			h.wait(5, otpcore.NewID(otpcore.PrefixKey, time.UnixMilli(int64(n))))
		}
		if got := h.codeOf(h.wait(1, "key_3")); got != "overloaded" {
			t.Errorf("one more than the server takes: %s", got)
		}
		time.Sleep(time.Minute)
	})
}

func TestListenersLeaveAStoppingServer(t *testing.T) {
	inHouse(t, func(h *house) {
		ctx, stop := context.WithCancel(h.t.Context())
		ended := make(chan error, 1)
		go func() { ended <- h.Events.Run(ctx) }()
		begin := time.Now()
		listeners := h.wait(3, "key_1")
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		for range 3 {
			if err := <-listeners; err != nil {
				t.Errorf("a listener ended with %v", err)
			}
		}
		if _, err := h.Events.List(h.t.Context(), h.by, otpcore.EventsRequest{Limit: 1, Wait: time.Minute}); otpcore.KindOf(err) != otpcore.KindUnavailable {
			t.Errorf("a listener that came late: %v", err)
		}
		h.listEvents(h.by, otpcore.EventsRequest{})
		if time.Since(begin) != 0 {
			t.Errorf("it took %s", time.Since(begin))
		}
	})
}
