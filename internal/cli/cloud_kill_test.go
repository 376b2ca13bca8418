package cli_test

import (
	"context"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"otpravka/internal/sim/fault"
)

// TestKilledWhileMetaAnswers has a bot at Telegram that nobody linked to, and kills
// the server while Meta has the message and has not said so yet. The same code comes
// once more at most, and by SMS when nobody has typed it.
func TestKilledWhileMetaAnswers(t *testing.T) {
	t.Parallel()
	r := newReader(newPlace(t), "the kill", "")
	r.at = filepath.Join(r.dir, "work")
	r.open()
	const json = ` -H "Authorization: Bearer $LIVE_KEY" -H 'Content-Type: application/json' -d `
	r.act("the business has a bot")
	r.act("the business has a number at the WhatsApp Cloud API")
	r.run(`curl -s http://localhost:8080/v1/bots` + json + `'{"kind": "whatsapp_cloud", "token": "'$META_TOKEN'", "whatsapp": {"phone_number_id": "'$PHONE_NUMBER_ID'", "business_account_id": "'$BUSINESS_ACCOUNT_ID'", "app_secret": "'$APP_SECRET'"}}'`)
	r.act("the owner enters the address at Meta")
	r.again(`curl -s http://localhost:8080/v1/bots/$BOT -H "Authorization: Bearer $LIVE_KEY"`, `"state":"connected"`)

	r.graph.Fail(fault.Rule{Method: "messages", AnswerDelay: time.Hour})
	r.run(`curl -s http://localhost:8080/v1/verifications` + json + `'{"phone": "` + userPhone + `", "channels": ["telegram", "whatsapp", "sms"], "fallback_after": 10}'`)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	m, err := r.graph.WaitMessage(ctx, userPhone)
	r.ok(err)
	r.kill()
	r.act("the code arrives by SMS")
	if r.vars["CODE"] != m.Code {
		t.Error("another code came by SMS")
	}
	got := r.graph.Messages(userPhone)
	for _, again := range got {
		if again.Code != m.Code {
			t.Errorf("another code came over WhatsApp: %+v", again)
		}
	}
	if len(got) > 2 {
		t.Errorf("%d messages over WhatsApp", len(got))
	}
	r.run(`curl -s http://localhost:8080/v1/verifications/$ID/check` + json + `'{"code": "'$CODE'"}'`)
	if !strings.Contains(string(r.said), `"valid":true`) {
		t.Errorf("the code: %s", r.said)
	}
	r.run(`curl -s http://localhost:8080/v1/verifications/$ID -H "Authorization: Bearer $LIVE_KEY"`)
	for _, channel := range []string{`"channel":"whatsapp"`, `"channel":"sms"`} {
		if !strings.Contains(string(r.said), channel) {
			t.Errorf("no %s in %s", channel, r.said)
		}
	}
	r.ok(r.serving.end(t, syscall.SIGTERM))
}
