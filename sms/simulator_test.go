package sms

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/smssim"
	"otpravka/otpcore"
)

// simulated declares a provider that speaks like the simulator.
const simulated = `sms_providers:
  - id: sim
    number_format: e164
    secrets: {key: env:SMS_KEY}
    auth: {type: bearer, token: "{{secret.key}}"}
    request:
      method: POST
      url: "BASE/send"
      body: {type: json, fields: {to: "{{to}}", text: "{{text}}", ref: "{{msg_id}}", callback: "{{dlr_url}}"}}
    success: {http: [200], all: [{path: "$.status", equals: accepted}]}
    message_id: "$.id"
    errors: [{path: "$.error_code", equals: 7, class: bad_number}]
    dlr:
      accept: [POST]
      parse: json
      id: "$.id"
      reference: "$.ref"
      status: "$.status"
      map: {sent: [sent], delivered: [delivered], failed: [failed]}
`

// post is a callback endpoint that keeps what it reads.
type post struct {
	*httptest.Server
	gateway *Gateway

	mu       sync.Mutex
	receipts []otpcore.Receipt
}

func (p *post) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	receipts, reply, _ := p.gateway.Receipts(strings.TrimPrefix(r.URL.Path, "/callbacks/sms/"), r)
	p.mu.Lock()
	p.receipts = append(p.receipts, receipts...)
	p.mu.Unlock()
	w.WriteHeader(reply.Status)
}

// connect opens a gateway and a simulated provider that report to each other.
func connect(t *testing.T, reports smssim.Reports) (*smssim.Server, *post) {
	t.Helper()
	t.Setenv("SMS_KEY", "sim-key")
	sim := smssim.New(smssim.Options{Auth: smssim.Auth{Bearer: "sim-key"}, Reports: reports})
	t.Cleanup(sim.Close)
	base, err := sim.Listen()
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	p := new(post)
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	p.gateway, err = New(parsed(t, strings.ReplaceAll(simulated, "BASE", base)), Options{
		Logger: quiet(), CallbackKey: keyOf, CallbackURL: func(key string) string { return p.URL + "/callbacks/sms/" + key },
	})
	if err != nil {
		t.Fatalf("new gateway: %v", err)
	}
	t.Cleanup(p.gateway.Close)
	return sim, p
}

func TestSimulatedProviderDeliversAndReports(t *testing.T) {
	sim, p := connect(t, smssim.Reports{Words: []string{"delivered", "sent"}, Twice: true})
	o := outgoing()
	accepted, err := p.gateway.Send(t.Context(), o)
	if err != nil {
		t.Fatalf("send: %v", err)
	}
	m, err := sim.WaitSMS(t.Context(), o.Phone.E164(), smssim.HasCode())
	if err != nil || m.Text != o.Message.Text || m.ID != accepted.MessageID {
		t.Fatalf("arrived %+v, %v, want id %s", m, err, accepted.MessageID)
	}
	if err := sim.WaitPosted(t.Context(), 4); err != nil {
		t.Fatalf("reports: %v", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := map[otpcore.DeliveryStatus]int{}
	for _, r := range p.receipts {
		if r.Provider != "sim" || r.MessageID != accepted.MessageID || r.Reference != o.DeliveryID {
			t.Errorf("receipt is %+v", r)
		}
		seen[r.Status]++
	}
	if seen[otpcore.Delivered] != 2 || seen[otpcore.Sent] != 2 {
		t.Errorf("receipts are %v, want two of each", seen)
	}
	for _, report := range sim.Posted() {
		if report.Status != http.StatusOK {
			t.Errorf("report %s was answered %d", report.Word, report.Status)
		}
	}
}

func TestSimulatedFaultsAreTold(t *testing.T) {
	for name, c := range map[string]struct {
		rule  fault.Rule
		class otpcore.ErrorClass
		after time.Duration
		sent  int
	}{
		"error in a 200":        {fault.Rule{Body: `{"error_code":7}`, ContentType: "application/json"}, otpcore.ClassBadNumber, 0, 0},
		"gateway page":          {fault.Rule{Status: 502, Body: fault.GatewayPage(502)}, otpcore.ClassProviderDown, 0, 0},
		"throttled":             {fault.Rule{RetryAfter: 9 * time.Second}, otpcore.ClassThrottled, 9 * time.Second, 0},
		"cut before the effect": {fault.Rule{Drop: fault.DropBefore}, otpcore.ClassAmbiguous, 0, 0},
		"cut after the effect":  {fault.Rule{Drop: fault.DropAfter}, otpcore.ClassAmbiguous, 0, 1},
		"cut within the answer": {fault.Rule{Drop: fault.DropMidBody}, otpcore.ClassAmbiguous, 0, 1},
		"empty yes":             {fault.Rule{Empty: true, Processed: true}, otpcore.ClassAmbiguous, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			sim, p := connect(t, smssim.Reports{Never: true})
			sim.Fail(c.rule)
			o := outgoing()
			_, err := p.gateway.Send(t.Context(), o)
			if classOf(err) != c.class {
				t.Errorf("class is %s, want %s (%v)", classOf(err), c.class, err)
			}
			if e, ok := err.(*otpcore.SendError); ok && e.RetryAfter != c.after {
				t.Errorf("retry after %v, want %v", e.RetryAfter, c.after)
			}
			if n := len(sim.Inbox(o.Phone.E164())); n != c.sent || sim.CallCount() != 1 {
				t.Errorf("%d messages after %d calls, want %d after 1", n, sim.CallCount(), c.sent)
			}
		})
	}
}
