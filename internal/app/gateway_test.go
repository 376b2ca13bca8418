package app_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"otpravka/internal/app"
	"otpravka/internal/sim/telegramgatewaysim"
)

const gatewayToken = "AAEVFAAAjlGLoQsLVIzbrhTsYzC2TTW6RZVyiGkWPPiOWA"

// withGateway starts a world around a simulated Telegram Gateway, with a shop
// that has an account there.
func withGateway(t *testing.T, on func(*app.Config)) (*shop, *telegramgatewaysim.Server) {
	t.Helper()
	gw := telegramgatewaysim.New(telegramgatewaysim.Options{})
	base, err := gw.Listen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(gw.Close)
	gw.AddAccount(gatewayToken, 1)
	w := newWorld(t, on, func(cfg *app.Config) { cfg.TelegramGatewayAPI = base })
	s := w.business("Shop")
	s.addGateway(gatewayToken)
	return s, gw
}

type botAnswer struct {
	ID    string `json:"id"`
	Kind  string `json:"kind"`
	State string `json:"state"`
	URL   string `json:"url"`
}

func (s *shop) addGateway(token string) botAnswer {
	s.Helper()
	var b botAnswer
	s.ask("POST", "/v1/bots", fields{"kind": "telegram_gateway", "token": token}).into(s, http.StatusCreated, &b)
	s.until("the gateway is connected", func() bool {
		s.ask("GET", "/v1/bots/"+b.ID, nil).into(s, http.StatusOK, &b)
		return b.State == "connected"
	})
	return b
}

// priced is what deliveries cost.
type priced struct {
	Deliveries []struct {
		Provider string            `json:"provider"`
		Cost     map[string]string `json:"cost"`
		Refunded bool              `json:"refunded"`
		ReadAt   string            `json:"read_at"`
	} `json:"deliveries"`
}

func TestTelegramGateway(t *testing.T) { eachDatabase(t, telegramGateway) }

func telegramGateway(t *testing.T, on func(*app.Config)) {
	s, gw := withGateway(t, on)
	v := s.begin(fields{"phone": goodPhone, "channels": []string{"telegram", "sms"}, "fallback_on": "undelivered", "fallback_after": 40})
	if v.Links["telegram"] != "" {
		t.Errorf("offers to link at a bot that nobody can write to: %v", v.Links)
	}
	m, err := gw.WaitMessage(s.ctx(), goodPhone)
	s.must(err)
	if m.TTL < 35*time.Second || m.TTL > 40*time.Second || m.Payload == "" {
		t.Errorf("message is %+v", m)
	}
	s.settled(v.ID, "telegram:sent")
	if s.get(v.ID).FallbackAt == "" {
		t.Error("the clock has stopped before the report")
	}
	for _, word := range []string{"delivered", "read", "delivered"} {
		if status, err := gw.Report(s.ctx(), m.RequestID, word); err != nil || status != http.StatusOK {
			t.Fatalf("report %s: answered %d, %v", word, status, err)
		}
	}
	if got := s.settled(v.ID, "telegram:read"); got.FallbackAt != "" || got.happened("delivery.delivered") != 1 || got.happened("delivery.read") != 1 {
		t.Errorf("after the report: fallback at %q, timeline %+v", got.FallbackAt, got.Timeline)
	}
	var p priced
	s.ask("GET", "/v1/verifications/"+v.ID, nil).into(s, http.StatusOK, &p)
	if d := p.Deliveries[0]; d.Provider != "telegram_gateway" || d.Cost["amount"] != "0.01" || d.Cost["currency"] != "USD" || d.Refunded || d.ReadAt == "" {
		t.Errorf("delivery is %+v", d)
	}
	if c := s.check(v.ID, fields{"code": m.Code}); !c.Valid {
		t.Fatalf("the code was refused: %s", c.Reason)
	}
	_, err = gw.WaitFor(s.ctx(), goodPhone, func(m telegramgatewaysim.Message) bool { return m.Verification == "code_valid" })
	s.must(err)
	if n := len(gw.Calls("revokeVerificationMessage")); n != 0 {
		t.Error("a message that was read is taken back")
	}
	if n := len(gw.Calls("checkSendAbility")); n != 0 {
		t.Errorf("%d numbers were probed", n)
	}
	if logs := s.logs.String(); strings.Contains(logs, gatewayToken) || strings.Contains(logs, m.Code) {
		t.Error("a secret is in the log")
	}
}

