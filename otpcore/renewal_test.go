package otpcore_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

const day = 24 * time.Hour

// offers are the offers to renew that the chat channel carried so far.
func (h *house) offers() []otpcore.Outgoing {
	synctest.Wait()
	var offers []otpcore.Outgoing
	for _, o := range h.carriers.Of(tg).Sent() {
		if strings.HasPrefix(o.Message.Text, "renew ") {
			offers = append(offers, o)
		}
	}
	return offers
}

func TestRenewalIsOfferedFromFifteenDaysBefore(t *testing.T) {
	for _, tt := range []struct {
		name   string
		maxAge time.Duration // zero: 90 days
		age    time.Duration
		want   int
	}{
		{"young", 0, 75*day - time.Minute, 0},
		{"fifteen days left", 0, 75*day + time.Minute, 1},
		{"last day", 0, 90*day - time.Minute, 1},
		{"too old to carry anything", 0, 91 * day, 0},
		{"short-lived links, young", 9 * day, 6*day - time.Minute, 0},
		{"short-lived links, three days left", 9 * day, 6*day + time.Minute, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inHouse(t, func(h *house) {
				h.by.Business.Settings.LinkMaxAge = tt.maxAge
				h.linkUser("100")
				h.away(tt.age)
				h.begin()
				time.Sleep(5 * time.Second)
				offers := h.offers()
				if len(offers) != tt.want {
					t.Fatalf("%d offers, want %d", len(offers), tt.want)
				}
				for _, o := range offers {
					if o.Chat != "100" || !strings.Contains(o.Message.Text, "phone=+7 701 •••67") || strings.Contains(o.Message.Text, user) {
						t.Errorf("offer %+v", o)
					}
					if first := h.carriers.Of(tg).Sent()[0]; coretest.CodeIn(first) == "" {
						t.Errorf("the code does not come first but %q", first.Message.Text)
					}
				}
			})
		})
	}
}

func TestRenewalIsOfferedOnceADay(t *testing.T) {
	inHouse(t, func(h *house) {
		h.linkUser("100")
		h.away(80 * day)
		for _, want := range []int{1, 1, 2} {
			s := h.begin()
			time.Sleep(5 * time.Second)
			sent := h.carriers.Of(tg).Sent()
			for _, o := range sent {
				if code := coretest.CodeIn(o); code != "" {
					h.check(s.Verification.ID, code)
				}
			}
			if n := len(h.offers()); n != want {
				t.Fatalf("%d offers, want %d", n, want)
			}
			time.Sleep(13 * time.Hour)
		}
	})
}

// The offer needs no question before it: one tap renews, hours later as well.
func TestOneTapRenews(t *testing.T) {
	inHouse(t, func(h *house) {
		link := h.linkUser("100")
		h.away(89 * day)
		h.begin()
		time.Sleep(3 * time.Hour)
		a := h.share("100", user)
		if a.Outcome != otpcore.AcceptLinked || !a.Renewed || a.Link.ID != link.ID || len(a.Replaced) != 0 {
			t.Fatalf("acceptance %+v", a)
		}
		h.away(30 * day)
		h.expect(h.begin().Verification.ID, "telegram:sent")
		if n := len(h.offers()); n != 1 {
			t.Errorf("%d offers, want the one before the renewal", n)
		}
	})
}

// TestT22StaleLink: a link that nobody renewed carries nothing any more. The
// code goes by SMS, the business hears of it, and sharing the number once more
// brings the same code.
func TestT22StaleLink(t *testing.T) {
	inHouse(t, func(h *house) {
		h.linkUser("100")
		h.away(91 * day)
		s := h.begin()
		h.expect(s.Verification.ID, "sms:sent")
		stale := 0
		for _, e := range h.view(s.Verification.ID).Timeline {
			if e.Type == otpcore.EventLinkStale {
				stale++
			}
		}
		if stale != 1 {
			t.Errorf("%d events link.stale, want 1", stale)
		}
		code := coretest.CodeIn(h.carriers.Of(sm).Await(1)[0])
		if a := h.share("100", user); a.Outcome != otpcore.AcceptLinked || !a.CodeSent {
			t.Fatalf("acceptance %+v", a)
		}
		if got := coretest.CodeIn(h.carriers.Of(tg).Await(1)[0]); got != code {
			t.Errorf("the chat got %s, the SMS %s", got, code)
		}
	})
}

func TestNumberChangeInALinkedChat(t *testing.T) {
	inHouse(t, func(h *house) {
		old := h.linkUser("100")
		a := h.share("100", stranger)
		if a.Outcome != otpcore.AcceptLinked || a.Renewed || a.Former.E164() != user || len(a.Replaced) != 0 {
			t.Fatalf("acceptance %+v", a)
		}
		if l := h.linkOf(old.ID); l.Status != otpcore.LinkRevoked || l.EndReason != "replaced" {
			t.Errorf("old link is %s, %s", l.Status, l.EndReason)
		}
		h.expect(h.begin().Verification.ID, "sms:sent")
		s := h.begin(func(r *otpcore.StartRequest) { r.Phone = stranger })
		h.expect(s.Verification.ID, "telegram:sent")
	})
}
