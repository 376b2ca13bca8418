package otpcore_test

import (
	"testing"
	"time"

	"otpravka/otpcore"
)

const (
	tg = otpcore.Telegram
	wa = otpcore.WhatsApp
	sm = otpcore.SMS
)

func TestRouteOpensTheFirstChannelThatCan(t *testing.T) {
	old := func(l *otpcore.Link) { l.VerifiedAt = started.Add(-91 * 24 * time.Hour) }
	gone := func(l *otpcore.Link) { l.Status = otpcore.LinkInactive }
	as := func(*otpcore.Link) {}
	for _, tt := range []struct {
		name     string
		route    []otpcore.Channel
		links    map[otpcore.Channel]func(*otpcore.Link)
		on       []otpcore.Channel
		unlinked otpcore.WhenUnlinked
		change   func(*otpcore.Verification)
		trail    string
		skipped  map[string]int // noted reasons
		fallback bool           // is armed
	}{
		{name: "linked", route: []otpcore.Channel{tg, sm}, links: map[otpcore.Channel]func(*otpcore.Link){tg: as}, trail: "telegram:sending", fallback: true},
		{name: "unlinked, sms now", route: []otpcore.Channel{tg, sm}, trail: "sms:sending", skipped: map[string]int{"no_link": 1}},
		{name: "unlinked, wait", route: []otpcore.Channel{tg, sm}, unlinked: otpcore.Wait, trail: "telegram:waiting_link", skipped: map[string]int{"no_link": 1}, fallback: true},
		{name: "unlinked twice, wait", route: []otpcore.Channel{tg, wa, sm}, unlinked: otpcore.Wait, trail: "telegram:waiting_link", skipped: map[string]int{"no_link": 2}, fallback: true},
		{name: "second chat linked, wait", route: []otpcore.Channel{tg, wa, sm}, links: map[otpcore.Channel]func(*otpcore.Link){wa: as}, unlinked: otpcore.Wait, trail: "whatsapp:sending", skipped: map[string]int{"no_link": 1}, fallback: true},
		{name: "second chat linked, sms now", route: []otpcore.Channel{tg, wa, sm}, links: map[otpcore.Channel]func(*otpcore.Link){wa: as}, trail: "whatsapp:sending", skipped: map[string]int{"no_link": 1}, fallback: true},
		{name: "sms only", route: []otpcore.Channel{sm}, trail: "sms:sending"},
		{name: "sms first", route: []otpcore.Channel{sm, tg}, links: map[otpcore.Channel]func(*otpcore.Link){tg: as}, trail: "sms:sending", fallback: true},
		{name: "chat only, unlinked", route: []otpcore.Channel{tg}, unlinked: otpcore.Wait, trail: "telegram:waiting_link", skipped: map[string]int{"no_link": 1}},
		{name: "chats only, one linked", route: []otpcore.Channel{tg, wa}, links: map[otpcore.Channel]func(*otpcore.Link){tg: as}, unlinked: otpcore.Wait, trail: "telegram:sending", fallback: true},
		{name: "not configured any more", route: []otpcore.Channel{tg, sm}, on: []otpcore.Channel{sm}, links: map[otpcore.Channel]func(*otpcore.Link){tg: as}, trail: "sms:sending", skipped: map[string]int{"not_configured": 1}},
		{name: "link too old", route: []otpcore.Channel{tg, sm}, links: map[otpcore.Channel]func(*otpcore.Link){tg: old}, trail: "sms:sending", skipped: map[string]int{"link_stale": 1}},
		{name: "link inactive", route: []otpcore.Channel{tg, sm}, links: map[otpcore.Channel]func(*otpcore.Link){tg: gone}, trail: "sms:sending", skipped: map[string]int{"link_inactive": 1}},
		{
			name: "proof too weak", route: []otpcore.Channel{tg, sm}, links: map[otpcore.Channel]func(*otpcore.Link){tg: as},
			change: func(v *otpcore.Verification) { v.LinkProof = otpcore.ProofSMS }, trail: "sms:sending", skipped: map[string]int{"link_unproven": 1},
		},
		{
			name: "proof strong enough", route: []otpcore.Channel{tg, sm}, links: map[otpcore.Channel]func(*otpcore.Link){tg: func(l *otpcore.Link) { l.Proof = otpcore.ProofSMS }},
			change: func(v *otpcore.Verification) { v.LinkProof = otpcore.ProofSMS }, trail: "telegram:sending", fallback: true,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, tt.on...)
			for ch, change := range tt.links {
				change(w.link(ch))
			}
			v := draft(tt.route...)
			if tt.unlinked != "" {
				v.WhenUnlinked = tt.unlinked
			}
			if tt.change != nil {
				tt.change(&v)
			}
			w.mustStart(v)
			w.expect(tt.trail)
			if got := !w.v.FallbackAt.IsZero(); got != tt.fallback {
				t.Errorf("fallback armed: %v, want %v", got, tt.fallback)
			}
			for _, reason := range []string{"no_link", "link_inactive", "link_stale", "link_unproven", "not_configured", "no_free_text", "too_late"} {
				if got := w.noted(otpcore.NoteDeliverySkipped, reason); got != tt.skipped[reason] {
					t.Errorf("%d skips for %s, want %d", got, reason, tt.skipped[reason])
				}
			}
		})
	}
}

