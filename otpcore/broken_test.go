package otpcore_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

// trap breaks every decision that asks it for a way of the business.
type trap struct {
	otpcore.Carriers
	mu    sync.Mutex
	of    otpcore.ID
	asked []time.Time
}

func (p *trap) set(of otpcore.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.of = of
}

func (p *trap) breaks() []time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

func (p *trap) Way(business otpcore.ID, mode otpcore.Mode, ch otpcore.Channel, region string) otpcore.Way {
	p.mu.Lock()
	defer p.mu.Unlock()
	if business == p.of {
		p.asked = append(p.asked, time.Now())
		panic("no way")
	}
	return p.Carriers.Way(business, mode, ch, region)
}

// trapped opens the house again with a trap in it and with a log.
func (h *house) trapped() (*trap, *bytes.Buffer) {
	h.t.Helper()
	h.stop()
	h.Dispatcher.Close(h.t.Context())
	p, log := &trap{Carriers: h.carriers}, new(bytes.Buffer)
	h.Core = otpcore.New(otpcore.Config{
		Ledger: h.db, Reader: h.db, Vault: h.vault, Carriers: p, Renderer: coretest.NewRenderer(), Phones: coretest.NewPhones(),
		Rules: otpcore.DefaultRules(), Boot: h.boot, Logger: slog.New(slog.NewTextHandler(log, nil)),
	})
	h.db.OnCommit(h.Committed)
	h.run()
	return p, log
}

// A case whose waking panics is tried five times and then given up. Nobody else
// waits for it.
func TestCaseThatBreaksIsGivenUp(t *testing.T) {
	inHouse(t, func(h *house) {
		p, log := h.trapped()
		shop, other := h.by, h.business("Other", otpcore.NewID(otpcore.PrefixBot, time.Now()))
		asked := h.clocked(sm, coretest.Accept("sms", "s1"))
		broken := h.begin(waiting)
		var late []time.Duration
		h.by = other
		for i := range 8 { // due before, between and after the tries
			after := 44*time.Second + time.Duration(i)*time.Second + 100*time.Millisecond
			late = append(late, after)
			h.begin(waiting, toPhone(i), func(r *otpcore.StartRequest) {
				r.Channels, r.FallbackAfter = []otpcore.Channel{tg, sm}, &after
			})
		}
		p.set(shop.Business.ID)
		begin := time.Now()
		time.Sleep(time.Minute)

		got := p.breaks()
		if len(got) != 5 || got[0].Sub(begin) != 45*time.Second {
			t.Fatalf("%d tries, the first after %v, want five from the fallback on", len(got), got[0].Sub(begin))
		}
		for i := range 4 {
			if pause := got[i+1].Sub(got[i]); pause < time.Second {
				t.Errorf("try %d came %v after the one before", i+2, pause)
			}
		}
		if sent := asked(); len(sent) != len(late) {
			t.Errorf("%d SMS of others, want %d", len(sent), len(late))
		} else {
			for i := range late {
				if sent[i] != late[i] {
					t.Errorf("SMS of another case left after %v, want %v", sent[i], late[i])
				}
			}
		}
		h.by = shop
		v := h.view(broken.Verification.ID).Verification
		if v.Status != otpcore.Failed || v.EndReason != otpcore.EndUndeliverable || v.Seed != nil {
			t.Errorf("the broken one is %s, %s", v.Status, v.EndReason)
		}
		if n := strings.Count(log.String(), "level=ERROR"); n != 1 || !strings.Contains(log.String(), string(v.ID)) {
			t.Errorf("%d errors in the log, want one that names the case:\n%s", n, log)
		}
		time.Sleep(time.Hour)
		if n := len(p.breaks()); n != 5 {
			t.Errorf("%d tries an hour later", n)
		}
	})
}

// What breaks at the end of its time has expired, and no failure is told.
func TestCaseThatBreaksAtItsEndExpires(t *testing.T) {
	w := newWorld(t)
	w.mustStart(draft(sm))
	w.accept("m1")
	w.pass(180 * time.Second)
	_ = w.do(func(c *otpcore.Case) error { w.desk.Bury(c); return nil })
	w.expect("sms:sent")
	if w.v.Status != otpcore.Expired || w.v.Seed != nil || !w.v.WakeAt().IsZero() {
		t.Errorf("the verification is %s", w.v.Status)
	}
}

// A message that breaks ends its verification only if it was the last one that
// could carry the code.
func TestMessageThatBreaks(t *testing.T) {
	for _, other := range []bool{false, true} {
		w := newWorld(t)
		w.link(tg)
		w.mustStart(draft(tg, sm))
		trail := "telegram:failed"
		if other {
			w.accept("m1")
			w.pass(30 * time.Second)
			if err := w.resend(tg); err != nil {
				t.Fatal(err)
			}
			trail = "telegram:sent telegram:failed"
		}
		w.pass(15 * time.Second) // the end of its lease
		if other {
			w.v.FallbackAt = w.now.Add(time.Second)
		}
		_ = w.do(func(c *otpcore.Case) error { w.desk.Bury(c); return nil })
		w.expect(trail)
		if d := w.deliveries[len(w.deliveries)-1]; !d.DueAt.IsZero() || d.Error == nil || d.FailedAt != w.now {
			t.Errorf("the delivery is %+v", *d)
		}
		if want := map[bool]otpcore.Status{false: otpcore.Failed, true: otpcore.Pending}[other]; w.v.Status != want {
			t.Errorf("another message is there: %v, the verification is %s, want %s", other, w.v.Status, want)
		}
	}
}
