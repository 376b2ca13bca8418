package telegramgateway

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // what a report must not be signed with
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"otpravka/bot"
	"otpravka/internal/sim/telegramgatewaysim"
	"otpravka/otpcore"
)

const (
	delivery = "dlv_01kpx3q8e5f1ttgq0g7m9y2c4d"
	key      = "key-of-bot_a"
)

func body(status string, extra string) string {
	return fmt.Sprintf(`{"request_id":"r42","phone_number":"77011234567","request_cost":0.01,`+
		`"delivery_status":{"status":%q,"updated_at":%d},"payload":%q%s}`, status, now.Add(-time.Second).Unix(), delivery, extra)
}

// report hands a report in and returns the answer's status.
func (a *account) report(key, method, body string, header http.Header) ([]otpcore.Receipt, int) {
	a.Helper()
	r := httptest.NewRequestWithContext(a.Context(), method, "/callbacks/"+key, strings.NewReader(body))
	r.Header = header
	receipts, status, err := a.factory.Receipts(key, r)
	if (err == nil) != (status == http.StatusOK) {
		a.Errorf("answered %d with error %v", status, err)
	}
	if err != nil && (strings.Contains(err.Error(), goodToken) || key != "" && strings.Contains(err.Error(), key)) {
		a.Errorf("the error tells too much: %v", err)
	}
	return receipts, status
}

func TestReports(t *testing.T) {
	a := newAccount(t, "https://otp.example/")
	at := now.Add(-time.Second).Truncate(time.Second)
	for _, tt := range []struct {
		status, extra string
		want          otpcore.DeliveryStatus
		class         otpcore.ErrorClass
		refunded      bool
	}{
		{"sent", "", otpcore.Sent, "", false},
		{"delivered", "", otpcore.Delivered, "", false},
		{"read", `,"verification_status":{"status":"expired","updated_at":1}`, otpcore.Read, "", false},
		{"expired", `,"is_refunded":true`, otpcore.FailedDlv, otpcore.ClassUnreachable, true},
		{"revoked", "", "", "", false},
		{"a word of next year", "", "", "", false},
	} {
		b := body(tt.status, tt.extra)
		got, status := a.report(key, "POST", b, telegramgatewaysim.Sign(goodToken, now, []byte(b)))
		if status != http.StatusOK || len(got) != 1 {
			t.Fatalf("%s: answered %d with %d receipts", tt.status, status, len(got))
		}
		r := got[0]
		if !r.At.Equal(at) {
			t.Errorf("%s: at %s", tt.status, r.At)
		}
		r.At = time.Time{}
		want := otpcore.Receipt{
			Provider: "telegram_gateway", MessageID: "r42", Reference: delivery, BotID: "bot_a", Status: tt.want, Class: tt.class,
			Cost: otpcore.Cost{Money: otpcore.Money{Amount: "0.01", Currency: "USD"}, Refunded: tt.refunded},
		}
		if r != want {
			t.Errorf("%s: receipt is %+v, want %+v", tt.status, r, want)
		}
	}
}

func TestReportsOfNothingOfOurs(t *testing.T) {
	a := newAccount(t, "https://otp.example/")
	for _, b := range []string{`{}`, `{"request_id":"r42"}`, `{"request_id":"r42","payload":"ours"}`, `{"payload":"` + delivery + `"}`} {
		got, status := a.report(key, "POST", b, telegramgatewaysim.Sign(goodToken, now, []byte(b)))
		if status != http.StatusOK || len(got) != 0 {
			t.Errorf("%s: answered %d with %+v", b, status, got)
		}
	}
	if got, status := a.report(key, "POST", `[1]`, telegramgatewaysim.Sign(goodToken, now, []byte(`[1]`))); status != 400 || len(got) != 0 {
		t.Errorf("no report at all: answered %d", status)
	}
}

