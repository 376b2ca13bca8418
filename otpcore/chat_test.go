package otpcore_test

import (
	"testing"
	"testing/synctest"
	"time"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

func (h *house) notMe(address string, id otpcore.ID) (r otpcore.Reported) {
	h.t.Helper()
	h.write(func(tx otpcore.Tx) (err error) {
		r, err = h.Linking.NotMe(tx, h.chat(address), id)
		return err
	})
	return r
}

func (h *house) pause(address string, id otpcore.ID) (until time.Time, err error) {
	err = h.db.Write(h.t.Context(), func(tx otpcore.Tx) (err error) {
		until, err = h.Linking.Pause(tx, h.chat(address), id)
		return err
	})
	return until, err
}

func (h *house) resume(address string, id otpcore.ID) error {
	return h.db.Write(h.t.Context(), func(tx otpcore.Tx) error { return h.Linking.Resume(tx, h.chat(address), id) })
}

func TestNotMeCancelsAtOnce(t *testing.T) {
	inHouse(t, func(h *house) {
		h.linkUser("100")
		s := h.begin()
		code := coretest.CodeIn(h.carriers.Of(tg).Await(1)[0])
		synctest.Wait()
		if r := h.notMe("100", s.Verification.ID); r.Outcome != otpcore.ReportDone || r.Pause != time.Hour {
			t.Errorf("report %+v", r)
		}
		if r := h.check(s.Verification.ID, code); r.Reason != otpcore.ReasonCanceled {
			t.Errorf("check: %+v", r)
		}
		h.expect(s.Verification.ID, "telegram:sent edit(reported):sent")
		if r := h.notMe("100", s.Verification.ID); r.Outcome != otpcore.ReportOver {
			t.Errorf("pressed again: %s", r.Outcome)
		}
	})
}

func TestNotMeIsForTheChatThatGotTheMessage(t *testing.T) {
	inHouse(t, func(h *house) {
		h.linkUser("100")
		s := h.begin()
		h.carriers.Of(tg).Await(1)
		synctest.Wait()
		if r := h.notMe("200", s.Verification.ID); r.Outcome != otpcore.ReportForeign {
			t.Errorf("a stranger's chat: %s", r.Outcome)
		}
		if r := h.notMe("100", otpcore.NewID(otpcore.PrefixVerification, time.Now())); r.Outcome != otpcore.ReportForeign {
			t.Errorf("an unknown verification: %s", r.Outcome)
		}
		h.stopChat("100")
		if r := h.notMe("100", s.Verification.ID); r.Outcome != otpcore.ReportForeign {
			t.Errorf("a chat that is no longer linked: %s", r.Outcome)
		}
		if v := h.view(s.Verification.ID).Verification; v.Status != otpcore.Pending {
			t.Errorf("verification is %s", v.Status)
		}
	})
}

func (h *house) stopChat(address string) (n int) {
	h.t.Helper()
	h.write(func(tx otpcore.Tx) (err error) {
		n, err = h.Linking.Stop(tx, h.chat(address))
		return err
	})
	return n
}

func TestPausesGrowAndCanBeLifted(t *testing.T) {
	inHouse(t, func(h *house) {
		h.linkUser("100")
		s := h.begin()
		h.carriers.Of(tg).Await(1)
		synctest.Wait()
		id := s.Verification.ID
		h.notMe("100", id)
		until, err := h.pause("100", id)
		if err != nil || until.Sub(h.db.Now()) != time.Hour {
			t.Errorf("paused until %v, %v", until, err)
		}
		if again, err := h.pause("100", id); err != nil || !again.Equal(until) {
			t.Errorf("pressed twice: %v, %v", again, err)
		}
		start := func() error {
			_, err := h.Verifications.Start(h.t.Context(), h.by, otpcore.StartRequest{Phone: user})
			return err
		}
		wantLimited(t, start(), "phone_paused", time.Hour)
		if err := h.resume("100", id); err != nil {
			t.Fatal(err)
		}
		if err := start(); err != nil {
			t.Errorf("resumed: %v", err)
		}
		if until, err := h.pause("100", id); err != nil || until.Sub(h.db.Now()) != 24*time.Hour {
			t.Errorf("second pause until %v, %v", until, err)
		}
		if err := h.Phones.Unblock(h.t.Context(), h.by, user, ""); err != nil {
			t.Fatal(err)
		}
		if err := start(); err != nil {
			t.Errorf("unblocked: %v", err)
		}
		for _, press := range []func() error{
			func() error { _, err := h.pause("200", id); return err },
			func() error { return h.resume("200", id) },
		} {
			if err := press(); otpcore.KindOf(err) != otpcore.KindNotFound {
				t.Errorf("a stranger's chat: %v", err)
			}
		}
	})
}

func TestGoneChatsComeBack(t *testing.T) {
	inHouse(t, func(h *house) {
		link := h.linkUser("100")
		h.write(func(tx otpcore.Tx) error { return h.Linking.Gone(tx, h.chat("100"), "blocked") })
		if l := h.linkOf(link.ID); l.Status != otpcore.LinkInactive || l.EndReason != "blocked" {
			t.Errorf("link is %s, %s", l.Status, l.EndReason)
		}
		h.expect(h.begin().Verification.ID, "sms:sent")
		h.write(func(tx otpcore.Tx) error { return h.Linking.Back(tx, h.chat("100")) })
		if l := h.linkOf(link.ID); l.Status != otpcore.LinkActive || l.EndReason != "" || !l.EndedAt.IsZero() {
			t.Errorf("link is %+v", l.Link)
		}
		h.expect(h.begin().Verification.ID, "telegram:sent")
	})
}

func TestBlockedBotTurnsToSMSAndForgetsNothing(t *testing.T) {
	inHouse(t, func(h *house) {
		link := h.linkUser("100")
		h.carriers.Of(tg).Script(coretest.RefuseClass(otpcore.ClassBlocked))
		h.expect(h.begin().Verification.ID, "telegram:failed sms:sent")
		if l := h.linkOf(link.ID); l.Status != otpcore.LinkInactive {
			t.Errorf("link is %s", l.Status)
		}
	})
}

func TestStopIsForGood(t *testing.T) {
	inHouse(t, func(h *house) {
		link := h.linkUser("100")
		if n := h.stopChat("100"); n != 1 {
			t.Errorf("%d links stopped", n)
		}
		if n := h.stopChat("100"); n != 0 {
			t.Errorf("%d links stopped again", n)
		}
		h.write(func(tx otpcore.Tx) error { return h.Linking.Back(tx, h.chat("100")) })
		if l := h.linkOf(link.ID); l.Status != otpcore.LinkRevoked || l.EndReason != "stopped" {
			t.Errorf("link is %s, %s", l.Status, l.EndReason)
		}
	})
}

// A chat may show in an answer that it has blocked the bot.
func TestRefusedReplyEndsTheChatsLinks(t *testing.T) {
	inHouse(t, func(h *house) {
		link := h.linkUser("100")
		h.carriers.Of(tg).Script(coretest.RefuseClass(otpcore.ClassBlocked))
		h.write(func(tx otpcore.Tx) error {
			return h.Linking.Reply(tx, h.chat("100"), h.by.Business.ID, otpcore.Message{Text: "Hello"})
		})
		synctest.Wait()
		if l := h.linkOf(link.ID); l.Status != otpcore.LinkInactive || l.EndReason != "blocked" {
			t.Errorf("link is %s, %s", l.Status, l.EndReason)
		}
		h.expect(h.begin().Verification.ID, "sms:sent")
	})
}

func TestRepliesLeaveWithTheirInput(t *testing.T) {
	inHouse(t, func(h *house) {
		message := otpcore.Message{Text: "Hello", Keyboard: otpcore.Keyboard{SharePhone: "Share"}}
		h.write(func(tx otpcore.Tx) error { return h.Linking.Reply(tx, h.chat("100"), h.by.Business.ID, message) })
		sent := h.carriers.Of(tg).Await(1)
		if sent[0].Chat != "100" || sent[0].Message.Text != "Hello" || sent[0].Message.Keyboard.SharePhone != "Share" {
			t.Errorf("sent %+v", sent[0])
		}
		_ = h.db.Write(h.t.Context(), func(tx otpcore.Tx) error {
			_ = h.Linking.Reply(tx, h.chat("100"), h.by.Business.ID, message)
			return otpcore.ErrNotFound
		})
		synctest.Wait()
		if n := len(h.carriers.Of(tg).Sent()); n != 1 {
			t.Errorf("%d replies left, one of them without its input", n)
		}
	})
}

// A reply has no other channel to go to: it is tried again for as long as it is
// of use, ever more rarely.
func TestReplyIsRepeated(t *testing.T) {
	inHouse(t, func(h *house) {
		asked := h.clocked(tg, coretest.RefuseClass(otpcore.ClassProviderDown))
		h.write(func(tx otpcore.Tx) error {
			return h.Linking.Reply(tx, h.chat("100"), h.by.Business.ID, otpcore.Message{Text: "Hello"})
		})
		time.Sleep(time.Hour)
		tries := asked()
		waits := []time.Duration{1, 3, 9, 18, 36, 72, 144, 288} // seconds, and up to one more
		if len(tries) != len(waits)+1 {
			t.Fatalf("%d tries, want %d", len(tries), len(waits)+1)
		}
		for i, want := range waits {
			want *= time.Second
			if got := tries[i+1] - tries[i]; got < want || got > want+2*time.Second {
				t.Errorf("try %d came after %v, want %v", i+2, got, want)
			}
		}
		if last := tries[len(tries)-1] - tries[0]; last > 10*time.Minute {
			t.Errorf("the last try came after %v", last)
		}
	})
}
