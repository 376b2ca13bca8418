//go:build !nowhatsmeow

package cli_test

import (
	"context"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/whatsappsim"
)

// TestKilledWithADevice kills the server while WhatsApp has its message and has
// not said so yet, and again before the customer writes. Nobody links anything
// anew, the customer sees one message, and what came in meanwhile is heard.
func TestKilledWithADevice(t *testing.T) {
	t.Parallel()
	r := newReader(newPlace(t), "the kill", "")
	r.at = filepath.Join(r.dir, "work")
	r.open()
	const json = ` -H "Authorization: Bearer $LIVE_KEY" -H 'Content-Type: application/json' -d `
	r.run(`curl -s http://localhost:8080/v1/bots` + json + `'{"kind": "whatsapp_device"}'`)
	r.run(`curl -s http://localhost:8080/v1/bots/$BOT/pairing` + json + `'{"accept_terms": true}'`)
	r.act("the owner scans the code")
	start := `curl -s http://localhost:8080/v1/verifications` + json + `'{"phone": "` + userPhone + `", "channels": ["whatsapp"], "when_unlinked": "wait"}'`
	r.run(start)
	r.act("the customer follows the WhatsApp link")
	first := r.vars["CODE"]
	user, shop := r.whatsApp.user, r.whatsApp.shop
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, err := user.WaitMessage(ctx, func(m whatsappsim.Message) bool { return strings.Contains(m.Text, "arrive in this chat") })
	r.ok(err) // or it would be the one whose answer is held up

	r.whatsApp.server.Fail(fault.Rule{Method: "message", Target: user.Number(), AnswerDelay: time.Hour})
	r.run(start)
	code := regexp.MustCompile(`\b[0-9]{6}\b`)
	m, err := user.WaitMessage(ctx, func(m whatsappsim.Message) bool {
		found := code.FindString(m.Text)
		return m.From == shop.Number() && found != "" && found != first
	})
	r.ok(err)
	r.kill()
	r.vars["CODE"] = code.FindString(m.Text)
	r.again(`curl -s http://localhost:8080/v1/verifications/$ID -H "Authorization: Bearer $LIVE_KEY"`, `"status":"read"`)
	n := 0
	for _, shown := range user.Messages() {
		if strings.Contains(shown.Text, r.vars["CODE"]) {
			n++
		}
	}
	if n != 1 {
		t.Errorf("the customer sees the code %d times", n)
	}
	r.run(`curl -s http://localhost:8080/v1/verifications/$ID/check` + json + `'{"code": "'$CODE'"}'`)
	if !strings.Contains(string(r.said), `"valid":true`) {
		t.Errorf("the code: %s", r.said)
	}

	r.ok(r.serving.end(t, syscall.SIGTERM))
	_, err = user.Write(shop, "СТОП")
	r.ok(err)
	r.serving = watch(r, r.shell("exec ./otpravka serve"))
	r.again(`curl -s http://localhost:8080/v1/phones/lookup`+json+`'{"phone": "`+userPhone+`"}'`, `"status":"revoked"`)
	r.ok(r.serving.end(t, syscall.SIGTERM))
}
