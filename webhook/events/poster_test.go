package events_test

import (
	"fmt"
	"testing"
	"time"

	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/receiversim"
	"otpravka/otpcore"
)

// F32: what is not taken comes again after 5 s, 5 and 30 min, 2, 5, 10, 14, 20
// and 24 h, and then no more.
func TestF32Schedule(t *testing.T) {
	inWorld(t, func(w *world) {
		by, at := w.business("Shop"), w.receiver("shop0")
		e := w.endpoint(by, "shop0", at)
		at.Fail(fault.Rule{Times: fault.Always, Status: 500})
		id := w.happen(by, otpcore.EventLinkCreated, 1)[0]
		w.pass(90 * time.Hour) // all pauses, and a tenth
		all := at.Calls()
		gaps := []time.Duration{
			5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
		}
		if len(all) != 1+len(gaps) {
			t.Fatalf("the receiver was called %d times, want %d", len(all), 1+len(gaps))
		}
		for i, gap := range gaps {
			got := all[i+1].Time.Sub(all[i].Time)
			if got < gap*9/10 || got > gap*11/10+100*time.Millisecond {
				t.Errorf("try %d came %s after the one before, want about %s", i+2, got, gap)
			}
			if all[i+1].Target != string(id) {
				t.Errorf("try %d is of %s, want %s", i+2, all[i+1].Target, id)
			}
		}
		log := w.postings(by, e)
		if len(log) != 1 || log[0].Status != otpcore.PostingFailed || log[0].Tries != 10 || log[0].HTTPStatus != 500 || !log[0].DueAt.IsZero() {
			t.Errorf("the log is %+v", log[0])
		}
		// It is not lost: once the receiver is mended it can be asked for.
		at.ClearFaults()
		_, err := w.core.Endpoints.Replay(w.Context(), by, e.ID, otpcore.ReplayRequest{EventID: id})
		w.must(err)
		w.pass(6 * time.Minute)
		if at.Taken(string(id)) != 1 || !w.get(by, e).FailingSince.IsZero() {
			t.Errorf("the replayed event was taken %d times", at.Taken(string(id)))
		}
	})
}

// Pauses differ from event to event, so that what failed together does not come
// back together.
func TestRetriesAreSpread(t *testing.T) {
	inWorld(t, func(w *world) {
		by, at := w.business("Shop"), w.receiver("shop0")
		e := w.endpoint(by, "shop0", at)
		at.Fail(fault.Rule{Times: 40, Status: 500})
		w.happen(by, otpcore.EventLinkCreated, 4)
		w.pass(4 * time.Minute)
		pauses := map[time.Duration]bool{}
		for _, p := range w.postings(by, e) {
			pauses[p.DueAt.Sub(p.TriedAt)] = true
		}
		if len(pauses) != 4 {
			t.Errorf("four events have the pauses %v", pauses)
		}
	})
}

func TestFiveFailingDaysDisable(t *testing.T) {
	inWorld(t, func(w *world) {
		by, at, other := w.business("Shop"), w.receiver("shop0"), w.receiver("shop1")
		e := w.endpoint(by, "shop0", at, otpcore.EventLinkCreated)
		w.endpoint(by, "shop1", other, otpcore.EventWebhookDisabled)
		at.Fail(fault.Rule{Times: fault.Always, Status: 503})
		for hour := range 5*24 + 2 {
			w.happen(by, otpcore.EventLinkCreated, 1)
			w.pass(time.Hour)
			got := w.get(by, e)
			if disabled := got.Status == otpcore.EndpointDisabled; disabled != (hour >= 5*24) && hour != 5*24 {
				t.Fatalf("after %d hours it is %s", hour+1, got.Status)
			}
			if hour == 48 && got.FailingSince.IsZero() {
				t.Error("the endpoint does not say that it is failing")
			}
		}
		if got := w.get(by, e); got.Reason != otpcore.EndpointFailing {
			t.Errorf("it is disabled because of %q", got.Reason)
		}
		told := other.Events()
		if len(told) != 1 || told[0].Data["reason"] != "failing" || told[0].Data["webhook_id"] != string(e.ID) {
			t.Errorf("the business was told %+v", told)
		}
		calls := at.CallCount()
		w.happen(by, otpcore.EventLinkCreated, 10)
		w.pass(48 * time.Hour)
		if at.CallCount() != calls {
			t.Errorf("a disabled endpoint was called %d times", at.CallCount()-calls)
		}
		// One success within the five days would have begun the count anew.
		at.ClearFaults()
		active := true
		_, err := w.core.Endpoints.Change(w.Context(), by, e.ID, otpcore.EndpointChange{Active: &active})
		w.must(err)
		w.pass(26 * time.Hour)
		if n := at.Distinct(); n < 5*24+2+10-60 { // the oldest have no try left
			t.Errorf("%d events came once it was active again", n)
		}
	})
}

