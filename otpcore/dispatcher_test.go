package otpcore_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

// toPhone starts over SMS to one of many phones.
func toPhone(i int) func(*otpcore.StartRequest) {
	return func(r *otpcore.StartRequest) {
		r.Phone, r.Channels = fmt.Sprintf("+7701%07d", i), []otpcore.Channel{sm}
	}
}

// hang answers like a provider that takes the message and says nothing, to the
// businesses that suffer.
func hang(suffers func(otpcore.ID) bool) coretest.SendFunc {
	return func(ctx context.Context, o otpcore.Outgoing) (otpcore.Accepted, error) {
		if !suffers(o.BusinessID) {
			return otpcore.Accepted{Provider: "sms", MessageID: "s-" + string(o.DeliveryID)}, nil
		}
		<-ctx.Done()
		return otpcore.Accepted{}, &otpcore.SendError{Class: otpcore.ClassAmbiguous, Provider: "sms", Message: "No answer."}
	}
}

// T50: a business whose provider hangs delays nobody else.
func TestT50RoadsAreKeptApart(t *testing.T) {
	inHouse(t, func(h *house) {
		slow := h.by.Business.ID
		other := h.business("Other", otpcore.NewID(otpcore.PrefixBot, time.Now()))
		asked := h.clocked(sm, hang(func(id otpcore.ID) bool { return id == slow }))
		for i := range 100 {
			h.begin(toPhone(i))
		}
		synctest.Wait()
		if n := len(asked()); n != 50 {
			t.Errorf("%d calls are under way, want the width of one road", n)
		}
		h.by = other
		s := h.begin(toPhone(0))
		h.expect(s.Verification.ID, "sms:sent")
	})
}

// What waited too long for its turn was never sent: it comes back, and neither
// counts as a try nor is a doubtful send.
func TestMessagesThatNeverGotTheirTurnAreTriedAgain(t *testing.T) {
	inHouse(t, func(h *house) {
		begin := time.Now()
		h.carriers.Of(sm).Always(hang(func(otpcore.ID) bool { return time.Since(begin) < 10*time.Second }))
		var last *otpcore.Started
		for i := range 51 {
			last = h.begin(toPhone(i))
		}
		time.Sleep(10 * time.Second)
		h.expect(last.Verification.ID, "sms:queued")
		time.Sleep(time.Second + time.Second/4) // what a wait of a second may last
		h.expect(last.Verification.ID, "sms:sent")
		if d := h.view(last.Verification.ID).Deliveries[0]; d.Repeated || d.Try != 1 {
			t.Errorf("delivery %+v", d)
		}
		if n := h.Dispatcher.Backlog(); n != 0 {
			t.Errorf("backlog is %d", n)
		}
	})
}

// F37: a provider hangs with far more messages before it than can have a turn.
// Each verification ends with one event, and what has ended is not sent.
func TestF37MessagesThatAreTooLateAreDropped(t *testing.T) {
	inHouse(t, func(h *house) {
		var mu sync.Mutex
		asked := map[otpcore.ID]time.Time{} // the last call, by delivery
		h.carriers.Of(sm).Always(func(ctx context.Context, o otpcore.Outgoing) (otpcore.Accepted, error) {
			mu.Lock()
			asked[o.DeliveryID] = time.Now()
			mu.Unlock()
			return hang(func(otpcore.ID) bool { return true })(ctx, o)
		})
		var ids []otpcore.ID
		for i := range 2000 {
			ids = append(ids, h.begin(toPhone(i)).Verification.ID)
		}
		time.Sleep(15 * time.Minute)
		never := 0
		for _, id := range ids {
			v := h.view(id)
			ends := 0
			for _, e := range v.Timeline {
				if e.Type == otpcore.EventVerificationExpired || e.Type == otpcore.EventVerificationFailed {
					ends++
				}
			}
			if !v.Verification.Status.Terminal() || ends != 1 {
				t.Fatalf("%s is %s with %d events of an end", id, v.Verification.Status, ends)
			}
			for _, d := range v.Deliveries {
				at, ever := asked[d.ID]
				if !ever {
					never++
				} else if at.After(v.Verification.EndedAt) {
					t.Errorf("a message left %s after the end", at.Sub(v.Verification.EndedAt))
				}
			}
		}
		if never < 100 {
			t.Errorf("only %d messages had no turn: too few to test anything", never)
		}
		if n := h.Dispatcher.Backlog(); n != 0 {
			t.Errorf("backlog is %d", n)
		}
	})
}

func TestFullBacklogRefusesStarts(t *testing.T) {
	inHouse(t, func(h *house) {
		rules := otpcore.DefaultRules()
		rules.Backlog = 1
		core := otpcore.New(otpcore.Config{
			Ledger: h.db, Reader: h.db, Vault: h.vault, Carriers: h.carriers, Renderer: coretest.NewRenderer(), Phones: coretest.NewPhones(), Rules: rules,
		})
		h.db.OnCommit(core.Committed)
		release := h.carriers.Of(sm).Hold()
		request := otpcore.StartRequest{Phone: user, Channels: []otpcore.Channel{sm}}
		if _, err := core.Verifications.Start(h.t.Context(), h.by, request); err != nil {
			t.Fatal(err)
		}
		h.carriers.Of(sm).Await(1)
		_, err := core.Verifications.Start(h.t.Context(), h.by, request)
		if otpcore.CodeOf(err) != "overloaded" || otpcore.KindOf(err) != otpcore.KindUnavailable {
			t.Errorf("start: %v", err)
		}
		release()
		core.Dispatcher.Close(h.t.Context())
	})
}