// TestT24ForgedGatewayReports hands in what a stranger, another business or an
// eavesdropper could.
func TestT24ForgedGatewayReports(t *testing.T) {
	a := newAccount(t, "https://otp.example/")
	const otherToken = "AAEVFAAAanother-business-and-its-token-RZVyiGk"
	a.connect("bot_b", otherToken)
	b := body("delivered", "")
	good := func() http.Header { return telegramgatewaysim.Sign(goodToken, now, []byte(b)) }
	with := func(name string, values ...string) http.Header {
		h := good()
		h[name] = values
		return h
	}
	signature := good().Get(headerSignature)
	weak := hmac.New(sha1.New, []byte(goodToken))
	weak.Write([]byte(b))
	for _, tt := range []struct {
		name   string
		key    string
		body   string
		header http.Header
		status int
	}{
		{"no signature", key, b, with(headerSignature), 401},
		{"empty signature", key, b, with(headerSignature, ""), 401},
		{"half a signature", key, b, with(headerSignature, signature[:32]), 401},
		{"a signature and more", key, b, with(headerSignature, signature+"00"), 401},
		{"no hex", key, b, with(headerSignature, strings.Repeat("zz", 32)), 401},
		{"sha1", key, b, with(headerSignature, hex.EncodeToString(weak.Sum(nil))), 401},
		{"two signatures", key, b, with(headerSignature, signature, signature), 401},
		{"two times", key, b, with(headerTime, good().Get(headerTime), good().Get(headerTime)), 401},
		{"no time", key, b, with(headerTime), 401},
		{"no number for a time", key, b, with(headerTime, "now"), 401},
		{"another time", key, b, with(headerTime, fmt.Sprint(now.Unix()+1)), 401},
		{"old", key, b, telegramgatewaysim.Sign(goodToken, now.Add(-6*time.Minute), []byte(b)), 401},
		{"from the future", key, b, telegramgatewaysim.Sign(goodToken, now.Add(6*time.Minute), []byte(b)), 401},
		{"another body", key, body("read", ""), good(), 401},
		{"another business's token", key, b, telegramgatewaysim.Sign(otherToken, now, []byte(b)), 401},
		{"at another business's address", "key-of-bot_b", b, good(), 401},
		{"signed with nothing", key, b, telegramgatewaysim.Sign("", now, []byte(b)), 401},
		{"unknown address", "key-of-bot_c", b, good(), 404},
		{"no address", "", b, good(), 404},
		{"part of an address", key[:5], b, good(), 404},
		{"too large", key, strings.Repeat("x", maxReport+1), good(), 413},
	} {
		if got, status := a.report(tt.key, "POST", tt.body, tt.header); status != tt.status || len(got) != 0 {
			t.Errorf("%s: answered %d with %+v, want %d", tt.name, status, got, tt.status)
		}
	}
	for _, method := range []string{"GET", "PUT"} {
		if got, status := a.report(key, method, b, good()); status != 405 || len(got) != 0 {
			t.Errorf("%s: answered %d", method, status)
		}
	}
	// The other business's own report stays one about its own bot.
	got, status := a.report("key-of-bot_b", "POST", b, telegramgatewaysim.Sign(otherToken, now, []byte(b)))
	if status != 200 || len(got) != 1 || got[0].BotID != "bot_b" {
		t.Errorf("answered %d with %+v", status, got)
	}
	if got, status := a.report(key, "POST", b, good()); status != 200 || len(got) != 1 {
		t.Errorf("a true report: answered %d with %d receipts", status, len(got))
	}
}

// A fallen account takes reports of what it has sent for as long as it is
// registered, and none once it was removed.
func TestRemovedAccountTakesNoReports(t *testing.T) {
	a := newAccount(t, "https://otp.example/")
	fallen := a.connect("bot_a", "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY")
	if _, fell := errors.AsType[*bot.Fall](fallen.Run(t.Context())); !fell {
		t.Fatal("a token that nobody knows is accepted")
	}
	b := body("delivered", "")
	signed := telegramgatewaysim.Sign("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY", now, []byte(b))
	if got, status := a.report(key, "POST", b, signed); status != 200 || len(got) != 1 {
		t.Errorf("a report to a fallen account: answered %d", status)
	}
	a.must(fallen.Forget(t.Context()))
	if _, status := a.report(key, "POST", b, signed); status != 404 {
		t.Errorf("a report to a removed account: answered %d", status)
	}
}