func TestOneSuccessBeginsTheCountAnew(t *testing.T) {
	inWorld(t, func(w *world) {
		by, at := w.business("Shop"), w.receiver("shop0")
		e := w.endpoint(by, "shop0", at)
		for range 4 {
			at.Fail(fault.Rule{Times: fault.Always, Status: 500})
			w.happen(by, otpcore.EventLinkCreated, 1)
			w.pass(4 * 24 * time.Hour)
			at.ClearFaults()
			w.happen(by, otpcore.EventLinkCreated, 1)
			w.pass(time.Hour)
		}
		if got := w.get(by, e); got.Status != otpcore.EndpointActive || !got.FailingSince.IsZero() {
			t.Errorf("the endpoint is %s, failing since %s", got.Status, got.FailingSince)
		}
	})
}

// A receiver that hangs holds one try at a time, and nobody else waits for it.
func TestOneDeadEndpointDelaysNobody(t *testing.T) {
	inWorld(t, func(w *world) {
		shop, healthy := w.business("Shop"), w.receiver("shop0")
		w.endpoint(shop, "shop0", healthy)
		for n := 1; n <= 60; n++ {
			by, name := w.business("Dead"), fmt.Sprintf("shop%d", n)
			at := w.receiver(name)
			at.Fail(fault.Rule{Times: fault.Always, Delay: time.Hour})
			w.endpoint(by, name, at)
			w.happen(by, otpcore.EventLinkCreated, 30)
		}
		mine := w.receiver("shop61") // of the same business as the healthy one
		mine.Fail(fault.Rule{Times: fault.Always, Delay: time.Hour})
		w.endpoint(shop, "shop61", mine)
		w.pass(time.Second)
		for n := range 20 {
			began := time.Now()
			id := string(w.happen(shop, otpcore.EventLinkCreated, 1)[0])
			e, err := healthy.WaitEvent(w.Context(), func(e receiversim.Event) bool { return e.ID == id })
			w.must(err)
			if took := e.Time.Sub(began); took > 100*time.Millisecond {
				t.Errorf("event %d took %s", n, took)
			}
			w.pass(3 * time.Second)
		}
	})
}

// An endpoint that is dead for hours costs a few tries and rows, however much
// happens, and gets all of it once it is back.
func TestOutageCostsLittleAndLosesNothing(t *testing.T) {
	inWorld(t, func(w *world) {
		by, at := w.business("Shop"), w.receiver("shop0")
		e := w.endpoint(by, "shop0", at)
		at.Fail(fault.Rule{Times: fault.Always, Drop: fault.DropBefore})
		ids := w.happen(by, otpcore.EventLinkCreated, 2000)
		w.pass(2 * time.Hour)
		if calls, rows := at.CallCount(), len(w.postings(by, e)); calls > 60 || rows > 40 {
			t.Errorf("two hours of outage cost %d calls and %d rows", calls, rows)
		}
		at.ClearFaults()
		w.pass(6 * time.Minute) // the longest pause of an endpoint in trouble, and some more
		if n := at.Distinct(); n < 1960 {
			t.Errorf("%d of 2000 events came within six minutes of the recovery", n)
		}
		w.pass(3 * time.Hour) // those that were tried meanwhile have pauses of their own
		for _, id := range ids {
			if at.Taken(string(id)) != 1 {
				t.Fatalf("an event was taken %d times", at.Taken(string(id)))
			}
		}
	})
}

func TestOneBadEventHoldsUpNoOther(t *testing.T) {
	inWorld(t, func(w *world) {
		by, at := w.business("Shop"), w.receiver("shop0")
		w.endpoint(by, "shop0", at)
		at.Fail(fault.Rule{Method: string(otpcore.EventLinkStale), Times: fault.Always, Status: 500})
		bad := w.happen(by, otpcore.EventLinkStale, 1)[0]
		w.happen(by, otpcore.EventLinkCreated, 200)
		w.pass(5 * time.Second)
		if n := at.Distinct(); n != 200 || at.Taken(string(bad)) != 0 {
			t.Errorf("%d other events came within 5 s, want 200", n)
		}
	})
}