func TestContextSkipsChannelsOfFixedTexts(t *testing.T) {
	w := newWorld(t)
	w.carriers.Of(wa).SetCapabilities(otpcore.Capabilities{Receipts: true})
	w.link(wa)
	v := draft(wa, sm)
	v.Context = map[string]otpcore.Param{"payee": {Text: "Asel"}}
	w.mustStart(v)
	w.expect("sms:sending")
	if w.noted(otpcore.NoteDeliverySkipped, "no_free_text") != 1 {
		t.Error("the skip is not noted")
	}
}

func TestStartFailsWhenNothingCarries(t *testing.T) {
	w := newWorld(t)
	for _, ch := range otpcore.Channels {
		w.carriers.TurnOff(ch, "Off.")
	}
	w.mustStart(draft(tg, sm))
	if w.v.Status != otpcore.Failed || w.v.EndReason != otpcore.EndUndeliverable {
		t.Errorf("verification is %s, %s", w.v.Status, w.v.EndReason)
	}
}

func TestUnreadableChatAddressGoesToTheNextChannel(t *testing.T) {
	w := newWorld(t)
	w.link(tg).Chat.Sealed = []byte("sealed by a key that is gone")
	w.mustStart(draft(tg, sm))
	w.expect("telegram:failed sms:sending")
}

func TestLaterLinkDeliversTheSameCode(t *testing.T) {
	for _, tt := range []struct {
		name  string
		route []otpcore.Channel
		wait  otpcore.WhenUnlinked
		at    time.Duration
		link  func(*otpcore.Link)
		trail string
	}{
		{"held", []otpcore.Channel{tg, sm}, otpcore.Wait, 10 * time.Second, nil, "telegram:skipped telegram:sending"},
		{"sms on its way", []otpcore.Channel{tg, sm}, otpcore.SMSNow, 10 * time.Second, nil, "sms:sending telegram:sending"},
		{"just before the quiet part", []otpcore.Channel{tg}, otpcore.Wait, 150 * time.Second, nil, "telegram:skipped telegram:sending"},
		{"in the quiet part", []otpcore.Channel{tg}, otpcore.Wait, 151 * time.Second, nil, "telegram:waiting_link"},
		{"not of the route", []otpcore.Channel{sm}, otpcore.SMSNow, 10 * time.Second, nil, "sms:sending"},
		{
			"another bot",
			[]otpcore.Channel{tg},
			otpcore.Wait, 10 * time.Second,
			func(l *otpcore.Link) { l.BotID = otpcore.NewID(otpcore.PrefixBot, started) }, "telegram:waiting_link",
		},
		{"expired", []otpcore.Channel{tg}, otpcore.Wait, 180 * time.Second, nil, "telegram:waiting_link"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			v := draft(tt.route...)
			v.WhenUnlinked = tt.wait
			w.mustStart(v)
			w.now = started.Add(tt.at)
			l := w.link(tg)
			if tt.link != nil {
				tt.link(l)
			}
			_ = w.do(func(c *otpcore.Case) error { w.desk.Linked(c, c.Links[len(c.Links)-1]); return nil })
			w.expect(tt.trail)
		})
	}
}

func TestLinkedTwiceDeliversOnce(t *testing.T) {
	w := newWorld(t)
	v := draft(tg)
	v.WhenUnlinked = otpcore.Wait
	w.mustStart(v)
	first := w.link(tg)
	linked := func() {
		_ = w.do(func(c *otpcore.Case) error { w.desk.Linked(c, c.Links[len(c.Links)-1]); return nil })
	}
	linked()
	linked()
	// The chat shares its number again, and a new row replaces the link's.
	first.Status = otpcore.LinkRevoked
	w.links[0].Status = otpcore.LinkRevoked
	w.link(tg).Chat = first.Chat
	linked()
	w.expect("telegram:skipped telegram:sending")
}

func TestRowsOfAnOlderEpochAreDead(t *testing.T) {
	w := newWorld(t)
	v := draft(tg)
	v.WhenUnlinked = otpcore.Wait
	w.mustStart(v)
	code := w.right()
	w.epoch++
	w.link(tg)
	_ = w.do(func(c *otpcore.Case) error { w.desk.Linked(c, c.Links[0]); return nil })
	w.expect("telegram:waiting_link")
	w.pass(40 * time.Second)
	if err := w.resend(""); otpcore.CodeOf(err) != "verification_ended" {
		t.Errorf("resend: %v", err)
	}
	if r := w.check(code); r.Reason != otpcore.ReasonExpired {
		t.Errorf("check: %+v", r)
	}
}
