package telegramgatewaysim_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/telegramgatewaysim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	token = "AAEVFAAAjlGLoQsLVIzbrhTsYzC2TTW6RZVyiGkWPPiOWA"
	phone = "+77011234567"
)

type gateway struct {
	*telegramgatewaysim.Server
	testing.TB
	client *http.Client
}

func open(t *testing.T, opts telegramgatewaysim.Options) *gateway {
	t.Helper()
	g := &gateway{Server: telegramgatewaysim.New(opts), TB: t, client: &http.Client{Transport: &http.Transport{}}}
	if _, err := g.Listen(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		g.Close()
		g.client.CloseIdleConnections()
	})
	g.AddAccount(token, 0.015) // one message, and no second one
	return g
}

type answer struct {
	OK     bool            `json:"ok"`
	Error  string          `json:"error"`
	Result json.RawMessage `json:"result"`
}

func (g *gateway) call(method, token, body string) answer {
	g.Helper()
	r, err := http.NewRequestWithContext(g.Context(), "POST", g.URL()+"/"+method, strings.NewReader(body))
	if err != nil {
		g.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := g.client.Do(r)
	if err != nil {
		g.Fatal(err)
	}
	defer resp.Body.Close()
	var a answer
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		g.Fatal(err)
	}
	return a
}

func TestMessageAndItsEnd(t *testing.T) {
	g := open(t, telegramgatewaysim.Options{})
	a := g.call("sendVerificationMessage", token, `{"phone_number":"`+phone+`","code":"0482","ttl":45,"payload":"mine"}`)
	m, err := g.WaitMessage(t.Context(), phone)
	if err != nil || !a.OK || m.Code != "0482" || m.TTL != 45*time.Second || m.Payload != "mine" || !strings.Contains(string(a.Result), m.RequestID) {
		t.Fatalf("answered %+v, message %+v, %v", a, m, err)
	}
	if a := g.call("sendVerificationMessage", token, `{"phone_number":"`+phone+`","code":"0482"}`); a.Error != "BALANCE_NOT_ENOUGH" {
		t.Errorf("a message for nothing: %+v", a)
	}
	g.call("checkVerificationStatus", token, `{"request_id":"`+m.RequestID+`","code":"9999"}`)
	if got := g.Messages(phone)[0].Verification; got != "code_invalid" {
		t.Errorf("verification is %s", got)
	}
	if a := g.call("revokeVerificationMessage", token, `{"request_id":"`+m.RequestID+`"}`); !a.OK || g.Messages(phone)[0].Readable() {
		t.Errorf("not taken back: %+v", a)
	}
	if _, err := g.Report(t.Context(), m.RequestID, "delivered"); !errors.Is(err, telegramgatewaysim.ErrUnknownMessage) {
		t.Errorf("a report that nobody asked for: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	g := open(t, telegramgatewaysim.Options{})
	g.Leave("+77019999999")
	for _, tt := range []struct{ method, token, body, want string }{
		{"sendVerificationMessage", "", `{}`, "ACCESS_TOKEN_REQUIRED"},
		{"sendVerificationMessage", "nobody", `{}`, "ACCESS_TOKEN_INVALID"},
		{"sendVerificationMessage", token, `{"phone_number":"8701","code":"0482"}`, "PHONE_NUMBER_INVALID"},
		{"sendVerificationMessage", token, `{"phone_number":"+77019999999","code":"0482"}`, "PHONE_NUMBER_NOT_FOUND"},
		{"sendVerificationMessage", token, `{"phone_number":"` + phone + `","code":"048"}`, "CODE_INVALID"},
		{"sendVerificationMessage", token, `{"phone_number":"` + phone + `","code":"0482","ttl":29}`, "TTL_INVALID"},
		{"checkSendAbility", token, `{"phone_number":"+77019999999"}`, "PHONE_NUMBER_NOT_FOUND"},
		{"checkVerificationStatus", token, `{"request_id":"0"}`, "REQUEST_ID_INVALID"},
		{"revokeVerificationMessage", token, `{"request_id":"0"}`, "REQUEST_ID_INVALID"},
		{"sendOrder", token, `{}`, "UNKNOWN_METHOD"},
	} {
		if a := g.call(tt.method, tt.token, tt.body); a.OK || a.Error != tt.want {
			t.Errorf("%s %s: %+v, want %s", tt.method, tt.body, a, tt.want)
		}
	}
	g.Server.Fail(fault.Rule{Method: "checkSendAbility", Description: "FLOOD_WAIT_3", Status: 200})
	if a := g.call("checkSendAbility", token, `{}`); a.Error != "FLOOD_WAIT_3" {
		t.Errorf("the fault answered %+v", a)
	}
}

func TestReportsAreSignedAndRepeated(t *testing.T) {
	refusals := 2
	type seen struct {
		body   string
		header http.Header
	}
	got := make(chan seen, 8)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- seen{string(body), r.Header}
		if refusals > 0 {
			refusals--
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer receiver.Close()
	at := time.Unix(1_795_000_000, 0)
	g := open(t, telegramgatewaysim.Options{Retries: 10, Now: func() time.Time { return at }})
	g.call("sendVerificationMessage", token, `{"phone_number":"`+phone+`","code":"0482","callback_url":"`+receiver.URL+`"}`)
	m, err := g.WaitMessage(t.Context(), phone)
	if err != nil {
		t.Fatal(err)
	}
	if status, err := g.Report(context.Background(), m.RequestID, "expired"); status != http.StatusOK || err != nil {
		t.Fatalf("answered %d, %v", status, err)
	}
	for range 3 {
		s := <-got
		want := telegramgatewaysim.Sign(token, at, []byte(s.body))
		for _, name := range []string{"X-Request-Timestamp", "X-Request-Signature"} {
			if s.header.Get(name) != want.Get(name) || want.Get(name) == "" {
				t.Errorf("%s is %q", name, s.header.Get(name))
			}
		}
		if !strings.Contains(s.body, `"is_refunded":true`) || !strings.Contains(s.body, `"status":"expired"`) {
			t.Errorf("report is %s", s.body)
		}
	}
	if g.Messages(phone)[0].Readable() {
		t.Error("an expired message is readable")
	}
}

// The signature as Telegram documents it, computed with openssl:
// key = SHA-256("token"), message = "1700000000\n{}".
func TestSign(t *testing.T) {
	const want = "a6f7b186f2c81fbb136e942df4ed15e188e05de5a094289938a7c6293ee0b344"
	h := telegramgatewaysim.Sign("token", time.Unix(1_700_000_000, 0), []byte("{}"))
	if got := h.Get("X-Request-Signature"); got != want {
		t.Errorf("signature is %s, want %s", got, want)
	}
}