func TestRetryAfterIsKept(t *testing.T) {
	inWorld(t, func(w *world) {
		by, at := w.business("Shop"), w.receiver("shop0")
		w.endpoint(by, "shop0", at)
		at.Fail(fault.Rule{Status: 429, RetryAfter: 90 * time.Second})
		at.Fail(fault.Rule{Status: 503, RetryAfter: 400 * 24 * time.Hour})
		w.happen(by, otpcore.EventLinkCreated, 1)
		w.pass(26 * time.Hour)
		all := at.Calls()
		if len(all) != 3 {
			t.Fatalf("%d calls, want 3", len(all))
		}
		if gap := all[1].Time.Sub(all[0].Time); gap < 90*time.Second || gap > 91*time.Second {
			t.Errorf("429 with 90 s: the next try came after %s", gap)
		}
		if gap := all[2].Time.Sub(all[1].Time); gap < 24*time.Hour || gap > 25*time.Hour {
			t.Errorf("503 with a year: the next try came after %s", gap)
		}
	})
}

// A stop does not wait for a receiver that hangs, and what was cut off comes
// again.
func TestStopCutsOffWhatHangs(t *testing.T) {
	inWorld(t, func(w *world) {
		by, at := w.business("Shop"), w.receiver("shop0")
		e := w.endpoint(by, "shop0", at)
		at.Fail(fault.Rule{AnswerDelay: time.Hour})
		id := w.happen(by, otpcore.EventLinkCreated, 1)[0]
		w.pass(time.Second)
		began := time.Now()
		w.stop()
		if took := time.Since(began); took > 4*time.Second {
			t.Errorf("the stop took %s", took)
		}
		w.start()
		w.pass(time.Second)
		if n := at.Taken(string(id)); n != 2 { // F33: once for the answer that was lost
			t.Errorf("the event was taken %d times", n)
		}
		if log := w.postings(by, e); len(log) != 1 || log[0].Tries != 1 || log[0].Status != otpcore.PostingDelivered {
			t.Errorf("the log is %+v", log)
		}
	})
}

func TestEventsOfBeforeAndOfOthersStay(t *testing.T) {
	inWorld(t, func(w *world) {
		by, other, at := w.business("Shop"), w.business("Taxi"), w.receiver("shop0")
		w.happen(by, otpcore.EventLinkCreated, 3)
		w.endpoint(by, "shop0", at, otpcore.EventLinkRevoked)
		w.happen(other, otpcore.EventLinkRevoked, 3)
		w.happen(by, otpcore.EventLinkCreated, 700) // more than one look passes over
		mine := w.happen(by, otpcore.EventLinkRevoked, 2)
		w.happen(by, otpcore.EventType("note.check_failed"), 2)
		w.pass(time.Second)
		if got := at.Distinct(); got != 2 || at.Taken(string(mine[0])) != 1 || at.Taken(string(mine[1])) != 1 {
			t.Errorf("%d events came, want two", got)
		}
	})
}

func TestRemovedEndpointGetsNothing(t *testing.T) {
	inWorld(t, func(w *world) {
		by, at := w.business("Shop"), w.receiver("shop0")
		e := w.endpoint(by, "shop0", at)
		at.Fail(fault.Rule{Status: 500})
		w.happen(by, otpcore.EventLinkCreated, 1)
		w.pass(time.Second)
		w.must(w.core.Endpoints.Remove(w.Context(), by, e.ID))
		w.happen(by, otpcore.EventLinkCreated, 5)
		w.pass(48 * time.Hour)
		if n := at.CallCount(); n != 1 {
			t.Errorf("a removed endpoint was called %d times", n-1)
		}
	})
}

// An old secret signs for a day, and no longer.
func TestT29OldSecretEndsAfterADay(t *testing.T) {
	inWorld(t, func(w *world) {
		by, at := w.business("Shop"), w.receiver("shop0")
		e := w.endpoint(by, "shop0", at) // and trusts the first secret
		_, _, err := w.core.Endpoints.Rotate(w.Context(), by, e.ID, nil)
		w.must(err)
		w.pass(24*time.Hour - time.Minute)
		early := w.happen(by, otpcore.EventLinkCreated, 1)[0]
		w.pass(2 * time.Minute)
		late := w.happen(by, otpcore.EventLinkCreated, 1)[0]
		w.pass(time.Second)
		if at.Taken(string(early)) != 1 || at.Taken(string(late)) != 0 {
			t.Errorf("with the old secret %d came within the day and %d after it", at.Taken(string(early)), at.Taken(string(late)))
		}
	})
}
