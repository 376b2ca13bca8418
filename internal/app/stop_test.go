package app_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"otpravka/internal/app"
	"otpravka/internal/app/admin"
	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/smssim"
	"otpravka/otpcore"
)

// Of eighty sends some are in a provider's hands when the server is told to
// stop, and some have not left yet. All of them arrive, each once.
func TestStopLosesNoSend(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	shop.moreKeys(3)
	w.sms.Fail(fault.Rule{Times: fault.Always, Delay: 500 * time.Millisecond})
	const sends = 80
	phone := func(i int) string { return fmt.Sprintf("+77010000%03d", i) }
	ids := make([]string, sends)
	for i := range sends {
		w.sms.ReportsFor(phone(i), smssim.Reports{Never: true})
		ids[i] = shop.begin(fields{"phone": phone(i), "channels": []string{"sms"}}).ID
	}
	w.must(w.sms.WaitCalls(w.ctx(), 10))
	w.stop()
	if t.Failed() {
		t.FailNow()
	}
	w.sms.ClearFaults()
	w.start()
	for i, id := range ids {
		w.waitSMS(phone(i))
		shop.settled(id, "sms:sent")
	}
	w.stop()
	for i := range sends {
		if n := len(w.sms.Inbox(phone(i))); n != 1 {
			t.Errorf("%d messages of send %d", n, i)
		}
	}
}

func TestStopAtOnceIsNoError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 3 {
		w.stop() // reports whatever app.Run returns
		w.start()
	}
	w.stop()
	if _, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://")); err == nil {
		t.Error("the port is still open")
	}
}

func TestWorkGoesOnAfterARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	shop.addBot(1)
	anna := shop.link(goodPhone)
	v := shop.begin(fields{"phone": goodPhone, "channels": []string{"telegram"}})
	code := shop.inChat(anna).Code()
	w.stop()
	w.start()
	w.must(shop.bot.WaitPolling(w.ctx()))
	if c := shop.check(v.ID, fields{"code": code}); !c.Valid {
		t.Errorf("the code of before the restart: %s", c.Reason)
	}
	again := shop.begin(fields{"phone": goodPhone, "channels": []string{"telegram"}})
	if c := shop.check(again.ID, fields{"code": shop.inChat(anna, code).Code()}); !c.Valid {
		t.Errorf("the code of after the restart: %s", c.Reason)
	}
}

func TestBusinessesAreMadeBesideTheServerAndWithout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	beside := w.business("Beside")
	w.stop()
	without := w.business("Without")
	w.start()
	for _, s := range []*shop{beside, without} {
		if a := s.ask("GET", "/v1/settings", nil); a.status != 200 {
			t.Errorf("settings: %d %s", a.status, a.body)
		}
	}
	var names []string
	w.must(app.Operate(w.ctx(), w.cfg, func(op app.Operator) error {
		all, err := op.ListBusinesses(w.ctx(), struct{}{})
		for _, b := range all {
			names = append(names, b.Name)
		}
		return err
	}))
	if strings.Join(names, " ") != "Beside Without" {
		t.Errorf("businesses are %v", names)
	}
	// A refusal is the same sentence on both ways in.
	refused := func() string {
		err := app.Operate(w.ctx(), w.cfg, func(op app.Operator) error {
			_, err := op.CreateBusiness(w.ctx(), admin.NewBusiness{Name: "", Settings: otpcore.Settings{}})
			return err
		})
		if otpcore.KindOf(err) != otpcore.KindInvalid {
			t.Errorf("a business without a name: %v", err)
		}
		return otpcore.CodeOf(err)
	}
	running := refused()
	w.stop()
	if alone := refused(); alone != running || alone != "name_invalid" {
		t.Errorf("refused as %q and %q", running, alone)
	}
}