func TestGatewayMessageIsTakenBackAtTheEnd(t *testing.T) {
	t.Parallel()
	s, gw := withGateway(t, func(*app.Config) {})
	v := s.begin(fields{"phone": goodPhone})
	m, err := gw.WaitMessage(s.ctx(), goodPhone)
	s.must(err)
	s.settled(v.ID, "telegram:sent")
	s.cancel(v.ID)
	taken, err := gw.WaitFor(s.ctx(), goodPhone, func(m telegramgatewaysim.Message) bool { return !m.Readable() })
	s.must(err)
	if taken.RequestID != m.RequestID || taken.Verification != "" {
		t.Errorf("message is %+v", taken)
	}
}

func TestGatewayThatDoesNotDeliverLeavesItToSMS(t *testing.T) { eachDatabase(t, gatewayRefund) }

func gatewayRefund(t *testing.T, on func(*app.Config)) {
	s, gw := withGateway(t, on)
	v := s.begin(fields{"phone": goodPhone})
	m, err := gw.WaitMessage(s.ctx(), goodPhone)
	s.must(err)
	s.settled(v.ID, "telegram:sent")
	begun := time.Now()
	if status, err := gw.Report(s.ctx(), m.RequestID, "expired"); err != nil || status != http.StatusOK {
		t.Fatalf("answered %d, %v", status, err)
	}
	if sms := s.waitSMS(goodPhone).Code(); sms != m.Code || time.Since(begun) > 20*time.Second {
		t.Errorf("another code came by SMS, or the same one late")
	}
	s.settled(v.ID, "telegram:failed sms:delivered")
	var p priced
	s.ask("GET", "/v1/verifications/"+v.ID, nil).into(s, http.StatusOK, &p)
	if d := p.Deliveries[0]; d.Cost["amount"] != "0.01" || !d.Refunded {
		t.Errorf("delivery is %+v", d)
	}
	// A phone that is not on Telegram refuses the send, and costs nothing.
	const elsewhere = "+77011234599"
	gw.Leave(elsewhere)
	w := s.begin(fields{"phone": elsewhere})
	got := s.settled(w.ID, "telegram:failed sms:delivered")
	if got.Deliveries[0].Error["kind"] != "unreachable" {
		t.Errorf("delivery is %+v", got.Deliveries[0])
	}
}

func TestLinkedChatGoesBeforeTheGateway(t *testing.T) {
	t.Parallel()
	s, gw := withGateway(t, func(*app.Config) {})
	s.addBot(1)
	anna := s.link(goodPhone)
	v := s.begin(fields{"phone": goodPhone})
	if v.Links["telegram"] == "" {
		t.Error("offers no link at the shop's own bot")
	}
	old := s.inChat(anna).Code()
	if got := gw.Messages(goodPhone); len(got) != 0 {
		t.Errorf("the gateway carried %+v", got)
	}
	anna.Block(s.bot)
	s.until("the link is inactive", func() bool {
		var p struct{ Links []struct{ Status string } }
		s.ask("POST", "/v1/phones/lookup", fields{"phone": goodPhone}).into(s, http.StatusOK, &p)
		return len(p.Links) == 1 && p.Links[0].Status == "inactive"
	})
	s.begin(fields{"phone": goodPhone})
	m, err := gw.WaitMessage(s.ctx(), goodPhone)
	s.must(err)
	if m.Code == old {
		t.Error("two verifications share a code")
	}
}

func TestGatewayIsLimitedToItsTexts(t *testing.T) {
	t.Parallel()
	s, gw := withGateway(t, func(*app.Config) {})
	for name, f := range map[string]fields{
		"a payment":        {"template": "payment", "context": fields{"amount": fields{"amount": "10.00", "currency": "KZT"}, "payee": "Anna"}},
		"a long code":      {"code_length": 10},
		"a document":       {"template": "document_access"},
		"a country beyond": {"phone": "+79161234567"},
	} {
		asked := fields{"phone": goodPhone, "channels": []string{"telegram"}}
		for k, v := range f {
			asked[k] = v
		}
		if a := s.ask("POST", "/v1/verifications", asked); a.status != http.StatusUnprocessableEntity || a.code != "no_channel" {
			t.Errorf("%s: answered %d %s", name, a.status, a.body)
		}
	}
	if a := s.ask("POST", "/v1/links", fields{"phone": goodPhone, "channel": "telegram"}); a.code != "no_bot" {
		t.Errorf("a link was answered %d %s", a.status, a.body)
	}
	if n := len(gw.Calls("sendVerificationMessage")); n != 0 {
		t.Errorf("%d messages", n)
	}
}

