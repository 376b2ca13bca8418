package otpcore_test

import (
	"context"
	"flag"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

// Random lives are short and cheap, and the faults that hide in them need
// thousands. The command line may ask for another number.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "3000"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

func TestStartSendApprove(t *testing.T) {
	inHouse(t, func(h *house) {
		h.linkUser("100")
		s := h.begin()
		sent := h.carriers.Of(tg).Await(1)
		code := coretest.CodeIn(sent[0])
		if sent[0].Chat != "100" || len(code) != 6 || !strings.HasPrefix(sent[0].Message.Text, "Shop: ") {
			t.Errorf("sent %+v", sent[0])
		}
		if r := h.check(s.Verification.ID, code); !r.Valid || r.Channel != tg {
			t.Errorf("check: %+v", r)
		}
		edits := h.carriers.Of(tg).AwaitEdits(1)
		if edits[0].MessageID != "m1" || strings.Contains(edits[0].Outgoing.Message.Text, code) || edits[0].Outgoing.Chat != "100" {
			t.Errorf("edit %+v", edits[0])
		}
		h.expect(s.Verification.ID, "telegram:sent edit(used):sent")
		var told []otpcore.EventType
		for _, e := range h.view(s.Verification.ID).Timeline {
			told = append(told, e.Type)
		}
		if want := []otpcore.EventType{
			otpcore.EventVerificationStarted, otpcore.NoteDeliveryQueued, otpcore.EventDeliverySent,
			otpcore.EventVerificationApproved, otpcore.NoteMessageEdited,
		}; !slices.Equal(told, want) {
			t.Errorf("timeline %v", told)
		}
	})
}

func TestUnconfirmedGoesOutBySMSOnTime(t *testing.T) {
	inHouse(t, func(h *house) {
		h.linkUser("100")
		asked := h.clocked(sm, coretest.Accept("sms", "s1"))
		s := h.begin()
		time.Sleep(46 * time.Second)
		if got := asked(); !slices.Equal(got, []time.Duration{45 * time.Second}) {
			t.Errorf("SMS left after %v, want 45 s", got)
		}
		chat, sms := h.carriers.Of(tg).Sent()[0], h.carriers.Of(sm).Sent()[0]
		if coretest.CodeIn(chat) != coretest.CodeIn(sms) || sms.Phone.E164() != user {
			t.Errorf("SMS to %s has another code", sms.Phone)
		}
		if edits := h.carriers.Of(tg).Edits(); len(edits) != 1 || !strings.Contains(edits[0].Outgoing.Message.Text, "SMS") {
			t.Errorf("edits %+v", edits)
		}
		if r := h.check(s.Verification.ID, coretest.CodeIn(sms)); !r.Valid {
			t.Errorf("check: %+v", r)
		}
	})
}

func TestWaitingCodeIsDeliveredOnLinking(t *testing.T) {
	inHouse(t, func(h *house) {
		s := h.begin(waiting)
		h.expect(s.Verification.ID, "telegram:waiting_link")
		time.Sleep(20 * time.Second)
		_, token, _ := strings.Cut(s.TelegramLink, "?start=")
		if inv := h.press("100", token); inv.Outcome != otpcore.InviteOpen || inv.Phone.E164() != user {
			t.Errorf("invitation %+v", inv)
		}
		if a := h.share("100", user); a.Outcome != otpcore.AcceptLinked || !a.CodeSent {
			t.Errorf("acceptance %+v", a)
		}
		code := coretest.CodeIn(h.carriers.Of(tg).Await(1)[0])
		h.expect(s.Verification.ID, "telegram:skipped telegram:sent")
		if r := h.check(s.Verification.ID, code); !r.Valid {
			t.Errorf("check: %+v", r)
		}
		time.Sleep(time.Minute)
		if n := len(h.carriers.Of(sm).Sent()); n != 0 {
			t.Errorf("%d SMS after the approval", n)
		}
	})
}

func TestRetriesKeepTheirTimes(t *testing.T) {
	inHouse(t, func(h *house) {
		h.linkUser("100")
		asked := h.clocked(tg, coretest.RefuseClass(otpcore.ClassProviderDown))
		fallback := h.clocked(sm, coretest.Accept("sms", "s1"))
		s := h.begin()
		time.Sleep(16 * time.Second)
		got, want := asked(), []time.Duration{0, time.Second, 3 * time.Second, 9 * time.Second}
		if len(got) != len(want) {
			t.Fatalf("tries after %v, want four", got)
		}
		for i, wait := range want[1:] {
			if took := got[i+1] - got[i]; took < wait || took >= wait+min(wait/4, time.Second) {
				t.Errorf("try %d came %v after the one before, want %v and a little", i+2, took, wait)
			}
		}
		if sms := fallback(); !slices.Equal(sms, got[3:]) {
			t.Errorf("SMS after %v, want it at once after %v", sms, got[3])
		}
		h.expect(s.Verification.ID, "telegram:failed sms:sent")
	})
}

func TestSchedulerIsPunctual(t *testing.T) {
	inHouse(t, func(h *house) {
		asked := h.clocked(sm, coretest.Accept("sms", "s1"))
		var want []time.Duration
		for i := range 60 {
			after := time.Duration(10+i*7%50)*time.Second + time.Duration(i)*time.Millisecond
			want = append(want, after)
			h.begin(waiting, func(r *otpcore.StartRequest) {
				r.Phone, r.FallbackAfter = "+770112345"+string(rune('0'+i/10))+string(rune('0'+i%10)), &after
			})
		}
		time.Sleep(70 * time.Second)
		got := asked()
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("SMS left after %v, want %v", got, want)
		}
	})
}

