package app_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"otpravka/internal/app"
	"otpravka/internal/sim/smssim"
)

// TestF36KeyRemovedTooSoon puts a new master key in front, starts codes under
// it, and takes it away again.
func TestF36KeyRemovedTooSoon(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(cfg *app.Config) { cfg.Rules.Cooldowns = []time.Duration{time.Millisecond} })
	for _, phone := range []string{"+77010000001", "+77010000002"} {
		w.sms.ReportsFor(phone, smssim.Reports{Never: true})
	}
	by := w.business("Shop")
	w.stop()
	old, err := os.ReadFile(w.cfg.MasterKeyFile)
	w.must(err)
	const newer = "HxECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
	w.must(os.WriteFile(w.cfg.MasterKeyFile, append([]byte(newer), old...), 0o600))
	w.start()
	checkedOnly := by.begin(fields{"phone": "+77010000001", "channels": []string{"sms"}})
	code := w.waitSMS("+77010000001").Code()
	by.settled(checkedOnly.ID, "sms:sent")
	resent := by.begin(fields{"phone": "+77010000002", "channels": []string{"sms"}})
	w.waitSMS("+77010000002")
	by.settled(resent.ID, "sms:sent")
	w.stop()
	w.must(os.WriteFile(w.cfg.MasterKeyFile, old, 0o600))
	w.start()
	if c := by.check(checkedOnly.ID, fields{"code": code}); c.Valid || c.Reason != "expired" {
		t.Errorf("the code of a key that is gone: %+v", c)
	}
	because := ""
	for _, entry := range by.get(checkedOnly.ID).Timeline {
		because += entry.Data["because"]
	}
	if because != "key_gone" {
		t.Errorf("the timeline says because %q", because)
	}
	if alert := "a code's master key is not in the ring"; !strings.Contains(w.logs.String(), alert) || !strings.Contains(w.logs.String(), checkedOnly.ID) {
		t.Error("the log does not say that a key is missing")
	}
	before := len(w.sms.Inbox("+77010000002"))
	by.ask("POST", "/v1/verifications/"+resent.ID+"/resend", fields{})
	w.until("the resend is refused", func() bool { return by.get(resent.ID).happened("delivery.failed") > 0 })
	if n := len(w.sms.Inbox("+77010000002")); n != before {
		t.Errorf("%d messages left without the key of their code", n-before)
	}
	fresh := by.begin(fields{"phone": "+77010000003", "channels": []string{"sms"}})
	if c := by.check(fresh.ID, fields{"code": w.waitSMS("+77010000003").Code()}); !c.Valid {
		t.Errorf("a new code under the old key: %+v", c)
	}
}
