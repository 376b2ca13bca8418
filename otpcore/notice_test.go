package otpcore_test

import (
	"testing"
	"time"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

// gone and back are notices of the chat network, dated by its own clock.
func (h *house) gone(at time.Time) {
	h.t.Helper()
	chat := h.chat("100")
	chat.At = at
	h.write(func(tx otpcore.Tx) error { return h.Linking.Gone(tx, chat, "blocked") })
}

func (h *house) back(at time.Time) {
	h.t.Helper()
	chat := h.chat("100")
	chat.At = at
	h.write(func(tx otpcore.Tx) error { return h.Linking.Back(tx, chat) })
}

// A code that waits because the bot was blocked comes with the unblocking.
func TestUnblockingDeliversWhatWaits(t *testing.T) {
	inHouse(t, func(h *house) {
		h.linkUser("100")
		h.gone(time.Time{})
		s := h.begin(waiting, func(r *otpcore.StartRequest) { r.Channels = []otpcore.Channel{tg} })
		h.expect(s.Verification.ID, "telegram:waiting_link")
		h.back(time.Time{})
		h.expect(s.Verification.ID, "telegram:skipped telegram:sent")
		code := coretest.CodeIn(h.carriers.Of(tg).Await(1)[0])
		if r := h.check(s.Verification.ID, code); !r.Valid {
			t.Errorf("check: %+v", r)
		}
		h.back(time.Time{})
		if n := len(h.carriers.Of(tg).Sent()); n != 1 {
			t.Errorf("%d messages after being unblocked twice, want 1", n)
		}
	})
}

// A code that the chat refused and an SMS carries comes to the chat as well.
func TestUnblockingBringsTheCodeOfAnSMS(t *testing.T) {
	inHouse(t, func(h *house) {
		h.linkUser("100")
		h.carriers.Of(tg).Script(coretest.RefuseClass(otpcore.ClassBlocked))
		s := h.begin()
		h.expect(s.Verification.ID, "telegram:failed sms:sent")
		h.back(time.Time{})
		h.expect(s.Verification.ID, "telegram:failed sms:sent telegram:sent")
	})
}

func TestNoticesAreOrderedByTheirDates(t *testing.T) {
	second := func(n int) time.Time { return started.Add(time.Duration(n) * time.Second) }
	for name, tt := range map[string]struct {
		notices func(*house)
		want    otpcore.LinkStatus
	}{
		"blocked":                     {func(h *house) { h.gone(second(1)) }, otpcore.LinkInactive},
		"unblocked":                   {func(h *house) { h.gone(second(1)); h.back(second(2)) }, otpcore.LinkActive},
		"the block comes late":        {func(h *house) { h.back(second(2)); h.gone(second(1)) }, otpcore.LinkActive},
		"the unblocking comes late":   {func(h *house) { h.gone(second(2)); h.back(second(1)) }, otpcore.LinkInactive},
		"within one second, in turn":  {func(h *house) { h.gone(second(1)); h.back(second(1)) }, otpcore.LinkActive},
		"without a date":              {func(h *house) { h.back(second(2)); h.gone(time.Time{}) }, otpcore.LinkInactive},
		"late, after a restart":       {func(h *house) { h.back(second(2)); h.close(); h.open(); h.gone(second(1)) }, otpcore.LinkActive},
		"late twice":                  {func(h *house) { h.gone(second(3)); h.back(second(1)); h.back(second(2)) }, otpcore.LinkInactive},
		"blocked before it was known": {func(h *house) { h.gone(second(-1)) }, otpcore.LinkActive},
	} {
		t.Run(name, func(t *testing.T) {
			inHouse(t, func(h *house) {
				link := h.linkUser("100")
				h.back(second(0))
				tt.notices(h)
				if l := h.linkOf(link.ID); l.Status != tt.want {
					t.Errorf("link is %s, want %s", l.Status, tt.want)
				}
			})
		})
	}
}

// A contact that was shared before the block, and comes in after it, renews
// the link and wakes nothing.
func TestLateContactDoesNotUnblock(t *testing.T) {
	inHouse(t, func(h *house) {
		link := h.linkUser("100")
		h.gone(started.Add(time.Minute))
		chat := h.chat("100")
		chat.At = started
		var a otpcore.Acceptance
		h.write(func(tx otpcore.Tx) (err error) {
			a, err = h.Linking.Accept(tx, chat, otpcore.NewPhone(user, "KZ"))
			return err
		})
		if a.Outcome != otpcore.AcceptLinked || a.CodeSent {
			t.Errorf("acceptance %+v", a)
		}
		if l := h.linkOf(link.ID); l.Status != otpcore.LinkInactive {
			t.Errorf("link is %s", l.Status)
		}
		h.back(started.Add(2 * time.Minute))
		if l := h.linkOf(link.ID); l.Status != otpcore.LinkActive {
			t.Errorf("link is %s after the unblocking", l.Status)
		}
	})
}