func TestExpiryIsPunctual(t *testing.T) {
	inHouse(t, func(h *house) {
		s := h.begin(waiting, func(r *otpcore.StartRequest) { r.Channels = []otpcore.Channel{tg} })
		time.Sleep(180*time.Second - time.Millisecond)
		if v := h.view(s.Verification.ID).Verification; v.Status != otpcore.Pending {
			t.Errorf("verification is %s", v.Status)
		}
		time.Sleep(time.Millisecond)
		v := h.view(s.Verification.ID).Verification
		if v.Status != otpcore.Expired || v.Seed != nil || v.EndedAt.Sub(v.CreatedAt) != 180*time.Second {
			t.Errorf("verification is %s since %v", v.Status, v.EndedAt)
		}
	})
}

func TestCrashedSendIsTakenOver(t *testing.T) {
	inHouse(t, func(h *house) {
		h.linkUser("100")
		release := h.carriers.Of(tg).Hold()
		s := h.begin()
		h.carriers.Of(tg).Await(1)
		bury := h.crash()
		release()
		sent := h.carriers.Of(tg).Await(2)
		bury()
		if coretest.CodeIn(sent[0]) != coretest.CodeIn(sent[1]) {
			t.Error("the repeat has another code")
		}
		v := h.view(s.Verification.ID)
		if d := v.Deliveries[0]; d.Status != otpcore.Sent || d.Try != 2 || !d.Repeated {
			t.Errorf("delivery %+v", d)
		}
	})
}

func TestFallbackSurvivesACrash(t *testing.T) {
	inHouse(t, func(h *house) {
		h.begin(waiting)
		asked := h.clocked(sm, coretest.Accept("sms", "s1"))
		time.Sleep(30 * time.Second)
		h.crash()()
		time.Sleep(16 * time.Second)
		if got := asked(); !slices.Equal(got, []time.Duration{45 * time.Second}) {
			t.Errorf("SMS left after %v, want 45 s", got)
		}
	})
}

func TestEarlyReceiptIsJoined(t *testing.T) {
	inHouse(t, func(h *house) {
		h.carriers.Of(sm).Always(func(ctx context.Context, _ otpcore.Outgoing) (otpcore.Accepted, error) {
			err := h.Receipts.Accept(ctx, []otpcore.Receipt{{Provider: "sms", MessageID: "s1", Status: otpcore.Delivered}})
			return otpcore.Accepted{Provider: "sms", MessageID: "s1"}, err
		})
		s := h.begin()
		h.expect(s.Verification.ID, "sms:delivered")
	})
}

func TestReceiptByReferenceSettlesALostAnswer(t *testing.T) {
	inHouse(t, func(h *house) {
		h.carriers.Of(sm).Always(coretest.RefuseClass(otpcore.ClassAmbiguous))
		s := h.begin()
		o := h.carriers.Of(sm).Await(1)[0]
		synctest.Wait()
		time.Sleep(3 * time.Second)
		err := h.Receipts.Accept(h.t.Context(), []otpcore.Receipt{{Provider: "sms", MessageID: "s1", Reference: o.DeliveryID, Status: otpcore.Delivered}})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		h.expect(s.Verification.ID, "sms:delivered")
		if n := len(h.carriers.Of(sm).Sent()); n != 1 {
			t.Errorf("%d SMS were sent", n)
		}
	})
}

// A wrong path to the id of a message, in the declaration of a provider, would look
// as if it never reported.
func TestReportsOfNoMessageAreTold(t *testing.T) {
	inHouse(t, func(h *house) {
		report := func(id string) {
			if err := h.Receipts.Accept(h.t.Context(), []otpcore.Receipt{{Provider: "sms", MessageID: id, Status: otpcore.Delivered}}); err != nil {
				h.t.Fatal(err)
			}
		}
		report("x1")
		report("x2")
		report("x2")
		time.Sleep(16 * time.Minute)
		if strings.Contains(h.log.String(), "belong to no message") {
			h.t.Errorf("told too early: %s", h.log.String())
		}
		report("x3")
		if want := `msg="reports belong to no message" provider=sms messages=2`; !strings.Contains(h.log.String(), want) {
			h.t.Errorf("the log does not tell %s: %s", want, h.log.String())
		}
	})
}