// F37: by default, starts are refused while 10,000 messages wait in memory. Those
// of another business come without their cases, which would take long to write.
func TestF37TenThousandMessagesRefuseStarts(t *testing.T) {
	inHouse(t, func(h *house) {
		release := h.carriers.Of(sm).Hold()
		other := otpcore.NewID(otpcore.PrefixBusiness, h.db.Now())
		for range 9_999 {
			h.Committed(h.answering(other))
		}
		request := otpcore.StartRequest{Phone: user, Channels: []otpcore.Channel{sm}}
		if _, err := h.Verifications.Start(h.t.Context(), h.by, request); err != nil {
			t.Errorf("the start with the 10,000th message: %v", err)
		}
		if _, err := h.Verifications.Start(h.t.Context(), h.by, request); otpcore.CodeOf(err) != "overloaded" {
			t.Errorf("the start after it: %v", err)
		}
		release()
	})
}

// answering is a case of nothing but an answer that this process is to send.
func (h *house) answering(business otpcore.ID) *otpcore.Case {
	d := &otpcore.Delivery{
		ID: otpcore.NewID(otpcore.PrefixDelivery, h.db.Now()), BusinessID: business, Mode: otpcore.Live, Kind: otpcore.DeliverReply, Channel: sm,
		Status: otpcore.Sending, BootID: h.boot, DueAt: h.db.Now().Add(15 * time.Second),
	}
	d.Content = h.vault.Seal(otpcore.Place{Table: "deliveries", Column: "content", Row: d.ID, Business: business}, []byte("{}"))
	c := &otpcore.Case{Boot: h.boot, BusinessID: business, Mode: otpcore.Live}
	c.AddReply(d)
	return c
}

func TestCloseFinishesWhatIsInHand(t *testing.T) {
	inHouse(t, func(h *house) {
		release := h.carriers.Of(sm).Hold()
		s := h.begin(toPhone(1))
		h.carriers.Of(sm).Await(1)
		closed := make(chan struct{})
		go func() { h.Dispatcher.Close(h.t.Context()); close(closed) }()
		synctest.Wait()
		select {
		case <-closed:
			t.Error("closed with a call in hand")
		default:
		}
		release()
		<-closed
		h.expect(s.Verification.ID, "sms:sent")
	})
}

func TestCloseCutsWhatTakesTooLong(t *testing.T) {
	inHouse(t, func(h *house) {
		h.carriers.Of(sm).Always(hang(func(otpcore.ID) bool { return true }))
		s := h.begin(toPhone(1))
		h.carriers.Of(sm).Await(1)
		begin := time.Now()
		ctx, cancel := context.WithTimeout(h.t.Context(), 3*time.Second)
		defer cancel()
		h.Dispatcher.Close(ctx)
		if took := time.Since(begin); took != 3*time.Second {
			t.Errorf("closed after %v", took)
		}
		h.expect(s.Verification.ID, "sms:queued") // its outcome is known to be unknown
	})
}

func TestCloseHandsBackWhatWaits(t *testing.T) {
	inHouse(t, func(h *house) {
		release := h.carriers.Of(sm).Hold()
		var last *otpcore.Started
		for i := range 51 {
			last = h.begin(toPhone(i))
		}
		h.carriers.Of(sm).Await(50)
		h.stop() // as the program does: what goes back must not be fetched again
		closed := make(chan struct{})
		go func() { h.Dispatcher.Close(h.t.Context()); close(closed) }()
		synctest.Wait()
		release()
		<-closed
		if d := h.view(last.Verification.ID).Deliveries[0]; d.Status != otpcore.Queued || d.Repeated || d.Try != 0 {
			t.Errorf("delivery %+v", d)
		}
		if n := len(h.carriers.Of(sm).Sent()); n != 50 {
			t.Errorf("%d messages left, want the 50 in hand", n)
		}
	})
}

func TestPanickingSenderIsADoubtfulSend(t *testing.T) {
	inHouse(t, func(h *house) {
		h.linkUser("100")
		h.carriers.Of(tg).Script(func(context.Context, otpcore.Outgoing) (otpcore.Accepted, error) { panic("493021") })
		s := h.begin()
		h.expect(s.Verification.ID, "telegram:sent")
		if d := h.view(s.Verification.ID).Deliveries[0]; d.Try != 2 || !d.Repeated {
			t.Errorf("delivery %+v", d)
		}
	})
}

func TestUnrenderableTextFails(t *testing.T) {
	inHouse(t, func(h *house) {
		s := h.begin(toPhone(1))
		h.view(s.Verification.ID)
		h.vault.LoseCodeKey("k1")
		h.vault.RotateCodeKey("k2")
		time.Sleep(30 * time.Second)
		if _, err := h.Verifications.Resend(h.t.Context(), h.by, s.Verification.ID, "", nil); err != nil {
			t.Fatal(err)
		}
		h.expect(s.Verification.ID, "sms:sent sms:failed")
	})
}
