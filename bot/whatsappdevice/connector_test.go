//go:build !nowhatsmeow

package whatsappdevice

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mau.fi/whatsmeow/types/events"

	"otpravka/internal/sim/fault"
	"otpravka/otpcore"
)

func TestDeviceReconnects(t *testing.T) {
	d := newLinked(t)
	d.change(func() { d.states = nil })
	wa.Cut()
	d.until("connected")
	anna := newPhone("Anna")
	d.sends(to(anna, "again"))
	d.shows(anna, "again")
}

// TestSilence: a keep-alive without an answer sends what waits to the next
// channel, and several end the connection.
func TestSilence(t *testing.T) {
	d := newLinked(t)
	s := d.live.Load()
	s.events <- &events.KeepAliveTimeout{ErrorCount: 1}
	d.until("reconnecting")
	if e := d.refusal(to(newPhone("Anna"), "x")); e.Class != otpcore.ClassProviderDown {
		t.Errorf("refused by %v", e)
	}
	s.events <- &events.KeepAliveRestored{}
	d.until("connected")
	d.sends(to(newPhone("Boris"), "back"))
	d.must(d.owner.WaitSettled(soon(t)))
	d.change(func() { d.states = nil })
	s.events <- &events.KeepAliveTimeout{ErrorCount: mostSilences}
	d.until("connected")
	if d.live.Load() == s {
		t.Error("the silent connection is in use still")
	}
}

func TestServerThatIsAway(t *testing.T) {
	d := newLinked(t)
	d.must(d.halt())
	wa.Fail(fault.Rule{Method: "login", Target: d.owner.Number(), Status: 503})
	d.states = nil
	d.begin()
	d.until("connected")
}

// TestDeviceThatIsUnlinked keeps the bot, has nobody write to it, and can be
// linked again, to the same phone or to another.
func TestDeviceThatIsUnlinked(t *testing.T) {
	d := newLinked(t)
	d.writes(newPhone("Anna"), "hello, shop")
	d.hears()
	d.must(d.owner.WaitSettled(soon(t)))
	d.owner.Unlink()
	d.until("logged_out")
	var left int
	d.must(d.keys.db.QueryRowContext(t.Context(),
		"SELECT (SELECT count(*) FROM whatsmeow_device) + (SELECT count(*) FROM whatsmeow_privacy_tokens) + (SELECT count(*) FROM whatsmeow_lid_map)").Scan(&left))
	if left != 0 {
		t.Errorf("%d rows are left of the device", left)
	}
	if d.is.Username != "" {
		t.Errorf("people are still told to write to %s", d.is.Username)
	}
	if e := d.refusal(to(newPhone("Anna"), "x")); e.Class != otpcore.ClassProviderDown {
		t.Errorf("refused by %v", e)
	}
	d.owner = nil
	d.must(d.halt())
	d.states = nil
	d.begin()
	d.until("logged_out") // it is not forgotten over a restart
	other := newPhone("Other")
	shown, err := d.Pair(soon(t), otpcore.PairRequest{})
	d.must(err)
	d.must(other.Scan(soon(t), shown.QR.Reveal()))
	d.until("connected")
	d.owner = other
}

func TestRefusedLogins(t *testing.T) {
	for _, c := range []struct {
		rule  fault.Rule
		state string
	}{
		{fault.Rule{Status: 401}, "logged_out"},
		{fault.Rule{Status: 403}, "logged_out"},
		{fault.Rule{Status: 406}, "logged_out"},
		{fault.Rule{Status: 405, Times: 2}, "outdated"},
	} {
		t.Run(fmt.Sprint(c.rule.Status), func(t *testing.T) {
			d := newLinked(t)
			d.must(d.halt())
			c.rule.Method, c.rule.Target = "login", d.owner.Number()
			wa.Fail(c.rule)
			d.states = nil
			d.begin()
			if c.state == "outdated" {
				err := d.stopped()
				if fall := fallOf(err); fall == nil || string(fall.State) != c.state || fall.Text == "" {
					t.Errorf("fell by %v", err)
				}
				return
			}
			d.until(c.state)
		})
	}
}

// TestDeviceThatStaysAwayKeepsNoTexts: nobody can ask it for them, and whoever
// finds the file months later must not have what they need but for the key.
func TestDeviceThatStaysAwayKeepsNoTexts(t *testing.T) {
	for state, rule := range map[string]fault.Rule{
		"logged_out": {Status: 401},
		"banned":     {Status: 402, Description: "104", RetryAfter: time.Hour},
		"outdated":   {Status: 405, Times: 2},
	} {
		t.Run(state, func(t *testing.T) {
			d := newLinked(t)
			d.must(d.halt())
			d.must(d.keys.remember(t.Context(), d.bot.ID, outgoing{id: "3EB0", content: []byte("sealed")}))
			rule.Method, rule.Target = "login", d.owner.Number()
			wa.Fail(rule)
			d.states = nil
			d.begin()
			if state == "outdated" {
				_ = d.stopped()
			} else {
				d.until(state)
			}
			if m, found, err := d.keys.sent(t.Context(), d.bot.ID, "3EB0"); err != nil || !found || m.content != nil {
				t.Errorf("found %v, %v, with %q", found, err, m.content)
			}
		})
	}
}

// TestBanOfAWhile waits the ban out, over a restart too, and comes back.
func TestBanOfAWhile(t *testing.T) {
	d := newLinked(t)
	d.must(d.halt())
	ban := wa.Fail(fault.Rule{Method: "login", Target: d.owner.Number(), Status: 402, Description: "104", RetryAfter: time.Hour})
	d.states = nil
	d.begin()
	d.until("banned")
	d.must(d.halt())
	d.states = nil
	d.begin()
	d.until("banned")
	if ban.Hits() != 1 {
		t.Errorf("%d tries during the ban", ban.Hits())
	}
	d.must(d.halt())
	known, err := d.keys.device(t.Context(), d.bot.ID)
	d.must(err)
	if !strings.Contains(known.reason, "the same message too often") {
		t.Errorf("the reason is %q", known.reason)
	}
	known.until = time.Now().Add(300 * time.Millisecond)
	d.must(d.keys.keep(t.Context(), d.bot.ID, known))
	d.states = nil
	d.begin()
	d.until("connected")
}

// TestDeviceInUseElsewhere: two with the same keys would throw each other out for
// ever, so the one that was thrown out stays away.
func TestDeviceInUseElsewhere(t *testing.T) {
	d := newLinked(t)
	keys, err := d.keys.stored(t.Context(), *d.live.Load().client.Store.ID)
	d.must(err)
	other := d.newSession(keys)
	d.must(other.client.ConnectContext(other.ctx))
	t.Cleanup(func() { other.close(true) })
	if fall := fallOf(d.stopped()); fall == nil || fall.State != otpcore.BotReplaced {
		t.Errorf("fell by %v", fall)
	}
}

func TestEverySentenceSaysSomething(t *testing.T) {
	at := time.Date(2026, 11, 26, 18, 0, 0, 0, time.UTC)
	all := []string{unlinkedText, silentText, replacedText, outdatedText, reachOutText(at), banText(999, at)}
	for _, reason := range []events.ConnectFailureReason{401, 403, 406} {
		all = append(all, logoutText(reason))
	}
	for code := range bans {
		all = append(all, banText(code, at))
	}
	for i, text := range all {
		if !strings.HasSuffix(text, ".") || slices.Index(all, text) != i {
			t.Errorf("%q", text)
		}
	}
}