func TestBusinessHasOneGateway(t *testing.T) {
	t.Parallel()
	s, gw := withGateway(t, func(*app.Config) {})
	const next = "AAEVFAAAthe-next-token-of-the-same-account-WW"
	gw.AddAccount(next, 1)
	var list struct{ Items []botAnswer }
	s.ask("GET", "/v1/bots", nil).into(s, http.StatusOK, &list)
	replaced := s.addGateway(next)
	if len(list.Items) != 1 || replaced.ID != list.Items[0].ID || replaced.Kind != "telegram_gateway" || replaced.URL != "" {
		t.Errorf("had %+v, replaced by %+v", list.Items, replaced)
	}
	gw.DropAccount(gatewayToken)
	s.begin(fields{"phone": goodPhone})
	_, err := gw.WaitMessage(s.ctx(), goodPhone)
	s.must(err)
	other := s.business("Other") // may pay from the same account
	if b := other.addGateway(next); b.ID == replaced.ID {
		t.Error("two businesses share a bot")
	}
	if a := s.ask("DELETE", "/v1/bots/"+replaced.ID, nil); a.status != http.StatusNoContent {
		t.Errorf("removal was answered %d", a.status)
	}
	s.begin(fields{"phone": "+77011234599"})
	s.waitSMS("+77011234599")
}

// TestT24GatewayReportsOverHTTP posts reports that prove nothing, and looks
// whether anything was stored.
func TestT24GatewayReportsOverHTTP(t *testing.T) { eachDatabase(t, gatewayForgeries) }

func gatewayForgeries(t *testing.T, on func(*app.Config)) {
	s, gw := withGateway(t, on)
	const foreignToken = "AAEVFAAAtoken-of-a-business-that-forges-reports"
	gw.AddAccount(foreignToken, 1)
	foreign := s.business("Forger")
	foreign.addGateway(foreignToken)

	v := s.begin(fields{"phone": goodPhone})
	m, err := gw.WaitMessage(s.ctx(), goodPhone)
	s.must(err)
	s.settled(v.ID, "telegram:sent")
	foreign.begin(fields{"phone": "+77011234599"})
	theirs, err := gw.WaitMessage(s.ctx(), "+77011234599")
	s.must(err)

	body := `{"request_id":"` + m.RequestID + `","request_cost":9,"is_refunded":true,"delivery_status":{"status":"read","updated_at":1},"payload":"` + m.Payload + `"}`
	signed := func(token string) http.Header { return telegramgatewaysim.Sign(token, time.Now(), []byte(body)) }
	for _, tt := range []struct {
		name    string
		address string
		header  http.Header
		status  int
	}{
		{"unsigned", m.Callback, http.Header{}, 401},
		{"signed by another business", m.Callback, signed(foreignToken), 401},
		{"at an address that is not there", m.Callback + "x", signed(gatewayToken), 404},
		{"without a key", m.Callback[:strings.LastIndex(m.Callback, "/")+1], signed(gatewayToken), 404},
		{"old", m.Callback, telegramgatewaysim.Sign(gatewayToken, time.Now().Add(-time.Hour), []byte(body)), 401},
		{"another business's own report on it", theirs.Callback, signed(foreignToken), 200},
	} {
		req, err := http.NewRequestWithContext(s.ctx(), "POST", tt.address, bytes.NewReader([]byte(body)))
		s.must(err)
		req.Header = tt.header
		res, err := s.http.Do(req)
		s.must(err)
		s.must(res.Body.Close())
		if res.StatusCode != tt.status {
			t.Errorf("%s: answered %d, want %d", tt.name, res.StatusCode, tt.status)
		}
	}
	got := s.settled(v.ID, "telegram:sent")
	var p priced
	s.ask("GET", "/v1/verifications/"+v.ID, nil).into(s, http.StatusOK, &p)
	if got.happened("delivery.read") != 0 || p.Deliveries[0].Cost["amount"] != "0.01" || p.Deliveries[0].Refunded {
		t.Errorf("a forged report was believed: %+v", p.Deliveries[0])
	}
}
