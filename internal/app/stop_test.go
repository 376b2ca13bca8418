package app_test

import (
	"bufio"
	"context"
	"errors"
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
func TestStopLosesNoSend(t *testing.T) { eachDatabase(t, stopLosesNoSend) }

func stopLosesNoSend(t *testing.T, on func(*app.Config)) {
	w := newWorld(t, on)
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

// A provider that takes a message and says nothing, and a client that never
// sends the rest of its request, cannot keep the server from stopping in time.
// What was answered is there after it, and its code arrives.
func TestStopIsBounded(t *testing.T) {
	t.Parallel()
	const within = 2 * time.Second
	w := newWorld(t, func(cfg *app.Config) { cfg.StopWithin = within })
	shop := w.business("Shop")
	w.sms.Fail(fault.Rule{Times: fault.Always, Delay: patience})
	answered := shop.begin(fields{"phone": goodPhone, "channels": []string{"sms"}})
	w.must(w.sms.WaitCalls(w.ctx(), 1))
	conn := w.dial()
	_, err := fmt.Fprintf(conn, "POST /v1/verifications HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"+
		"Content-Type: application/json\r\nContent-Length: 40\r\nExpect: 100-continue\r\n\r\n", shop.keys[0])
	w.must(err)
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "100") {
		t.Fatalf("the body is not asked for: %q, %v", line, err)
	}

	began := time.Now()
	if err := w.end(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("ended with %v, want that a request was cut off", err)
	}
	if took := time.Since(began); took > within+patience/2 {
		t.Errorf("stopped after %v, want within %v", took, within)
	}
	w.sms.ClearFaults()
	w.start()
	w.waitSMS(goodPhone)
	if v := shop.get(answered.ID); v.Status != "pending" {
		t.Errorf("what was answered is %s", v.Status)
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

func TestWorkGoesOnAfterARestart(t *testing.T) { eachDatabase(t, workGoesOnAfterARestart) }

func workGoesOnAfterARestart(t *testing.T, on func(*app.Config)) {
	w := newWorld(t, on)
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
	eachDatabase(t, businessesAreMadeBesideTheServerAndWithout)
}

func businessesAreMadeBesideTheServerAndWithout(t *testing.T, on func(*app.Config)) {
	w := newWorld(t, on)
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
